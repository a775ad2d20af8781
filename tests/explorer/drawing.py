"""A history, made of a seed: moves that meet, at moments that matter."""

from random import Random

from explorer.history import History, Step
from explorer.moves import MOVES

_WAITS = (0.0, 0.0, 0.05, 0.3, 1.0, 3.0, 12.0, 35.0, 70.0, 150.0)
_POINTS = (
    "create.sent",
    "create.done",
    "update.sent",
    "update.done",
    "delete.sent",
    "delete.done",
    "list.sent",
    "get.sent",
    "power.sent",
    "api.finalizer.sent",
    "api.finalizer.done",
    "api.status.sent",
    "api.status.done",
    "ConfigMap.create.sent",
)
_CANARY_POINTS = (
    "create_canary.sent",
    "create_canary.done",
    "update_canary.sent",
    "update_canary.done",
    "metrics.sent",
)
_LATENCIES = (0.02, 0.02, 0.02, 0.5, 4.0)  # seconds, each way
_ALWAYS = frozenset({"apply", "edit", "delete", "nothing", "fault"})
_THEMES: tuple[frozenset[str], ...] = (
    frozenset(
        {"apply_canary", "shift_traffic", "misspell_target", "delete_canary", "misbehave", "freeze_figures"}
    ),
    frozenset(
        {"restore_from_backup", "delete_copies", "exchange_statuses", "lose_status", "squat_default_name"}
    ),
    frozenset(
        {"strip_and_delete", "replace", "delete_and_apply", "deaf_watch", "slow_watch", "edit_by_hand"}
    ),
    frozenset(
        {
            "lose_create",
            "colleague_creates",
            "adopt_stranger",
            "twin",
            "foreign_canary",
            "remove_by_hand",
            "kill",
        }
    ),
    frozenset({"set_budget", "drop_budget", "delete_and_apply", "remove_by_hand", "change_leader", "kill"}),
    frozenset({"let_run", "edit_by_hand", "remove_by_hand", "refuse_under_200", "change_leader", "kill"}),
    frozenset({"mind_idleness", "lose_users", "gain_users", "outage", "change_leader", "kill"}),
    frozenset({"outage", "forget", "lag", "confirm_absence", "change_key", "remove_by_hand", "kill"}),
    frozenset({"limit_requests", "orphan", "step_clock", "delete_and_apply", "change_leader", "kill"}),
    frozenset({"set_mode", "taken_over", "lose_create", "orphan", "delete_and_apply", "kill"}),
    frozenset({"change_prices", "label", "remove_by_hand", "edit_by_hand", "change_leader", "kill"}),
    frozenset(
        {"api_trouble", "api_away", "quota_on_config_maps", "newer_provider", "newer_word", "restore_etcd"}
    ),
    frozenset({"lose_etcd", "orphan", "delete_and_apply", "strip_and_delete", "lose_create", "kill"}),
)
"""Moves that meet seldom by chance: a history has one or two of these, or (rarely) all moves."""
THEMED = _ALWAYS.union(*_THEMES)
"""Any other is drawn by no history."""


def draw(seed: int) -> History:
    """Some of the moves, weighted, in a world that is quick or slow."""
    random = Random(seed)
    kinds = random.choice((("parasail",), ("paitient",), ("paitient",), ("parasail", "paitient")))
    themes = random.sample(_THEMES, random.choice((1, 1, 2, 2, 2, len(_THEMES))))
    names = _ALWAYS.union(*themes)
    moves = sorted(MOVES.values(), key=lambda kind: kind.name)
    table = [k for k in moves if k.weight and k.name in names and k.vendor in (None, *kinds)]
    weights = [k.weight * random.choice((0.5, 1.0, 2.0)) / (3 if k.name in _ALWAYS else 1) for k in table]
    steps = [
        Step("open_accounts", {"vendors": list(kinds)}),
        Step("latency", {"provider": random.choice(_LATENCIES), "cluster": random.choice(_LATENCIES)}),
    ]
    if "apply_canary" in names and len(themes) < len(_THEMES) and "paitient" in kinds:
        steps.append(Step("apply_canary", MOVES["apply_canary"].draw(random, kinds)))
    for number in range(random.choice((4, 6, 8, 12))):
        kind = MOVES["apply"] if number == 0 else random.choices(table, weights)[0]
        points = _CANARY_POINTS if kind.vendor else _POINTS
        at = random.choice(points) if number and random.random() < 0.35 else None
        steps.append(Step(kind.name, kind.draw(random, kinds), random.choice(_WAITS), at))
    if random.random() < 0.25:
        steps.append(Step("delete_all", {}, random.choice(_WAITS)))
    steps.append(Step("nothing", {"seconds": random.choice((10.0, 30.0, 100.0))}))
    return tuple(steps)
