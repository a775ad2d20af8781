"""Events of a provider, received over HTTP: each is a hint to look, and never a fact."""
