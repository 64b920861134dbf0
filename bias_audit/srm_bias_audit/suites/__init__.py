"""Published bias benchmarks: read in their own formats, asked of a model, scored by their papers' equations."""
