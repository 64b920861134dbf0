"""Formulas of astronomy: what a prompt shows, how they are worked, and the values they give."""
