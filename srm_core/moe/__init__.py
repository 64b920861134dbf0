"""Mixtures of experts: made from dense models, watched, balanced, trained in part. One method a file."""
