"""Whose a deployment is when the faults have ended: one object's, nobody's that is told of, or a stranger's."""

from collections import defaultdict
from collections.abc import Iterator

from explorer.looks import End, Id, condition, holder, is_elsewhere, marked, uid_of
from explorer.oracle import rule
from explorer.orphans import named_to_people, with_traffic
from explorer.world import THEIR_MODEL
from support.manifests import vendor_of


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
        if _is_told_of(end, id_) or id_[1] in named_to_people(end) or id_[1] in with_traffic(end):
            continue  # a deployment with traffic is not taken away, whoever has gone
        if uid is None and (end.world.excused or end.world.orphaned):
            continue  # a chosen name says nothing of whose it was
        yield f"{id_} lives, and no object holds it (of {_name_of(end, uid)})"


def _is_told_of(end: End, id_: Id) -> bool:
    """An Event names it: of an object whose end left nobody who could delete it."""
    return any(f"Deployment {id_[1]} " in message for message in _orphans_told(end))


def _orphans_told(end: End) -> Iterator[str]:
    return (body["message"] for body in end.world.server.list("Event") if body["reason"] == "Orphaned")


def _name_of(end: End, uid: str | None) -> str:
    return end.world.names.get(uid or "", uid or "nobody")


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
