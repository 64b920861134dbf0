"""Formulas of one money flow or many, of bonds and of options, and the problems made from them."""
