"""What deployments cost, as Prometheus reads it: by namespace and the labels of a setting, bounded."""

from datetime import timedelta
from decimal import Decimal

import pytest

from model_operator.domain import DEPLOYMENT, Key
from model_operator.models.cost import Cost
from model_operator.observability.costs import MOST_SERIES, OTHER, CostView, metric_label, within_bounds
from model_operator.observability.metrics import Metrics
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.spending import Spending
from support import manifests
from support.signals import Told
from support.virtual_time import START

AN_HOUR = timedelta(hours=1)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


class Books:
    """A cache and what is told of it."""

    def __init__(self, *labels):
        self.clock, self.cache, self.version = Clock(), Cache(Told()), 0
        self.spending = Spending(self.cache, self.clock, labels)
        self.metrics = Metrics()
        self.metrics.show_costs(self.spending.views, labels)

    def put(self, name, *, namespace="team", labels=None, per_hour="6", accrued="0", at=None, currency="USD"):
        self.version += 1
        body = manifests.deployment("parasail", name)
        body["metadata"] |= {
            "namespace": namespace,
            "labels": labels or {},
            "resourceVersion": str(self.version),
            "uid": name,
        }
        at = at or self.clock.now
        cost = {
            "currency": currency,
            "perHour": per_hour,
            "accrued": accrued,
            "uncertain": "0",
            "period": f"{at:%Y-%m}",
        }
        body["status"] = {"cost": {**cost, "at": at.isoformat()}}
        assert self.cache.put(Key(DEPLOYMENT, namespace, name), body)

    def shown(self):
        """(name, labels) → value."""
        found = (sample for family in self.metrics.registry.collect() for sample in family.samples)
        return {
            (sample.name.removeprefix("model_operator_cost_"), *sample.labels.values()): sample.value
            for sample in found
            if sample.name.startswith("model_operator_cost_")
        }


def test_costs_are_summed_up_by_namespace_and_currency():
    books = Books()
    books.put("a")
    books.put("b", per_hour="4")
    books.put("c", namespace="other", currency="EUR", per_hour="1", accrued="3")
    books.clock.now += AN_HOUR
    assert books.shown() == {
        ("per_hour", "other", "EUR"): 1,
        ("total", "other", "EUR"): 4,
        ("per_hour", "team", "USD"): 10,
        ("total", "team", "USD"): 10,
    }


def test_costs_are_divided_by_the_labels_of_the_setting():
    books = Books("example.com/team")
    books.put("a", labels={"example.com/team": "search", "x": "y"})
    books.put("b")
    assert [key for key in books.shown() if key[0] == "per_hour"] == [
        ("per_hour", "team", "USD", ""),
        ("per_hour", "team", "USD", "search"),
    ]
    assert metric_label("example.com/team") == "label_example_com_team"


def test_the_total_goes_on_over_the_end_of_a_month():
    books = Books()
    end = START.replace(day=31, hour=23, minute=0)
    books.clock.now = end
    books.put("a", accrued="100")
    assert books.shown()["total", "team", "USD"] == 100
    books.clock.now = end + 3 * AN_HOUR
    assert books.shown()["total", "team", "USD"] == pytest.approx(118, abs=1e-6)


def test_a_total_never_falls_and_what_was_too_much_is_not_added_twice():
    books = Books()
    books.put("a")
    books.clock.now += AN_HOUR
    assert books.shown()["total", "team", "USD"] == 6
    books.put("a", per_hour="6", accrued="2")
    assert books.shown()["total", "team", "USD"] == 6
    books.clock.now += AN_HOUR
    assert books.shown()["total", "team", "USD"] == 8


def test_what_is_let_go_stays_in_the_total_with_its_final_cost():
    books = Books()
    books.put("a")
    assert books.shown()["per_hour", "team", "USD"] == 6
    found = books.cache.deployment(Key(DEPLOYMENT, "team", "a"))
    final = Cost.read(found.status.cost.dump() | {"accrued": "9", "perHour": "0"})
    books.spending.settle(found.metadata, final)
    books.cache.remove(Key(DEPLOYMENT, "team", "a"))
    assert books.shown() == {("per_hour", "team", "USD"): 0, ("total", "team", "USD"): 9}
    assert books.shown()["total", "team", "USD"] == 9


def test_a_label_that_is_edited_again_and_again_fills_no_memory():
    books = Books("team")
    for edit in range(5 * MOST_SERIES + 50):
        books.clock.now += timedelta(seconds=60)
        books.put("a", labels={"team": f"t{edit}"}, per_hour="60", accrued=str(edit + 1))
        sum(1 for _ in books.spending.views())
    assert len(books.spending.totals) == 5 * MOST_SERIES + 1
    assert books.spending.totals["team", "USD", (OTHER,)] == 50
    assert sum(books.spending.totals.values()) == 5 * MOST_SERIES + 50


def view(number):
    return CostView(namespace="team", currency="USD", labels=(str(number),), per_hour=1, total=number)


def test_labels_of_which_there_are_too_many_are_summed_up():
    shown = list(within_bounds(map(view, range(MOST_SERIES + 3))))
    assert len(shown) == MOST_SERIES + 1
    assert (shown[-1].labels, shown[-1].per_hour, shown[-1].total) == (("(other)",), 3, 0 + 1 + 2)
    assert Decimal(str(sum(one.total for one in shown))) == sum(range(MOST_SERIES + 3))
