"""The domain's corpus and graph: reading, storing, searching, asking and citing them."""
