"""One module a kind of problem."""
