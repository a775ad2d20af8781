"""What the oracle asks of deployments that no object holds: ours are said, and nobody else's are called so."""

from collections.abc import Iterator

from explorer.looks import End, condition, holder, is_elsewhere, uid_of
from explorer.objects import TEAM
from explorer.oracle import rule
from explorer.process import INSTALLATION
from model_operator.domain import OWNER_TAG, PROVIDER, UID_TAG
from model_operator.owner_marks import OwnerMark
from support.memory_schema import Object


def orphans_said(end: End) -> set[str]:
    """Ids that the status of a ModelProvider calls orphaned."""
    return {
        one["id"]
        for key, body in end.world.server.objects.items()
        if key.kind == PROVIDER
        for one in (body.get("status", {}).get("orphans") or {"items": ()})["items"]
    }


def waited_for(end: End, body: Object) -> set[str]:
    """Ids that an object says it waits for."""
    synced = condition(body, "Synced")
    if synced["reason"] != "OrphanFound":
        return set()
    return {id_ for _, id_ in end.ledger if f"{id_} (" in synced["message"]}


def named_as_taken(end: End, body: Object) -> set[str]:
    """Ids of what has the name that an object asks for: after a restore of etcd it may be of the one that is forgotten."""
    synced = condition(body, "Synced")
    if synced["reason"] != "NameTaken":
        return set()
    return {id_ for _, id_ in end.ledger if f"(id {id_})" in synced["message"]}


def named_to_people(end: End) -> set[str]:
    """Ids that a ModelProvider calls orphaned, for which an object waits, or which have an object's name."""
    bodies = [body for _, body in end.world.deployments()]
    return orphans_said(end).union(*(waited_for(end, body) | named_as_taken(end, body) for body in bodies))


def waits_for_what_nobody_holds(end: End, body: Object) -> bool:
    """OrphanFound is the right word only for that."""
    held = {found[1] for _, other in end.world.deployments() if (found := holder(other)) is not None}
    return bool(waited_for(end, body) - held)


def with_traffic(end: End) -> set[str | None]:
    """Ids to which a CanaryEndpoint of ours sends traffic, or would go back."""
    return {
        share.get("deploymentID")
        for _, body in end.world.canaries()
        if body["metadata"]["namespace"] == TEAM
        for status in (body.get("status", {}), body.get("status", {}).get("lastGood") or {})
        for share in status.get("traffic", ())
    }


@rule
def what_has_our_mark_is_held_or_said(end: End) -> Iterator[str]:
    """A deployment with the owner mark of this cluster is some object's, or somebody is told of it."""
    held = {holder(body) for _, body in end.world.deployments()}
    living = {uid_of(body) for _, body in end.world.deployments()}
    waiting = {key.name for key, body in end.world.deployments() if holder(body) is None}
    said = named_to_people(end)
    for id_, remote in end.ledger.items():
        tags = remote.get("tags") or {}
        mark = OwnerMark.read(tags.get(OWNER_TAG))
        if mark is None or mark.installation != INSTALLATION or id_ in held or is_elsewhere(end, id_):
            continue
        if tags.get(UID_TAG) in living or mark.name in waiting or id_[1] in said | with_traffic(end):
            continue  # one with traffic waits for that to end, whoever has gone
        yield f"{id_} has the mark of {mark.name}, no object holds it, and nobody is told of it"


@rule
def an_orphan_is_nobodys(end: End) -> Iterator[str]:
    """What is called orphaned is live, and no object has its UID or holds it."""
    said = orphans_said(end)
    living = {uid_of(body) for _, body in end.world.deployments()}
    held = {found[1] for _, body in end.world.deployments() if (found := holder(body)) is not None}
    for id_, remote in end.ledger.items():
        if id_[1] in said and ((remote.get("tags") or {}).get(UID_TAG) in living or id_[1] in held):
            yield f"{id_} is called orphaned, and an object has it"
