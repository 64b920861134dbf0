"""A kit for kinds whose gold is a formula: tables, draws, worked solutions, problems, and the reader of answers."""
