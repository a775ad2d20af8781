"""Claims of other shards, namespaces and thousands of objects."""

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.reconcile.cache import Cache
from support import bodies
from support.contests import ADOPTING, NAMED, YOUNGER, contest, pair, rival_of
from support.effort import cpu_seconds
from support.signals import Told
from support.situations import remote


def test_the_name_of_another_namespace_is_nobodys_business():
    other = bodies.deployment("elder", **ADOPTING)
    other["metadata"]["namespace"] = "elsewhere"
    mine = contest("younger", other, bodies.deployment("younger", about=YOUNGER, **ADOPTING))
    mine.account.members.add(Key(PROVIDER, "elsewhere", "acme"))
    assert mine.rival() == "a ModelDeployment in another namespace"


def test_looking_for_rivals_costs_the_same_among_thousands():
    """All with names of their own, in one account."""
    costs = []
    for number in (10, 3000):
        names = [f"m{n}" for n in range(number)]
        objects = [
            bodies.deployment(name, deploymentName=f"chosen-{name}", status={"externalID": name})
            for name in names
        ]
        mine = contest("m5", *objects)
        other = remote(id="1", owner_uid="uid-m7")

        def look(mine=mine, other=other) -> None:
            for _ in range(100):
                assert mine.rival() is None
                assert mine.owner(other) == 'ModelDeployment "m7"'

        costs.append(cpu_seconds(look))
    assert costs[1] < 5 * costs[0]


def test_who_is_gone_or_has_another_id_now_is_no_rival():
    cache = Cache(Told())
    key = Key(DEPLOYMENT, "team", "a")
    cache.put(key, bodies.deployment("a", deploymentName="x", status={"externalID": "1"}))
    assert cache.claims.find("id/1") == {key}
    cache.put(key, bodies.deployment("a", version=2, deploymentName="x", status={"externalID": "2"}))
    assert cache.claims.find("id/1") == set()
    assert cache.claims.find("name/x") == {key}
    cache.remove(key)
    assert cache.claims.find("id/2", "name/x", "uid/uid-a") == set()


def test_two_shards_agree_by_what_the_server_shows_whomever_each_has_let_through():
    """Each has seen its own object first, and knows nothing of the other's passes."""
    objects = pair(NAMED, NAMED)
    let_through = {"uid-elder", "uid-younger"}
    for claims in ({"uid-elder"}, {"uid-younger"}, let_through, set()):
        assert rival_of("elder", *objects, claims=claims, is_ours=_is_elsewhere) is None
        assert (
            rival_of("younger", *objects, claims=claims, is_ours=_is_elsewhere) == 'ModelDeployment "elder"'
        )


def _is_elsewhere(_: str) -> bool:
    return False
