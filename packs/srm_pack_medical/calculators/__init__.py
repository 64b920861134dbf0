"""Clinical calculators: formulas, scores and unit conversions as problems whose gold is computed."""
