"""The forward pass of a decoder: the compiled one of `cpu`, and the plain one of `reference` it is tested against."""
