"""model-operator: models on remote inference providers, from Kubernetes YAML."""

__version__ = "0.1.0"
