"""Routers and experts of a model in training: where they are, what they decide, how they are balanced and chosen."""
