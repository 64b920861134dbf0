"""The kinds of problems, one a file."""
