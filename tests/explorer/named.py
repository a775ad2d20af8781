"""Histories that once found something, each with what it found. One with a `fault` is of a fault that still stands.

`make explore` prints a failure in this form. A mended fault's history stays, with `fault=None`.
"""

from explorer.history import Named, Step
from explorer.named_costs import OF_COSTS


def muted() -> frozenset[str]:
    """Rules that known faults break: random histories tell of them, and do not fail for them, until those are mended."""
    return frozenset(rule for named in NAMED if named.fault for rule in (named.rule, *named.also))


NAMED = (
    Named(
        "the whole API answers 404 while an object is deleted",
        "nothing_is_orphaned_silently",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step(
                "outage", {"vendor": "parasail", "status": 404, "body": "html", "seconds": 150.0}, wait=35.0
            ),
            Step("delete", {"name": "pa"}, wait=100.0),
        ),
    ),
    Named(
        "an edit within the create of a field that no list shows",
        "synced_means_that_the_provider_holds_the_spec",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("edit", {"name": "ta", "spec": {"contextLength": 8192}}, at="create.sent"),
            Step("apply", {"name": "ta", "spec": {}}),
        ),
    ),
    Named(
        "an absence confirmed long ago and a list that lags",
        "one_deployment_for_one_object",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("confirm_absence", {"vendor": "paitient"}, wait=3.0),
            Step("lag", {"vendor": "paitient", "list_lag": 8, "stale_read": 8, "seconds": 90}),
            Step("apply", {"name": "ta", "spec": {}}, wait=3.0),
        ),
    ),
    Named(
        "an endpoint's target is misspelt while the endpoint is created",
        "an_endpoint_that_was_created_is_known",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("misspell_target", {"seconds": 40.0}, at="create_canary.sent"),
            Step("apply_canary", {"hold": "3m"}),
            Step("nothing", {"seconds": 60.0}),
        ),
    ),
    Named(
        "an object is deleted and applied again while the watch is deaf",
        "what_lives_is_not_deleted",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("deaf_watch", {"seconds": 60.0, "anew": False}, wait=35.0),
            Step("strip_and_delete", {"name": "pa", "again": True}),
            Step("edit_by_hand", {"name": "pa", "edit": {"fields": {"replicas": 2}}}, wait=1.0),
            Step("nothing", {"seconds": 60.0}),
        ),
    ),
    Named(
        "a colleague takes the chosen name of a create that was lost",
        "strangers_are_left_alone",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("fault", {"rule": {"kind": "reset", "operation": "create", "count": 1}, "seconds": 90.0}),
            Step("colleague_creates", {"vendor": "parasail", "name": "shared-llama"}, at="create.done"),
            Step("apply", {"name": "pa", "spec": {"deploymentName": "shared-llama"}}),
        ),
    ),
    Named(
        "Orphan is asked for while the deletion waits for its turn",
        "what_shall_stay_is_not_deleted",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("limit_requests", {"vendor": "parasail", "per_minute": 1}, wait=35.0),
            Step("delete", {"name": "pa"}, wait=12.0),
            Step("edit", {"name": "pa", "spec": {"deletionPolicy": "Orphan"}}, wait=3.0),
            Step("nothing", {"seconds": 300.0}),
        ),
    ),
    Named(
        "a status is emptied and the object deleted",
        "nothing_is_orphaned_silently",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("lose_status", {"name": "pa"}, wait=35.0),
            Step("delete", {"name": "pa"}),
        ),
    ),
    Named(
        "no ConfigMap can be created",
        "a_status_shows_what_the_provider_shows",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("quota_on_config_maps", {}),
            Step("apply", {"name": "pa", "spec": {"connection": {"configMapName": "for-pa"}}}),
        ),
    ),
    Named(
        "a copy with the status of the original is deleted",
        "what_lives_is_not_deleted",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("restore_from_backup", {"name": "pa"}, wait=35.0),
            Step("delete_copies", {"names": ["pa-copy"]}, wait=12.0),
        ),
    ),
    Named(
        "a ModelProvider of a type that only a newer operator knows",
        "what_is_there_is_not_said_to_be_missing",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("newer_provider", {}),
        ),
    ),
    Named(
        "the provider forgets an id for a moment",
        "one_deployment_for_one_object",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("apply", {"name": "ta", "spec": {}}),
            Step("forget", {"name": "ta", "seconds": 40.0}, wait=35.0),
            Step("nothing", {"seconds": 60.0}),
        ),
    ),
    Named(
        "figures stop before the last step of a rollout",
        "traffic_moves_on_fresh_figures",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("apply_canary", {"hold": "10m"}),
            Step("shift_traffic", {"split": {"tb": 100}}, wait=70.0),
            Step("freeze_figures", {"seconds": 900.0}, wait=240.0),
            Step("nothing", {"seconds": 900.0}),
        ),
    ),
    Named(
        "another tenant's endpoint names a deployment that is deleted",
        "what_was_deleted_is_gone",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("foreign_canary", {"name": "pa"}, wait=35.0),
            Step("delete", {"name": "pa"}, wait=12.0),
        ),
    ),
    Named(
        "a chosen name is the default name of another object",
        "one_object_for_one_deployment",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {"paused": True}}),
            Step("squat_default_name", {"name": "pa"}, wait=12.0),
            Step("edit", {"name": "pa", "spec": {"paused": False}}, wait=35.0),
        ),
    ),
    Named(
        "the clock goes back while a lost create is looked for",
        "every_object_has_settled_or_says_what_it_waits_for",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("lose_create", {"vendor": "parasail", "kind": "reset"}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("step_clock", {"minutes": -60}, wait=10.0),
        ),
    ),
    Named(
        "two objects have each other's status when they are deleted",
        "nothing_is_orphaned_silently",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("latency", {"provider": 0.5, "cluster": 0.5}),
            Step("apply_canary", {"hold": "2m"}),
            Step("restore_from_backup", {"name": "ta"}, wait=150.0),
            Step("exchange_statuses", {"names": ["ta", "tb"]}),
            Step("delete_all", {}),
        ),
    ),
    Named(
        "somebody chooses what would be the default name of an object that has chosen another",
        "nothing_is_orphaned_silently",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pb", "spec": {"deploymentName": "shared-llama"}}),
            Step("squat_default_name", {"name": "pb"}),
            Step("delete_all", {}, wait=0.3),
        ),
    ),
    Named(
        "killed when its DELETE was done, and orphaned meanwhile",
        "what_is_said_to_stay_was_not_deleted",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("latency", {"provider": 0.02, "cluster": 0.5}),
            Step("apply", {"name": "tb", "spec": {}}),
            Step("kill", {"seconds": 0.0}, at="delete.done"),
            Step("orphan", {"name": "tb"}, at="delete.sent"),
            Step("delete_all", {}, wait=10.0),
        ),
    ),
    Named(
        "a status that was emptied while somebody pauses",
        "nothing_is_orphaned_silently",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("latency", {"provider": 4.0, "cluster": 0.5}),
            Step("apply", {"name": "pa", "spec": {"deploymentName": "shared-llama"}}),
            Step(
                "api_trouble",
                {"effect": "delay", "verb": "status", "left": 1, "kind": "ModelProvider", "seconds": 2.0},
                wait=35.0,
            ),
            Step("lose_status", {"name": "pa"}),
            Step("edit", {"name": "pa", "spec": {"paused": True}}),
        ),
        seed=5180,
    ),
    Named(
        "removed by hand while it is to be paused",
        "synced_means_that_the_provider_holds_the_spec",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("apply", {"name": "pa", "spec": {"deploymentName": "shared-llama"}}),
            Step("remove_by_hand", {"name": "pa"}, wait=10.0),
            Step("edit", {"name": "pa", "spec": {"paused": True}}),
        ),
        also=("rest_costs_nothing",),
        seed=261128003974,
    ),
    Named(
        "Orphan is taken back between its Event and the end of the finalizer",
        "what_is_said_to_stay_was_not_deleted",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("latency", {"provider": 0.5, "cluster": 0.02}),
            Step("apply", {"name": "ta", "spec": {}}),
            Step("edit", {"name": "ta", "spec": {"deletionPolicy": "Orphan"}}, wait=40.0),
            Step("edit", {"name": "ta", "spec": {"deletionPolicy": "Delete"}}, at="api.finalizer.sent"),
            Step("delete_all", {}, wait=10.0),
        ),
        seed=261128900489,
    ),
    Named(
        "etcd is lost, and an object had chosen the default name of another",
        "what_has_our_mark_is_held_or_said",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("apply", {"name": "ta", "spec": {}}),
            Step("squat_default_name", {"name": "ta"}, wait=35.0),
            Step("lose_etcd", {"seconds": 20.0}, wait=12.0),
        ),
    ),
    Named(
        "etcd is lost while a create is under way",
        "what_has_our_mark_is_held_or_said",
        (
            Step("open_accounts", {"vendors": ["parasail", "paitient"]}),
            Step("apply", {"name": "pa", "spec": {}}),
            Step("lose_etcd", {"seconds": 20.0}, at="create.sent"),
            Step("apply", {"name": "ta", "spec": {}}),
        ),
    ),
    Named(
        "a mode that came and went within a pass over its ModelProvider",
        "what_nothing_hinders_is_ready",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step("latency", {"provider": 0.02, "cluster": 4.0}),
            Step("apply", {"name": "pc", "spec": {"connection": {"configMapName": "model"}}}),
            Step("set_mode", {"vendor": "parasail", "mode": "Suspend"}),
            Step("set_mode", {"vendor": "parasail", "mode": "Suspend"}, at="list.sent"),
            Step("set_mode", {"vendor": "parasail", "mode": None}, wait=70.0),
        ),
        also=("every_object_has_settled_or_says_what_it_waits_for",),
    ),
    *OF_COSTS,
)
