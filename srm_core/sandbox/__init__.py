"""One launcher for all code that a model wrote. `launcher.Sandbox` runs it, `values.compare` judges what came back."""
