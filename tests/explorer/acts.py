"""The acts of the crash matrix: each brings one object to where a change begins, and then makes that change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from explorer.history import History, Step, run
from support.rows import ROWS

_READY, _SPLIT = 35.0, 150.0  # seconds until a deployment serves, and until an endpoint has its first split
_WRITES = frozenset({"create", "patch", "finalizer", "status"})
_CHANGES = frozenset({"create", "update", "power", "delete", "create_canary", "update_canary"})
_READS = frozenset({"list", "get", "metrics"})
_OFTEN = 3
"""So many of one kind in one act are points of their own; later ones are like the last of these."""


@dataclass(frozen=True, order=True)
class Point:
    """The nth moment of a kind in an act: `update.sent`, `ModelDeployment.status.done`, …"""

    name: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.name}:{self.nth}"

    @property
    def what(self) -> str:
        """`update`, or `ModelDeployment.status`."""
        return self.name.rpartition(".")[0]

    @property
    def is_sent(self) -> bool:
        return self.name.endswith(".sent")

    @property
    def is_write(self) -> bool:
        """At the API server."""
        kind, _, verb = self.what.partition(".")
        return verb in _WRITES and kind != "api"

    @property
    def is_change(self) -> bool:
        """At the provider."""
        return self.what in _CHANGES

    @property
    def is_read(self) -> bool:
        return self.what in _READS


@dataclass(frozen=True, eq=False)
class Act:
    """`setting`, then whatever goes wrong, then `change`."""

    name: str
    vendor: str
    setting: History
    change: History
    lasts: float = 100.0
    """Seconds that it takes undisturbed."""

    def played_with(self, *troubles: Step) -> History:
        return (*self.setting, *troubles, *self.change, Step("nothing", {"seconds": self.lasts}))

    @property
    def begins(self) -> float:
        """Seconds from the start of the history."""
        waits = sum(step.wait for step in self.setting)
        return 1 + waits + sum(step.arguments["seconds"] for step in self.setting if step.move == "nothing")


@lru_cache
def points_of(act: Act) -> tuple[Point, ...]:
    """What there is to go wrong at, as the act meets it undisturbed, whatever the number of requests is today."""
    seen: dict[str, int] = {}
    found: list[Point] = []
    for at, name in run(act.played_with()).points:
        if at < act.begins:
            continue
        seen[name] = seen.get(name, 0) + 1
        point = Point(name, seen[name])
        is_one = point.is_write or point.is_change or (point.is_read and point.is_sent and point.nth == 1)
        if is_one and point.nth <= _OFTEN:
            found.append(point)
    return tuple(found)


def _nothing(seconds: float) -> Step:
    return Step("nothing", {"seconds": seconds})


def _deployment_acts(vendor: str, name: str) -> Iterator[Act]:
    opened = (Step("open_accounts", {"vendors": [vendor]}), _nothing(5))
    made = Step("apply", {"name": name, "spec": {"connection": {"configMapName": "model"}}})
    served = (*opened, made, _nothing(_READY))

    def edited(**spec: object) -> History:
        return (Step("edit", {"name": name, "spec": spec}),)

    delete = Step("delete", {"name": name})
    yield Act("create", vendor, opened, (made,))
    yield Act("scale", vendor, served, edited(replicas=2))
    yield Act("update", vendor, served, edited(contextLength=8192))
    if ROWS[vendor].vendor.capabilities.pauses:
        yield Act("pause", vendor, served, edited(paused=True))
        yield Act("resume", vendor, (*served, *edited(paused=True), _nothing(60)), edited(paused=False))
    yield Act("delete", vendor, served, (delete,))
    yield Act("delete-early", vendor, opened, (made, replace(delete, wait=0.03)))
    yield Act("orphan", vendor, served, (*edited(deletionPolicy="Orphan"), delete))


def _canary_acts() -> Iterator[Act]:
    versions = [Step("apply", {"name": name, "spec": {}}) for name in ("ta", "tb")]
    opened = (Step("open_accounts", {"vendors": ["paitient"]}), _nothing(5), *versions, _nothing(_READY))
    made = Step("apply_canary", {"hold": "2m"})
    split = (*opened, made, _nothing(_SPLIT))
    shift = Step("shift_traffic", {"split": {"tb": 100}})
    fails = Step("misbehave", {"name": "tb", "errors": 100})
    yield Act("canary-create", "paitient", opened, (made,), lasts=_SPLIT)
    yield Act("canary-traffic", "paitient", split, (shift,), lasts=500)
    yield Act("canary-rollback", "paitient", (*split, shift, _nothing(30)), (fails,), lasts=500)
    yield Act("canary-delete", "paitient", split, (Step("delete_canary", {}),))


ACTS: dict[str, Act] = {
    f"{act.vendor}-{act.name}": act
    for act in (
        *_deployment_acts("parasail", "pa"),
        *_deployment_acts("paitient", "ta"),
        *_canary_acts(),
    )
}
