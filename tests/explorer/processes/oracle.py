"""What must be true when the faults have ended. Each rule says what is wrong, or nothing; none asks the operator.

The rules have the names of those of the explorer on virtual time. What needs time is waited for, with a deadline.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

from explorer.processes.known import is_known
from explorer.processes.looks import End, holder, is_terminating, objects_of, said_of, shown_of, wanted_of
from explorer.processes.play import STAYS, Play
from support.deadlines import NotYet, eventually
from support.fault_stage import A_MINUTE, VENDORS, is_so
from support.kube_api import Object
from support.namespace import OUR_KINDS, condition, conditions
from support.operator_process import SECRETS

_SWEEPS = 3  # LISTs of each account that must come with nothing between them
_QUIET_WITHIN = timedelta(seconds=20)
Problem = tuple[str, str]
"""(rule, what is wrong)."""


def judge(play: Play) -> list[Problem]:
    """What is wrong at the end of a history; then everything is deleted, and what is wrong after that."""
    problems = list(
        _waited(play, what_was_deleted_is_gone, what_nothing_hinders_is_ready, rest_costs_nothing)
    )
    end = End.of(play)
    problems += [(rule.__name__, text) for rule in RULES for text in rule(end)]
    if not problems:
        problems += list(_waited(play, deleting_all_leaves_nothing))
    return problems


def _waited(play: Play, *rules: Callable[[Play], None]) -> Iterator[Problem]:
    for rule in rules:
        try:
            rule(play)
        except NotYet as late:
            yield rule.__name__, str(late)


def what_was_deleted_is_gone(play: Play) -> None:
    eventually(
        lambda: {name: conditions(obj) for name, obj in objects_of(play).items() if is_terminating(obj)},
        until=lambda left: not left,
        within=A_MINUTE,
        what="everything that was deleted is gone",
    )


def what_nothing_hinders_is_ready(play: Play) -> None:
    """Every object has settled, or says what it waits for."""

    def waiting() -> dict[str, str]:
        taken = _names_of_orphans(play)
        return {
            name: said_of(obj) for name, obj in objects_of(play).items() if not _has_settled(obj, play, taken)
        }

    eventually(waiting, until=lambda left: not left, within=A_MINUTE, what="every object has settled")


def _has_settled(obj: Object, play: Play, taken: set[str]) -> bool:
    if is_so(obj, "Ready=True"):
        return is_so(obj, "Reconciling=False") and is_so(obj, "Stalled=False")
    if obj["spec"].get("deploymentName") in taken:
        return is_so(obj, "Ready=False NameTaken")
    if is_so(obj, "Ready=False OrphanFound"):
        return is_so(obj, "Stalled=True") and _is_left(obj, play)
    return obj["metadata"]["uid"] in play.removed.values() and _waits_for_a_person(obj)


def _is_left(obj: Object, play: Play) -> bool:
    """What it waits for is there, and no object holds it."""
    end = End.of(play)
    held = {holder(other) for other in end.objects.values()}
    said = str((condition(obj, "Synced") or {}).get("message"))
    return any(f"{id_} (" in said for vendor, id_ in end.ledger if (vendor, id_) not in held)


def _waits_for_a_person(obj: Object) -> bool:
    """What it names was removed, and is not created again."""
    return is_so(obj, "Ready=False ExternalResourceMissing") and is_so(obj, "Stalled=True")


def synced_means_that_the_provider_holds_the_spec(play: Play) -> None:
    """As soon as everything has been read in full."""
    eventually(
        lambda: list(_not_held(End.of(play))),
        until=lambda wrong: not wrong,
        within=_QUIET_WITHIN,
        what="the provider holds the spec",
    )


def _not_held(end: End) -> Iterator[str]:
    for name, obj in end.objects.items():
        id_ = holder(obj)
        if id_ is None:
            if is_so(obj, "Ready=True Available"):
                yield f"{name} is Ready, and holds nothing"
            continue
        if id_ not in end.ledger:
            if not _waits_for_a_person(obj):  # within the proof of absence nothing is said, and it is no rest
                yield f"{name} holds {id_}, which does not live"
            continue
        wanted, shown = wanted_of(obj), shown_of(obj, end.ledger[id_])
        wrong = {field: shown[field] for field in wanted if shown[field] != wanted[field]}
        if wrong:
            yield f"{name}: wanted {wanted}, {id_} has {wrong}"


def rest_costs_nothing(play: Play) -> None:
    """No write to the API server, nothing at a provider but LISTs and full reads, while some sweeps take place."""
    stage = play.stage
    reads = 2 * len(objects_of(play))
    since, begun = stage.simulator.last_request, len(stage.proxy.writes())

    def noise() -> list[str] | None:
        """None: too few sweeps yet. What is noise begins the wait anew."""
        nonlocal since, begun
        requests = Counter(request["operation"] for request in stage.simulator.requests(since))
        loud = [f"{count} {what}" for what, count in requests.items() if what not in ("list", "get")]
        loud += [f"{requests['get']} get"] * (requests["get"] > reads)
        loud += [f"{write.method} {write.path}" for write in stage.proxy.writes()[begun:]]
        if loud:
            since, begun = stage.simulator.last_request, len(stage.proxy.writes())
        return loud if loud or requests["list"] >= _SWEEPS * len(VENDORS) else None

    eventually(noise, until=lambda loud: loud == [], within=_QUIET_WITHIN, what="nothing but LISTs")


def deleting_all_leaves_nothing(play: Play) -> None:
    """And nothing is created on the way."""
    stage, creates = play.stage, play.stage.creates()
    orphans = set(End.of(play).ledger) - {id_ for obj in objects_of(play).values() if (id_ := holder(obj))}
    stage.delete_all()
    stage.all_gone()
    left = set(End.of(play).ledger)
    if left != orphans or stage.creates() != creates:
        raise NotYet(f"left {left - orphans}, orphans gone {orphans - left}, creates {stage.creates()}")
    for vendor, id_ in orphans:
        stage.simulator.control("DELETE", f"/deployments/{vendor}/{id_}")


Rule = Callable[[End], Iterator[str]]


def one_deployment_for_one_object(end: End) -> Iterator[str]:
    """Nothing ever lived twice, and nothing was made twice that nobody had removed."""
    for vendor in VENDORS:
        counters = end.play.stage.simulator.counters(vendor)
        for by in ("name", "tag"):
            for identity, most in counters[f"max_live_by_{by}"].items():
                if most > 1:
                    yield f"{vendor}: {most} deployments lived under the {by} {identity} at once"
        for uid, creates in counters["creates_by_tag"].items():
            if uid not in end.play.made_before and creates > 1 + (uid in end.play.removed.values()):
                yield f"{vendor}: {creates} creates for UID {uid}"


def one_object_for_one_deployment(end: End) -> Iterator[str]:
    holders = Counter(id_ for obj in end.objects.values() if (id_ := holder(obj)))
    for id_, count in holders.items():
        if count > 1:
            yield f"{count} objects hold {id_}"


def nothing_is_orphaned_silently(end: End) -> Iterator[str]:
    held = {holder(obj) for obj in end.objects.values()}
    told = _told_of(end.play)
    for vendor, id_ in end.ledger:
        says = f"Deployment {id_} stays" in told or f"Deployment {id_} is left at the provider" in told
        if (vendor, id_) not in held and not says:
            yield f"{vendor} {id_} lives, no object holds it, and no Event says so: {end.ledger[vendor, id_]}"


def what_is_said_to_stay_stays(end: End) -> Iterator[str]:
    """A DELETE that waited is not sent any more when deletionPolicy has become Orphan meanwhile."""
    for event in end.play.stage.namespace.objects("Event"):
        id_ = STAYS.search(str(event.get("message")))
        if id_ is None or id_[1] in end.play.told_before:
            continue
        if not any(id_[1] == one for _, one in end.ledger):
            yield f"{event['message']} It does not."


def secrets_stay_secret(end: End) -> Iterator[str]:
    kinds = (*OUR_KINDS, "ConfigMap", "Event")
    shown = json.dumps([end.play.stage.namespace.objects(kind) for kind in kinds])
    for secret in SECRETS:
        if secret in shown:
            yield f"{secret} in an object"


def no_pass_stumbles(end: End) -> Iterator[str]:
    """Neither tracebacks nor secrets in the log, and no defect of the simulator."""
    yield from end.play.stage.operator.complaints()
    if end.play.stage.simulator.control("GET", "/counters")["defects"]:
        yield "the simulator failed; see its log"


RULES: tuple[Rule, ...] = (
    one_deployment_for_one_object,
    one_object_for_one_deployment,
    nothing_is_orphaned_silently,
    what_is_said_to_stay_stays,
    secrets_stay_secret,
    no_pass_stumbles,
)


def _names_of_orphans(play: Play) -> set[str]:
    """Chosen names that a deployment still has whose object was deleted with deletionPolicy Orphan."""
    end = End.of(play)
    held = {holder(obj) for obj in end.objects.values()}
    free = [one for id_, one in end.ledger.items() if id_ not in held]
    return {str(one.get("deploymentName") or one.get("deployment_name")) for one in free}


def _told_of(play: Play) -> str:
    told = [str(event.get("message")) for event in play.stage.namespace.objects("Event")]
    if is_known("orphan event"):
        told.append(play.stage.operator.log.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(told)
