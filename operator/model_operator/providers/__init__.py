"""The vendors. A new one is a module here, a line in `registry.PROVIDERS` and a block in the models."""
