"""Seeded chance: the same seed and purpose give the same draws, whatever else is drawn elsewhere."""

from random import Random


def seeded(*purpose: object) -> Random:
    """A source of chance for one purpose, e.g. ``seeded(seed, "faults")``."""
    return Random("/".join(map(str, purpose)))  # noqa: S311 - nothing drawn here is a secret
