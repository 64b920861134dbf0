"""For authors of packs and plugins: conformance checks, pytest fixtures and small fakes."""
