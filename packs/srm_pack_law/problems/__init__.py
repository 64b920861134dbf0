"""One file a kind of problem."""
