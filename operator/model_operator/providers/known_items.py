"""Items of a LIST that have not changed since the LIST before are not read again.

A quick poll shows the same thousand deployments every two seconds, and reading one takes a hundred times longer than to
see that it is the same.
"""

import marshal
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

from model_operator.domain import Remote

_FORMAT: Final = 2
"""Of `marshal`: the last one in which the same value is always the same bytes."""

Read = Callable[[Any], Remote]


class KnownItems:
    """What was made of the items of the last LIST, by their contents."""

    def __init__(self) -> None:
        self._made: Mapping[bytes, Remote] = {}
        self._secrets = 0

    def reading(self, read: Read, *, secrets: int) -> Read:
        """`read`, for the items of one LIST.

        `secrets` is how many a provider's words are cleaned of: what was read when there were fewer is read again.
        """
        before = self._made if self._secrets == secrets else {}
        made: dict[bytes, Remote] = {}
        self._made, self._secrets = made, secrets

        def one(item: Any) -> Remote:
            contents = _contents(item)
            made[contents] = remote = before.get(contents) or read(item)
            return remote

        return one


def _contents(item: Any) -> bytes:
    return blake2b(marshal.dumps(item, _FORMAT), digest_size=16).digest()
