"""What a status says of its deployment when the faults have ended, and what is true of that."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from explorer.looks import End, condition, expiry, holder, is_elsewhere, is_terminating, marked, uid_of
from explorer.oracle import rule
from explorer.turns import hours_of, was_an_edge
from model_operator.domain import ACTION
from support.manifests import vendor_of
from support.memory_schema import Object
from support.rows import ROWS

_AN_EDGE: Final = timedelta(minutes=3)
"""So long an edge may be under way."""


@rule
def synced_means_that_the_provider_holds_the_spec(end: End) -> Iterator[str]:
    for key, body in end.world.deployments():
        id_ = holder(body)
        if is_terminating(body) or condition(body, "Synced")["status"] != "True" or id_ is None:
            continue
        if id_ not in end.ledger:
            # What was removed while it is paused is made again when it is unpaused, and the condition says so.
            if f"Deployment {id_[1]} no longer exists" not in condition(body, "Synced")["message"]:
                yield f"{key.name}: Synced, and {id_} does not live"
            continue
        remote, spec = end.ledger[id_], body["spec"]
        for field, wanted in _wanted(spec).items():
            seen = ROWS[vendor_of(body)].api.shown(field, remote)
            if seen != wanted:
                yield f"{key.name}: Synced, and {field} of {id_} is {seen}, not {wanted}"


def _wanted(spec: dict[str, Any]) -> dict[str, Any]:
    wanted = {field: spec[field] for field in ("replicas", "contextLength") if field in spec}
    return wanted | {"model": spec["model"]}


@rule
def ready_means_that_it_runs_or_is_stopped_on_purpose(end: End) -> Iterator[str]:
    for key, body in end.world.deployments():
        id_, ready = holder(body), condition(body, "Ready")
        if is_terminating(body) or ready["status"] != "True" or id_ not in end.ledger:
            continue
        status = _state(end.ledger[id_])
        is_running = status in ("ONLINE", "running", "updating")
        if is_running is (ready["reason"] in ("Paused", "OutsideActiveHours")):
            yield f"{key.name}: Ready {ready['reason']}, and {id_} is {status}"


@rule
def outside_its_hours_is_said_then_and_at_no_other_time(end: End) -> Iterator[str]:
    if end.world.process is None:
        return
    now = end.world.process.wall()
    for key, body in end.world.deployments():
        schedule, ready = body["spec"].get("schedule"), condition(body, "Ready")
        says_so = ready["reason"] == "OutsideActiveHours"
        hours = hours_of(body, now)
        is_fresh = was_an_edge(body, now, within=_AN_EDGE)
        is_set = "clock" in end.world.marks  # followed slowly, so nobody here knows what time it is there
        if (
            says_so
            and not (is_fresh or is_set)
            and (hours is None or hours.is_active or body["spec"].get("paused"))
        ):
            yield f"{key.name}: Ready {ready['reason']} at {now:%H:%M} of {schedule}"
        is_off = hours is not None and not hours.is_active and not (is_fresh or is_set)
        is_told = says_so or ready["reason"] == "Expired"
        if is_off and ready["status"] == "True" and not _may_run(body) and not is_told:
            yield f"{key.name}: Ready {ready['reason']} at {now:%H:%M}, outside of {schedule}"


@rule
def what_has_expired_is_gone_and_said_to_be(end: End) -> Iterator[str]:
    """And what has not is not said to be. A clock that was set makes its own time."""
    if end.world.process is None:
        return
    now = end.world.process.wall()
    alive = marked(end)
    for key, body in end.world.deployments():
        due, ready = expiry(body), condition(body, "Ready")
        has_clock = "clock" in end.world.marks
        if ready["reason"] == "Expired" and ready["status"] == "True":
            if due is None or (now < due and not has_clock):
                yield f"{key.name}: Ready Expired at {now:%H:%M} of {due}"
            if holder(body) is not None:
                yield f"{key.name}: Ready Expired, and holds {holder(body)}"
            ids = alive.get(uid_of(body), [])
            if ids and uid_of(body) not in end.world.twins | end.world.excused | end.world.orphaned:
                yield f"{key.name}: Ready Expired, and {ids} live"
        stays = (
            body["spec"].get("deletionPolicy") == "Orphan" or condition(body, "Expiring")["reason"] == "InUse"
        )
        is_due = due is not None and now - due > _AN_EDGE and not (stays or has_clock or is_terminating(body))
        if is_due and ready["status"] == "True" and ready["reason"] != "Expired":
            yield f"{key.name}: Ready {ready['reason']} at {now:%H:%M}, expired at {due:%H:%M}"


def _may_run(body: Object) -> bool:
    """It is paused by the spec as well, or a person lets it run."""
    return bool(body["spec"].get("paused") or ACTION in body["metadata"].get("annotations", {}))


def _state(remote: dict[str, Any]) -> str:
    status = remote["status"]
    return str(status["status"] if isinstance(status, dict) else status)


@rule
def a_status_shows_what_the_provider_shows(end: End) -> Iterator[str]:
    for key, body in end.world.deployments():
        id_ = holder(body)
        if is_elsewhere(end, id_):
            continue
        if id_ in end.ledger and not is_terminating(body) and condition(body, "Accepted")["status"] == "True":
            shown, real = body["status"].get("providerState"), _state(end.ledger[id_])
            if shown != real:
                yield f"{key.name}: the status says {shown}, the provider {real}"
