"""Invented companies, their statements, and what is computed from the lines."""
