"""Cleaning of documents: duplicates, personal data, secrets, planted instructions, evaluation texts."""
