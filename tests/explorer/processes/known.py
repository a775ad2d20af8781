"""Faults of the product that are known and not mended yet: the moves that show them are left out, by name.

Each is found again by taking its line out. The list is empty when every known fault is mended.
"""

KNOWN: dict[str, str] = {}


def is_known(name: str) -> bool:
    """Whether moves that show it are left out."""
    return name in KNOWN
