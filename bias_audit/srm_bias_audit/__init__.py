"""Assess bias: counterfactual twins, injected suggestions, paired statistics, three outcomes."""
