"""`srm compare`: several builds on the same held-out problems, side by side."""
