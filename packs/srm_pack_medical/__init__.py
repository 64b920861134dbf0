"""The medical pack: problems with executable keys about codes, phenotypes, drugs and calculators."""
