"""Moves of the cluster and of the operator's own processes: refusals, lost replies, deaf watches, restores, kill -9."""

from datetime import timedelta
from random import Random
from typing import Any

from explorer.accounts import put_keys_back
from explorer.looks import is_terminating
from explorer.moves import move, seconds
from explorer.people import bare
from explorer.world import World
from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER
from support.memory_store import Effect, Trouble, Verb

_KINDS = ("", "", "ModelDeployment", "ModelProvider", "CanaryEndpoint", "Secret", "ConfigMap", "Event")
_FROM_GIT = ("Secret", PROVIDER, DEPLOYMENT, CANARY)
_VERBS = ("get", "create", "patch", "finalizer", "status", "status", "status")


@move(0.7, seconds(60.0, 300.0, 900.0))
def nothing(world: World, seconds: float) -> None:
    """Time passes; the next move waits for it."""


@move(0)
def latency(world: World, provider: float, cluster: float) -> None:
    """How long requests take, each way."""
    world.provider_latency, world.cluster_latency = provider, cluster


def _trouble(random: Random, _vendors: tuple[str, ...]) -> dict[str, Any]:
    effect = random.choice(("refuse", "refuse", "lose", "lose", "hang", "delay", "late"))
    found: dict[str, Any] = {
        "effect": effect,
        "verb": random.choice(_VERBS),
        "left": random.choice((1, 1, 2, 5)),
    }
    found["kind"] = random.choice(_KINDS)
    if effect == "refuse":
        found["status"] = random.choice((403, 409, 409, 422, 500))
    if effect in ("delay", "late"):
        found["seconds"] = random.choice((0.2, 2.0, 15.0))
    return found


@move(6, _trouble)
def api_trouble(
    world: World,
    effect: str,
    verb: str,
    left: int,
    *,
    status: int = 500,
    seconds: float = 1,
    kind: str = "",
) -> None:
    """Some of the operator's requests to the API server are refused, late, or answered to nobody."""
    kinds = frozenset({kind} if kind else ())
    trouble = Trouble(Effect(effect), frozenset({Verb(verb)}), kinds, status, "said no", seconds, left)
    world.troubles.append(trouble)


@move(0.7)
def quota_on_config_maps(world: World) -> None:
    """No ConfigMap can be created, from now on and for good."""
    world.marks.add("quota")
    verbs, kinds = frozenset({Verb.CREATE}), frozenset({"ConfigMap"})
    world.troubles.append(Trouble(Effect.REFUSE, verbs, kinds, 403, "exceeded quota: configmaps=0"))


@move(0.7, seconds(5.0, 60.0))
def api_away(world: World, seconds: float) -> None:
    """No answer from the API server at all."""
    trouble = Trouble(Effect.REFUSE, status=0, message="the API server does not answer: ConnectionError")
    world.troubles.append(trouble)
    world.loop.call_later(seconds, lambda: trouble in world.troubles and world.troubles.remove(trouble))


def _deaf(random: Random, _vendors: tuple[str, ...]) -> dict[str, Any]:
    return {"seconds": random.choice((2.0, 8.0, 30.0)), "anew": random.random() < 0.5}


@move(2, _deaf)
def deaf_watch(world: World, seconds: float, anew: bool) -> None:
    process = world.process
    if process is None or not process.watch.is_open or process.watch.is_deaf:
        return
    process.watch.go_deaf()
    world.marks.add("deaf")
    if anew:
        world.excused |= world.stripped
    world.loop.call_later(seconds, lambda: process.watch.is_deaf and process.watch.hear_again(anew=anew))


@move(
    1, lambda random, _vendors: {"delay": random.choice((0.01, 0.5, 5.0)), "repeats": random.random() < 0.3}
)
def slow_watch(world: World, delay: float, repeats: bool) -> None:
    world.watch_delay = delay
    world.marks.add("deaf")
    if world.process is not None:
        world.process.watch.repeats = repeats


@move(4, seconds(0.0, 0.0, 1.0, 20.0, 100.0))
def kill(world: World, seconds: float) -> None:
    """kill -9, and a new process some time later."""
    process = world.process
    if process is None:
        return
    _forgets(world)
    process.kill()
    world.loop.call_later(seconds, start, world)


def _forgets(world: World) -> None:
    """What only that process knew is lost."""
    providers = (body for key, body in world.server.objects.items() if key.kind == PROVIDER)
    if not all(body.get("status", {}).get("provenSecretVersion") for body in providers):
        world.marks.add("unproven")  # also that the key had proven to be the account's
    world.excused |= world.stripped
    # Neither a restart nor another leader can look an endpoint up: a person is asked.
    world.killed_in_create |= any(
        not body.get("status", {}).get("externalID") for _, body in world.canaries()
    )


def start(world: World) -> None:
    if world.process is None:
        world.start()


@move(1, seconds(0.0, 0.5, 10.0))
def change_leader(world: World, seconds: float) -> None:
    """The old leader loses the Lease and does not know yet; it ends a little later. Its Lease forbids it to send."""
    process = world.process
    if process is None:
        return
    _forgets(world)
    process.leads = False
    world.start()
    world.loop.call_later(seconds, process.kill)


@move(1, lambda random, _vendors: {"minutes": random.choice((-60, -5, 5, 60))})
def step_clock(world: World, minutes: float) -> None:
    if world.process is not None:
        world.process.wall.step(timedelta(minutes=minutes))
        world.marks.add("clock")


@move(0.3, seconds(20.0, 60.0))
def restore_etcd(world: World, seconds: float) -> None:
    """The API server goes back to where it was some time ago, and the operator is restarted, as the docs ask."""
    snapshot = world.server.snapshot()

    def restore() -> None:
        for key, body in world.server.objects.items():
            if key not in snapshot[1] or snapshot[1][key]["metadata"]["uid"] != body["metadata"]["uid"]:
                world.excused.add(body["metadata"]["uid"])
        world.server.restore(snapshot)
        world.marks.add("restored")
        kill(world, 1.0)

    world.loop.call_later(seconds, restore)


@move(0.5, seconds(0.0, 20.0, 90.0))
def lose_etcd(world: World, seconds: float) -> None:
    """etcd is lost, with whatever process there was. After a while the cluster is made again from Git, under its old name:
    the same YAML save for what was being deleted, with other UIDs and without a word in any status."""
    bodies = [
        b for k, b in sorted(world.server.objects.items()) if k.kind in _FROM_GIT and not is_terminating(b)
    ]
    world.marks |= {"rebuilt", "unproven"}  # also that the key had proven to be the account's
    world.excused |= {b["metadata"]["uid"] for k, b in world.server.objects.items() if k.kind == DEPLOYMENT}
    for process in tuple(world.processes):
        process.kill()
    world.server.objects.clear()

    def rebuild() -> None:
        for body in sorted(bodies, key=lambda body: _FROM_GIT.index(body["kind"])):
            world.create(bare(body), body["metadata"]["namespace"])  # unless somebody was quicker
        put_keys_back(world)  # which are not in Git
        start(world)

    world.loop.call_later(seconds, rebuild)
