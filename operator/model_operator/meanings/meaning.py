"""The form of an explanation."""

from typing import NamedTuple


class Meaning(NamedTuple):
    """For people: what a reason says, and what they can do about it (empty where there is nothing to do)."""

    meaning: str
    remedy: str = ""
