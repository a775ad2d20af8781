"""What each move does. None of them fails: what cannot be done has no effect."""

import contextlib
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from explorer.processes.known import is_known
from explorer.processes.troubles import API_TARGETS, Args
from support import manifests
from support.deadlines import NotYet
from support.kube_api import Object
from support.manifests import vendor_of
from support.proxy_rules import CUT, Answer, Outcome, Phase, status_error
from support.rows import ROWS
from support.simulator_process import ControlRefused

if TYPE_CHECKING:
    from explorer.processes.play import Play

_HELD = 1.5  # seconds that the simulator holds a request at most: well within the operator's recovery window
_MEETING = timedelta(seconds=3)  # it may never come: the operator may have no reason to send such a request
_WATCH = r"/modeldeployments\?.*watch=true"
_OUTCOMES: Mapping[str, Outcome] = {
    "conflict": status_error(409, "Conflict"),
    "forbidden": status_error(403, "Forbidden"),
    "invalid": status_error(422, "Invalid"),
    "throttled": status_error(429, "TooManyRequests", retry_after=1),
    "failed": status_error(500, "InternalError"),
    "cut": CUT,
}
_EXPIRED = Answer(
    200,
    b'{"type": "ERROR", "object": %s}\n' % status_error(410, "Expired").body,
    {"Content-Type": "application/json"},
)


def apply(play: "Play", args: Args) -> None:
    make = manifests.parasail_deployment if args["vendor"] == "parasail" else manifests.paitient_deployment
    if is_known("C2") and not _is_recorded(play.people.find(args["name"])):
        # `replicas` is shown by every GET: an edit of it is corrected even if it was taken for sent.
        args = {**args, "spec": {k: v for k, v in args["spec"].items() if k != "contextLength"}}
    play.people.apply(make(args["name"], **args["spec"]))


def edit(play: "Play", args: Args) -> None:
    hidden = "contextLength" in args["spec"]
    if hidden and is_known("C2") and not _is_recorded(play.people.find(args["name"])):
        return
    play.people.edit(args["name"], **args["spec"])


def delete(play: "Play", args: Args) -> None:
    play.people.delete(args["name"])


def delete_and_apply(play: "Play", args: Args) -> None:
    play.people.delete_and_apply(args["name"])


def rest(play: "Play", args: Args) -> None:
    """Nothing: what is waited for before it is all."""


def orphan(play: "Play", args: Args) -> None:
    """The deployment is to stay when the object goes."""
    found = play.people.find(args["name"])
    if found is None or (is_known("M8") and "deletionTimestamp" in found["metadata"]):
        return
    play.people.edit(args["name"], deletionPolicy="Orphan")
    play.people.delete(args["name"])


def kill(play: "Play", args: Args) -> None:
    play.kill()


def kill_at_write(play: "Play", args: Args) -> None:
    """Before the API server has a write of the operator, or when it has and the operator does not know yet."""
    method, path = API_TARGETS[args["target"]]
    phase = Phase.REPLY if args["done"] else Phase.REQUEST
    play.stage.proxy.rule(method, path, phase=phase, nth=args["nth"], times=1, call=play.kill, then=CUT)


def kill_at_request(play: "Play", args: Args) -> None:
    """Before the provider has done what it was asked, or when it has and its answer is on the way."""
    when = "after" if args["done"] else "before"
    held = play.stage.simulator.fault("hold", operation=args["operation"], when=when, seconds=_HELD, count=1)
    play.traps.append(held)


def terminate(play: "Play", args: Args) -> None:
    """SIGTERM, as a rollout does."""
    if play.stage.operator.is_running:
        play.stage.operator.resume()  # one that is frozen would not hear it
        play.stage.operator.terminate()


def freeze(play: "Play", args: Args) -> None:
    """SIGSTOP: its requests time out when it wakes."""
    frozen = play.stage.operator.process
    if frozen.is_running:
        frozen.signal(signal.SIGSTOP)
        play.later(args["moves"], lambda: frozen.signal(signal.SIGCONT))


def fault(play: "Play", args: Args) -> None:
    if is_known("C1") and args.get("status") == 404:
        return
    play.last_fault = play.stage.simulator.fault(**args)


def meet_fault(play: "Play", args: Args) -> None:
    """Wait for the moment at which the last fault strikes, so that the next move falls within that request."""
    if play.last_fault is not None:
        with contextlib.suppress(NotYet, ControlRefused):
            play.last_fault.wait(within=_MEETING)


def outage(play: "Play", args: Args) -> None:
    """A gateway answers for the whole API of a vendor, or of both, for some moves."""
    if is_known("C1") and args["rule"].get("status") == 404:
        return
    rule = play.stage.simulator.fault(**args["rule"])
    play.later(args["moves"], rule.remove)


def lag(play: "Play", args: Args) -> None:
    """LISTs, or GETs, show what was a second ago, until the faults end."""
    play.stage.simulator.knobs(**{args["vendor"]: {args["knob"]: 1.0}})


def api_trouble(play: "Play", args: Args) -> None:
    method, path = API_TARGETS[args["target"]]
    phase = Phase.REPLY if args["done"] else Phase.REQUEST
    play.stage.proxy.rule(method, path, phase=phase, times=args["times"], then=_OUTCOMES[args["how"]])


def deaf_watch(play: "Play", args: Args) -> None:
    """The watch ends, and may not begin again for some moves."""
    proxy = play.stage.proxy
    match args["how"]:
        case "refused":
            rule = proxy.rule("GET", _WATCH, then=_OUTCOMES["failed"])
            play.later(args["moves"], lambda: proxy.remove(rule))
        case "expired":
            proxy.rule("GET", _WATCH, times=2, then=_EXPIRED)
    proxy.cut_watches()


def api_away(play: "Play", args: Args) -> None:
    play.stage.proxy.down()
    play.later(args["moves"], play.stage.proxy.up)


def edit_by_hand(play: "Play", args: Args) -> None:
    """A person scales a deployment in the vendor's console."""
    found = play.people.find(args["name"])
    if found is None or not _is_recorded(found):
        return
    vendor = vendor_of(found)
    fields = dict.fromkeys(ROWS[vendor].api.replicas, args["replicas"])
    with contextlib.suppress(ControlRefused):
        play.stage.simulator.edit_deployment(vendor, found["status"]["externalID"], fields=fields)


def remove_by_hand(play: "Play", args: Args) -> None:
    """A person deletes a deployment in the vendor's console."""
    found = play.people.find(args["name"])
    if found is None or not _is_recorded(found) or vendor_of(found) in play.removed:
        return
    vendor, id_ = vendor_of(found), found["status"]["externalID"]
    with contextlib.suppress(ControlRefused):
        play.stage.simulator.remove_deployment(vendor, id_)
        play.removed[vendor] = found["metadata"]["uid"]


def _is_recorded(obj: Object | None) -> bool:
    """Whether its status has an id."""
    return bool(obj and (obj.get("status") or {}).get("externalID"))


MOVES: Mapping[str, Callable[["Play", dict[str, Any]], None]] = {
    move.__name__: move
    for move in (
        apply,
        edit,
        delete,
        delete_and_apply,
        rest,
        orphan,
        kill,
        kill_at_write,
        kill_at_request,
        terminate,
        freeze,
        fault,
        meet_fault,
        outage,
        lag,
        api_trouble,
        deaf_watch,
        api_away,
        edit_by_hand,
        remove_by_hand,
    )
}
