"""Faults of the product that are known and not mended yet: the moves that show them are left out, by name.

Each is found again by taking its line out. Issue "Keep the promises" empties this list.
"""

KNOWN: dict[str, str] = {
    "C1": "an API that answers 404 for everything is taken for the proof that all is gone",
    "C2": "an edit of what a GET need not show, made before the id is recorded, counts as applied",
    "M8": "deletionPolicy Orphan, set while a DELETE waits for its turn, does not stop it",
    "orphan event": "the finalizer goes before the API server has the Event that names the orphan",
}


def is_known(name: str) -> bool:
    """Whether moves that show it are left out."""
    return name in KNOWN
