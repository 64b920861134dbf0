"""The astronomy pack: problems with executable keys about the sky, its objects and their physics."""
