"""``srm serve``: a student behind the chat interface that other programs already speak."""
