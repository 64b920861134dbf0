"""A small suite of general ability of our own making (Apache-2.0, like the code): what specializing may cost."""
