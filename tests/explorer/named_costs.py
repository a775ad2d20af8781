"""Histories that once found something (`named`): of deployments that nobody uses, and of budgets."""

from explorer.history import Named, Step

OF_COSTS = (
    Named(
        "users come back and the process dies between what was found idle and its end",
        "what_is_used_is_not_taken_for_idle",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("apply", {"name": "ta", "spec": {}}),
            Step("mind_idleness", {"name": "ta", "then": "Expire"}, wait=30.0),
            Step("lose_users", {"name": "ta"}),
            Step(
                "outage",
                {"vendor": "paitient", "status": 503, "body": "html", "seconds": 300.0},
                wait=914.0,
            ),
            Step("gain_users", {"name": "ta"}, wait=3.0),
            Step("kill", {"seconds": 100.0}, wait=1.0),
            Step("nothing", {"seconds": 600.0}),
        ),
    ),
    Named(
        "a deployment has users in between",
        "what_is_used_is_not_taken_for_idle",
        (
            Step("open_accounts", {"vendors": ["paitient"]}),
            Step("apply", {"name": "ta", "spec": {}}),
            Step("mind_idleness", {"name": "ta", "then": "Expire"}, wait=30.0),
            Step("lose_users", {"name": "ta"}),
            Step("gain_users", {"name": "ta"}, wait=300.0),
            Step("lose_users", {"name": "ta"}, wait=70.0),
            Step("nothing", {"seconds": 700.0}),
        ),
    ),
    Named(
        "a budget stops what runs, the process dies between, and the budget goes",
        "what_no_budget_holds_is_not_held",
        (
            Step("open_accounts", {"vendors": ["parasail"]}),
            Step(
                "change_prices",
                {
                    "vendor": "parasail",
                    "prices": [{"match": "*", "perReplicaHour": "3.60", "currency": "USD"}],
                },
            ),
            Step("apply", {"name": "pa", "spec": {}}, wait=60.0),
            Step("kill", {"seconds": 1.0}, at="power.done"),
            Step("set_budget", {"name": "team", "limit": "0.01", "on_exceeded": "Pause"}, wait=300.0),
            Step("drop_budget", {"name": "team"}, wait=35.0),
        ),
    ),
    Named(
        "a GET shows for a while what was before an edit of replicas",
        "what_was_billed_lies_within_what_is_said",
        (
            Step("open_accounts", {"vendors": ["parasail", "paitient"]}),
            Step("apply", {"name": "tb", "spec": {"driftPolicy": "Report"}}),
            Step("lag", {"vendor": "paitient", "list_lag": 8, "stale_read": 8, "seconds": 90}),
            Step("edit", {"name": "tb", "spec": {"replicas": 2}}, at="get.sent"),
        ),
        seed=281128932519,
    ),
)
