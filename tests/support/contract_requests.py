"""Every request of an adapter."""


def operations(provider, id):
    """Every request that an adapter makes, by name."""
    return {
        "list": provider.list,
        "get": lambda: provider.get(id),
        "update": lambda: provider.update(id, {"replicas": 2}, frozenset()),
        "delete": lambda: provider.delete(id, force=False),
    }
