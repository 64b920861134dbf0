"""The code pack: reading, tracing, repairing and writing small Python programs."""
