"""Models behind an API: one way to call a provider, and one file for each provider."""
