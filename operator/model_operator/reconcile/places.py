"""Which objects of which kind are in a namespace, for what concerns all of them."""

from dataclasses import dataclass, field

from model_operator.domain import BUDGET, DEPLOYMENT, Key

_KINDS = frozenset({BUDGET, DEPLOYMENT})


@dataclass(slots=True)
class Places:
    """Of the kinds that are asked for by namespace."""

    _keys: dict[tuple[str, str], dict[Key, None]] = field(default_factory=dict)

    def add(self, key: Key) -> None:
        if key.kind in _KINDS:
            self._keys.setdefault((key.kind, key.namespace), {})[key] = None

    def remove(self, key: Key) -> None:
        place = key.kind, key.namespace
        if key in self._keys.get(place, {}):
            del self._keys[place][key]
            if not self._keys[place]:
                del self._keys[place]

    def of(self, kind: str, namespace: str) -> tuple[Key, ...]:
        return tuple(self._keys.get((kind, namespace), ()))
