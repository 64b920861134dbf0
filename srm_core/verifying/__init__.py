"""Measures verifiers: wrong answers they accept, right answers they refuse, and a search for what can be exploited."""
