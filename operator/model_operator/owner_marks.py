"""The owner mark: `<installation>/<namespace>/<name>`, which a deployment carries where the provider has tags. Pure.

It says of which cluster and object a deployment is. A name is not unique in time, so a mark alone decides nothing: by it an
object finds what it had in a former life, and only if the mark's UID is no living object's.
"""

from typing import Final, NamedTuple, Self

_LIMIT: Final = 256
"""As long as a tag's value may be."""


class OwnerMark(NamedTuple):
    installation: str
    namespace: str
    name: str

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """None: there is none, it is not of this form, or it may have lost its end."""
        parts = (text or "").split("/")
        if len(parts) != len(cls._fields) or not all(parts) or len(text or "") >= _LIMIT:
            return None
        return cls(*parts)

    def written(self) -> str:
        """As long as a tag's value may be: where the name does not fit, its beginning."""
        return "/".join(self)[:_LIMIT]
