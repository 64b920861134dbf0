"""Problems from any graph that a mapping file describes: paths, sets, counts, exceptions, analogies."""
