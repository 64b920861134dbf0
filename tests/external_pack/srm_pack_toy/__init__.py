"""Doubling and adding small numbers."""
