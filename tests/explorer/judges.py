"""What must be true of every request to a provider as it is sent, by what its process has been told.

Each is a function that says what is wrong, or None.
"""

from datetime import timedelta

from explorer.looks import expiry, holder, is_over, is_terminating, uid_of
from explorer.modes import a_mode_holds_from_the_moment_that_the_status_says_it
from explorer.unused import what_is_used_is_not_taken_for_idle
from explorer.way import Sent
from explorer.world import World
from model_operator.domain import DEPLOYMENT, UID_TAG, Key
from support.kube_api import Object
from support.virtual_time import START


def what_lives_is_not_deleted(world: World, sent: Sent) -> str | None:
    if sent.operation != "delete":
        return None
    for key, body in world.deployments():
        if key.name.endswith("-copy"):
            continue  # what a copied status names is the original's, and goes with it
        is_held = holder(body) == (sent.vendor, sent.id) and not is_terminating(body)
        if is_over(body) or _was_over(world, key, body):
            continue
        if is_held and world.told(key, uid_of(body)) and _owner(world, sent) in {None, uid_of(body)}:
            return f"DELETE of {sent.vendor} {sent.id}, which {key.name} holds"
    return None


def _was_over(world: World, key: Key, body: Object) -> bool:
    """By the spec that the operator was told last: an extension that comes with the DELETE comes too late."""
    known = world.process.known.get(key) if world.process is not None else None
    if known is None or uid_of(known[1]) != uid_of(body):
        return False
    return is_over({**body, "spec": known[1]["spec"]})


def _owner(world: World, sent: Sent) -> str | None:
    """UID whose mark the deployment has, as the operator was shown it last: a copied status makes nobody an owner."""
    for account in world.process.engine.accounts if world.process is not None else ():
        found = account.snapshot.by_id.get(sent.id) if account.snapshot is not None else None
        if found is not None and account.vendor.type == sent.vendor:
            return found.owner_uid or world.uids.get(found.name)
    return None


def what_shall_stay_is_not_deleted(world: World, sent: Sent) -> str | None:
    """deletionPolicy Orphan is looked at again right before a DELETE."""
    if sent.operation != "delete":
        return None
    for key, body in world.deployments():
        known = world.process.known.get(key) if world.process else None
        if holder(body) != (sent.vendor, sent.id) or known is None:
            continue
        since, told = known
        stays = uid_of(told) == uid_of(body) and told["spec"].get("deletionPolicy") == "Orphan"
        if stays and sent.at - since > 1:
            return f"DELETE of {sent.id}, {sent.at - since:.0f} s after {key.name} got deletionPolicy Orphan"
    return None


def what_is_deleted_is_not_made(world: World, sent: Sent) -> str | None:
    if sent.operation != "create" or world.process is None:
        return None
    name = sent.body.get("deploymentName", "")
    if any(body["spec"].get("deploymentName") == name for _, body in world.deployments()):
        return None  # of somebody who has chosen this name
    uid = (sent.body.get("tags") or {}).get(UID_TAG) or world.uids.get(name)
    for key, (since, told) in world.process.known.items():
        if key.kind == DEPLOYMENT and uid_of(told) == uid and is_terminating(told) and sent.at - since > 1:
            return f"POST for {key.name}, {sent.at - since:.0f} s after its deletion"
    return None


def nothing_is_deleted_before_its_time(world: World, sent: Sent) -> str | None:
    """By the true time: who has set the operator's clock ahead for long is not to be helped."""
    if sent.operation != "delete" or "clock" in world.marks:
        return None
    now = START + timedelta(seconds=sent.at)
    for key, body in world.deployments():
        due = expiry(body)
        is_held = holder(body) == (sent.vendor, sent.id) and not is_terminating(body) and is_over(body)
        if is_held and due is not None and now < due:
            return f"DELETE of {sent.id} of {key.name} at {now:%H:%M:%S}, which expires at {due:%H:%M:%S}"
    return None


def what_has_expired_is_not_made(world: World, sent: Sent) -> str | None:
    """Until it is extended: what the server has is what the process wrote."""
    if sent.operation != "create":
        return None
    name = sent.body.get("deploymentName", "")
    uid = (sent.body.get("tags") or {}).get(UID_TAG) or world.uids.get(name)
    for key, body in world.deployments():
        if uid_of(body) == uid and is_over(body):
            return f"POST for {key.name}, which has expired"
    return None


def strangers_get_no_request(world: World, sent: Sent) -> str | None:
    if sent.operation in ("update", "delete", "power") and (sent.vendor, sent.id) in world.strangers:
        return f"{sent.operation} of {sent.id}, which a colleague made"
    return None


def traffic_moves_on_fresh_figures(world: World, sent: Sent) -> str | None:
    """With an interval and a delay of a minute each, a verdict is stale three minutes after the figures' end."""
    if sent.operation != "update_canary" or not sent.body:
        return None
    split = {target["id"]: target["traffic_percentage"] for target in sent.body["deployments"]}
    before = world.splits.get(sent.id, split)
    world.splits[sent.id] = split
    gains = [id_ for id_, percent in split.items() if percent > before.get(id_, 0)]
    body = next((b for _, b in world.canaries() if b.get("status", {}).get("externalID") == sent.id), None)
    rollout = (body or {}).get("status", {}).get("rollout") or {}
    is_judged = rollout.get("state") != "RollingBack" and rollout.get("stepIndex")
    if not gains or not is_judged or world.figures_end is None:
        return None
    age = sent.at - world.figures_end
    return f"{gains} get more traffic {age:.0f} s after the figures' end" if age > 240 else None


JUDGES = [
    what_lives_is_not_deleted,
    what_shall_stay_is_not_deleted,
    what_is_deleted_is_not_made,
    nothing_is_deleted_before_its_time,
    what_has_expired_is_not_made,
    what_is_used_is_not_taken_for_idle,
    strangers_get_no_request,
    traffic_moves_on_fresh_figures,
    a_mode_holds_from_the_moment_that_the_status_says_it,
]
