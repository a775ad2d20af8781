"""The only import of Kopf: the names of it that are used here, public and private.

The private ones (`_`) may move with any release, so that `pyproject.toml` pins the minor version and
tests/engine/test_kopf_names.py says what is expected of each.
"""

from model_operator.loading import absent

with absent("kubernetes.client"):  # Kopf would let handlers have its objects; a body is enough for ours
    from kopf import (
        ConnectionInfo,
        OperatorRegistry,
        OperatorSettings,
        RawEvent,
        on,
        run_tasks,
        spawn_tasks,
    )
    from kopf._cogs.clients.watching import Bookmark, infinite_watch
    from kopf._cogs.structs.references import NamespaceName, Resource

__all__ = [
    "Bookmark",
    "ConnectionInfo",
    "NamespaceName",
    "OperatorRegistry",
    "OperatorSettings",
    "RawEvent",
    "Resource",
    "infinite_watch",
    "on",
    "run_tasks",
    "spawn_tasks",
]
