"""The custom resources as frozen pydantic models: the source of `crds/*.yaml`."""
