"""A student in the file formats of other engines, each checked against the checkpoint it was made from."""
