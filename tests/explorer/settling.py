"""That every object comes to rest when the faults have ended, or says what it waits for."""

from collections.abc import Iterator

from explorer.looks import End, condition, holder, is_elsewhere, is_terminating
from explorer.objects import TEAM
from explorer.oracle import rule
from explorer.orphans import (
    waits_for_what_nobody_holds,
    with_traffic,
)
from explorer.turns import had_a_turn
from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.providers.registry import PROVIDERS
from support.memory_schema import Object


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


@rule
def an_endpoint_that_was_created_is_known(end: End) -> Iterator[str]:
    """A CanaryEndpoint knows what became of its create, unless the answer was lost."""
    for key, body in end.world.canaries():
        ready = condition(body, "Ready")
        is_lost = end.world.marks.intersection(("canary-faults", "restored"))
        if ready["reason"] == "OutcomeUnknown" and not is_lost and not end.world.killed_in_create:
            yield f"{key.name}: {ready['reason']}: {ready.get('message')}"
