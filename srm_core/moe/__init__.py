"""Mixtures of experts: made from dense models and from several students, adapted, measured. One method a file."""
