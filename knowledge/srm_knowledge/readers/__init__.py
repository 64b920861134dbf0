"""Readers of corpus files, one format a file. Each turns decoded text into titles, blocks and definitions."""
