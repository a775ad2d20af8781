"""What must be true when the faults have ended and time has passed.

Each rule is a function that says what is wrong, or nothing. None of them asks the operator.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from explorer.looks import End, Id, condition, expiry, holder, is_elsewhere, is_terminating, marked, uid_of
from explorer.modes import what_another_cluster_has_taken_over_is_left_to_it
from explorer.orphans import (
    an_orphan_is_nobodys,
    orphans_said,
    waited_for,
    waits_for_what_nobody_holds,
    what_has_our_mark_is_held_or_said,
    with_traffic,
)
from explorer.turns import had_a_turn, hours_of, was_an_edge
from explorer.world import SECRETS, TEAM, THEIR_MODEL
from model_operator.domain import ACTION, BUDGET, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.providers.registry import PROVIDERS
from support.manifests import vendor_of
from support.memory_schema import Object
from support.rows import ROWS

_AN_EDGE: Final = timedelta(minutes=3)
"""So long an edge may be under way."""

Rule = Callable[[End], Iterator[str]]
RULES: list[Rule] = [what_another_cluster_has_taken_over_is_left_to_it]


def rule(function: Rule) -> Rule:
    RULES.append(function)
    return function


def judge(end: End) -> list[tuple[str, str]]:
    """(rule, what is wrong)."""
    return [*end.world.violations, *((r.__name__, text) for r in RULES for text in r(end))]


# Rules of the end.


@rule
def one_deployment_for_one_object(end: End) -> Iterator[str]:
    for uid, ids in marked(end).items():
        is_excused = uid in end.world.excused and any(is_elsewhere(end, id_) for id_ in ids)
        if len(ids) > 1 and uid not in end.world.twins and not is_excused:
            yield f"{_name_of(end, uid)} has {len(ids)} live deployments: {ids}"


@rule
def nothing_is_orphaned_silently(end: End) -> Iterator[str]:
    held = {holder(body) for _, body in end.world.deployments()}
    living = {uid_of(body) for _, body in end.world.deployments()}
    asked_for = {
        (vendor_of(b), b["spec"].get("deploymentName")): condition(b, "Ready")["status"] != "True"
        for _, b in end.world.deployments()
        if holder(b) is None
    }
    ours = marked(end)
    named = {id_: uid for uid, ids in ours.items() for id_ in ids}
    for id_, remote in end.ledger.items():
        uid = named.get(id_)
        if id_ in held or THEIR_MODEL in remote.values() or uid in end.world.twins:
            continue
        if asked_for.get((id_[0], remote.get("deploymentName", remote.get("deployment_name")))):
            continue  # an object waits for it, and says so
        if uid in living or uid in end.world.excused or uid in end.world.orphaned:
            continue
        if _is_told_of(end, id_) or id_[1] in _named_orphans(end) or id_[1] in with_traffic(end):
            continue  # a deployment with traffic is not taken away, whoever has gone
        if uid is None and (end.world.excused or end.world.orphaned):
            continue  # a chosen name says nothing of whose it was
        yield f"{id_} lives, and no object holds it (of {_name_of(end, uid)})"


def _named_orphans(end: End) -> set[str]:
    """Ids that a ModelProvider calls orphaned, or for which an object waits."""
    return orphans_said(end) | {id_ for _, body in end.world.deployments() for id_ in waited_for(end, body)}


def _is_told_of(end: End, id_: Id) -> bool:
    """An Event names it: of an object whose end left nobody who could delete it."""
    return any(f"Deployment {id_[1]} " in message for message in _orphans_told(end))


def _orphans_told(end: End) -> Iterator[str]:
    return (body["message"] for body in end.world.server.list("Event") if body["reason"] == "Orphaned")


@rule
def what_is_said_to_stay_was_not_deleted(end: End) -> Iterator[str]:
    """But by who has changed his mind since, of which an Event tells as well."""
    told = end.world.events
    for sent in end.world.sent:
        if sent.operation != "delete" or (sent.vendor, sent.id) in end.ledger:
            continue
        for at, message in told:
            is_about_it = f"Deployment {sent.id} stays" in message
            is_revoked = at < sent.at and any(
                later > at and f"Deleting deployment {sent.id} " in text for later, text in told
            )
            if is_about_it and not is_revoked:
                yield f"{message} It was deleted."


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


@rule
def strangers_are_left_alone(end: End) -> Iterator[str]:
    for id_, made in end.world.strangers.items():
        remote = end.ledger.get(id_)
        if remote is None:
            yield f"{id_} of a colleague is gone"
            continue
        changed = {k: remote.get(k) for k, v in made.items() if remote.get(k) != v}
        if changed:
            yield f"{id_} of a colleague was changed: {changed}"
    for key, body in end.world.deployments():
        if holder(body) in end.world.strangers:
            yield f"{key.name} took {holder(body)} of a colleague"


@rule
def one_object_for_one_deployment(end: End) -> Iterator[str]:
    holders: dict[Id, list[str]] = defaultdict(list)
    for key, body in end.world.deployments():
        id_ = holder(body)
        if id_ is not None and condition(body, "Accepted")["status"] == "True":
            holders[id_].append(key.name)
    for id_, names in holders.items():
        if len(names) > 1:
            yield f"{id_} belongs to {' and '.join(names)}"


def _ours(end: End) -> Iterator[tuple[Key, Object]]:
    for key, body in sorted(end.world.server.objects.items()):
        if key.kind in (PROVIDER, DEPLOYMENT, CANARY, BUDGET):
            yield key, body


@rule
def every_object_has_been_looked_at(end: End) -> Iterator[str]:
    for key, body in _ours(end):
        status = body.get("status", {})
        if not is_terminating(body) and status.get("observedGeneration") != body["metadata"]["generation"]:
            yield (
                f"{key}: generation {body['metadata']['generation']}, observed"
                f" {status.get('observedGeneration')}"
            )


@rule
def every_object_has_settled_or_says_what_it_waits_for(end: End) -> Iterator[str]:
    for key, body in _ours(end):
        ready, reconciling, stalled = (condition(body, t) for t in ("Ready", "Reconciling", "Stalled"))
        if reconciling["status"] == stalled["status"] == "True":
            yield f"{key}: Reconciling and Stalled"
        if ready["status"] == "True" or stalled["status"] == "True":
            continue
        if key.kind == CANARY and ready["reason"] == "TargetNotReady":
            continue  # it waits for its target, and says so
        if reconciling["status"] != "True" or not ready["reason"]:
            yield f"{key}: Ready {ready['status']} {ready['reason']}, and neither Reconciling nor Stalled"
        elif key.kind == DEPLOYMENT and not is_terminating(body):
            yield f"{key}: Reconciling for ever ({ready['reason']}: {ready.get('message')})"


_REASONS: dict[str, tuple[str, ...]] = {
    "BudgetExceeded": ("budget",),
    "NameTaken": ("stranger", "squatted", "shared", "copied", "taken"),
    "ExternalIDTaken": ("copied", "squatted", "taken"),
    "ExternalResourceMissing": ("removed", "copied"),
    "OutcomeUnknown": ("stranger",),
    "UpdateIgnored": ("hand", "lied"),
    "FieldContested": ("hand",),
    "Stopped": ("hand",),
    "Failed": ("hand",),
    "Unsupported": ("newer",),
    "ModelMismatch": ("copied",),
    "ProviderNotFound": ("elsewhere",),
    "RemovalUnsupported": ("removal",),
    "AccountMismatch": ("removed", "copied", "restored", "unproven"),
}
"""Why an object may still not be Ready when all faults have ended, and what must have happened for that."""


@rule
def what_nothing_hinders_is_ready(end: End) -> Iterator[str]:
    for key, body in end.world.deployments():
        ready = condition(body, "Ready")
        if is_terminating(body) or ready["status"] == "True" or key.namespace != TEAM:
            continue
        provider = end.world.server.find(Key(PROVIDER, TEAM, body["spec"]["providerRef"]["name"]))
        if provider is None or provider["spec"]["type"] not in PROVIDERS:
            continue
        if "connection" in body["spec"] and "quota" in end.world.marks:
            continue
        if ready["reason"] == "AccountMismatch" and is_elsewhere(end, holder(body)):
            continue
        if ready["reason"] == "OrphanFound" and waits_for_what_nobody_holds(end, body):
            continue
        if not end.world.marks.intersection(_REASONS.get(ready["reason"], ())):
            yield f"{key.name}: {ready['reason']}: {ready.get('message')}"


@rule
def a_newer_kind_of_provider_is_reported(end: End) -> Iterator[str]:
    for key, body in _ours(end):
        is_newer = key.kind == PROVIDER and body["spec"]["type"] not in PROVIDERS
        if is_newer and condition(body, "Ready")["reason"] != "Unsupported":
            yield f"{key.name} is of type {body['spec']['type']}, and its status does not say so"


@rule
def what_is_there_is_not_said_to_be_missing(end: End) -> Iterator[str]:
    for key, body in end.world.deployments():
        ref = Key(PROVIDER, key.namespace, body["spec"]["providerRef"]["name"])
        if condition(body, "Ready")["reason"] == "ProviderNotFound" and ref in end.world.server.objects:
            yield f"{key.name}: {condition(body, 'Ready')['message']} It is there."


@rule
def what_was_deleted_is_gone(end: End) -> Iterator[str]:
    targets = with_traffic(end)
    for key, body in _ours(end):
        if is_terminating(body) and key.kind == DEPLOYMENT:
            id_ = holder(body)
            if id_ is not None and (id_[1] in targets or id_ in end.world.strangers):
                continue
            if is_elsewhere(end, id_):
                continue
            reason = condition(body, "Ready")
            is_rekeyed = "credentials" in end.world.marks and id_ not in end.ledger
            if reason["reason"] == "AccountMismatch" and is_rekeyed:
                continue  # gone, and nothing is left that the key put back could prove itself by: a person is asked
            if reason["reason"] == "InUse" and Key(CANARY, TEAM, "triage") in end.world.server.objects:
                continue
            if not end.world.marks.intersection(_REASONS.get(reason["reason"], ())):
                yield f"{key.name} is being deleted for ever: {reason['reason']}: {reason.get('message')}"


@rule
def rest_costs_nothing(end: End) -> Iterator[str]:
    bodies = [body for _, body in _ours(end)]
    if any(condition(body, "Ready")["status"] != "True" or is_terminating(body) for body in bodies):
        return
    if any(condition(body, "RolloutComplete")["status"] != "True" for _, body in end.world.canaries()):
        return
    if end.requests["update_canary"]:
        return  # a rollout has just come to its end
    if any(float(body["status"].get("perHour", 0)) for body in bodies if body["kind"] == BUDGET):
        return  # a threshold may have been reached
    if had_a_turn(end, bodies):
        return
    if "hand" in end.world.marks and end.requests["update"]:
        return  # what no LIST shows is put back when the object is read in full
    if end.writes:
        yield f"{end.writes} writes to the API server at rest"
    more = {k: v for k, v in end.requests.items() if k not in ("list", "get", "update_canary")}
    if more or end.requests["get"] > 2 * len(bodies):
        yield f"requests at rest: {dict(end.requests)}"


rule(what_has_our_mark_is_held_or_said)
rule(an_orphan_is_nobodys)


@rule
def secrets_stay_secret(end: End) -> Iterator[str]:
    shown = [str(body) for key, body in end.world.server.objects.items() if key.kind != "Secret"]
    for place, text in (("an object", "\n".join(shown)), ("the log", end.world.log.getvalue())):
        for secret in SECRETS:
            if secret in text:
                yield f"{secret} in {place}"


@rule
def no_pass_stumbles(end: End) -> Iterator[str]:
    for line in end.world.log.getvalue().splitlines():
        if "failed unexpectedly" in line:
            yield line
    process = end.world.process
    if process is not None and process.engine.problem:
        yield process.engine.problem


@rule
def an_endpoint_that_was_created_is_known(end: End) -> Iterator[str]:
    """A CanaryEndpoint knows what became of its create, unless the answer was lost."""
    for key, body in end.world.canaries():
        ready = condition(body, "Ready")
        is_lost = end.world.marks.intersection(("canary-faults", "restored"))
        if ready["reason"] == "OutcomeUnknown" and not is_lost and not end.world.killed_in_create:
            yield f"{key.name}: {ready['reason']}: {ready.get('message')}"


def _name_of(end: End, uid: str | None) -> str:
    return end.world.names.get(uid or "", uid or "nobody")
