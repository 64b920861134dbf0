"""Problems with executable keys, one kind a file."""
