"""Which rights the chart gives, to whom and where."""

import pytest

from model_operator.shard_lease import lease_name
from support.chart_cases import CASES
from support.chart_made import container
from support.helm import Helm, of_kind
from support.kube_api import Object


def rules_of(role: Object, resource: str) -> list[Object]:
    return [rule for rule in role["rules"] if resource in rule["resources"]]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        pytest.param({}, [], id="nobody asked"),
        pytest.param({"rbac": {"connections": ["a", "b"]}}, ["a", "b"], id="some namespaces"),
        pytest.param({"rbac": {"connections": ["*"]}}, [None], id="all"),
        pytest.param(
            {"rbac": {"connections": ["*"]}, "watchNamespaces": ["a", "b"]}, ["a", "b"], id="all watched"
        ),
        pytest.param(
            {"rbac": {"connections": ["a"]}, "watchNamespaces": ["a", "b"]}, ["a"], id="one of the watched"
        ),
    ],
)
def test_config_maps_are_written_only_where_the_chart_is_told(
    helm: Helm, values: Object, where: list[str | None]
) -> None:
    made = helm.template(values)
    roles = [*of_kind(made, "Role"), *of_kind(made, "ClusterRole")]
    found = [role for role in roles if rules_of(role, "configmaps")]
    assert sorted(str(role["metadata"].get("namespace")) for role in found) == sorted(map(str, where))
    bound = {
        (binding["roleRef"]["name"], binding["metadata"].get("namespace"))
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in of_kind(made, kind)
    }
    assert {(role["metadata"]["name"], role["metadata"].get("namespace")) for role in found} <= bound


def test_without_canaries_nobody_has_a_right_to_them(helm: Helm) -> None:
    made = helm.template({"canaryEndpoints": {"enabled": False}})
    roles = [*of_kind(made, "Role"), *of_kind(made, "ClusterRole")]
    named = {
        resource.partition("/")[0]
        for role in roles
        for rule in role["rules"]
        for resource in rule["resources"]
    }
    assert "canaryendpoints" not in named
    assert {"modelproviders", "modeldeployments"} <= named
    env = {entry["name"]: entry.get("value") for entry in container(made)["env"]}
    assert env["MODEL_OPERATOR_CANARY_ENDPOINTS"] == "false"


def test_watched_namespaces_get_the_same_rules_as_a_role_each(helm: Helm) -> None:
    values = {"leaderElection": {"enabled": False}}
    everywhere = helm.template({**values, "installation": "berlin-1"})
    some = helm.template({**values, "watchNamespaces": ["a", "b"]})
    (cluster_role,) = of_kind(everywhere, "ClusterRole", "model-operator")
    assert not of_kind(everywhere, "Role")
    assert not of_kind(some, "ClusterRole", "model-operator")
    assert not of_kind(some, "ClusterRoleBinding")
    assert {role["metadata"]["namespace"]: role["rules"] for role in of_kind(some, "Role")} == dict.fromkeys(
        "ab", cluster_role["rules"]
    )
    assert all(
        binding["subjects"] == [{"kind": "ServiceAccount", "name": "model-operator", "namespace": "system"}]
        for binding in of_kind(some, "RoleBinding")
    )


@pytest.mark.parametrize(
    ("values", "may_ask"),
    [
        pytest.param({}, True, id="nobody has named it"),
        pytest.param({"installation": "berlin-1"}, False, id="named"),
        pytest.param({"watchNamespaces": ["a"]}, False, id="a Role gives no right outside"),
    ],
)
def test_the_uid_of_one_namespace_may_be_read_for_a_name(helm: Helm, values: Object, may_ask: bool) -> None:
    objects = helm.template(values)
    roles = of_kind(objects, "Role") + of_kind(objects, "ClusterRole")
    asking = [rule for role in roles for rule in rules_of(role, "namespaces")]
    usual = {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "resourceNames": ["kube-system"],
        "verbs": ["get"],
    }
    assert asking == ([usual] if may_ask else [])
    env = {entry["name"]: entry.get("value") for entry in container(objects)["env"]}
    assert env.get("MODEL_OPERATOR_INSTALLATION") == values.get("installation")


def test_the_lease_is_in_the_releases_namespace_and_the_only_one(helm: Helm) -> None:
    (role,) = of_kind(helm.template(), "Role")
    assert role["metadata"]["namespace"] == "system"
    assert [rule["resources"] for rule in role["rules"]] == [["leases"], ["leases"]]
    assert [rule.get("resourceNames") for rule in role["rules"]] == [["model-operator"], None]


def test_each_shard_has_a_lease_and_a_right_to_it_and_the_operators_are_told_how_many(helm: Helm) -> None:
    objects = helm.template(CASES["shards"])
    (role,) = of_kind(objects, "Role")
    leases = ["model-operator", *[lease_name("model-operator", shard, 3) for shard in range(3)]]
    assert [rule.get("resourceNames") for rule in role["rules"]] == [leases, None]
    (deployment,) = of_kind(objects, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one.get("value") for one in container["env"]}
    assert (told["MODEL_OPERATOR_SHARDS"], told["MODEL_OPERATOR_LEASE_NAME"]) == ("3", "model-operator")
    assert deployment["spec"]["replicas"] == 4


def test_no_rule_has_a_wildcard(helm: Helm) -> None:
    roles = [obj for obj in helm.template() if obj["kind"] in ("Role", "ClusterRole")]
    assert roles
    for role in roles:
        for rule in role["rules"]:
            assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}


@pytest.mark.parametrize(
    ("values", "aggregated"),
    [
        pytest.param({}, {"view", "admin"}, id="default: whoever may edit may not spend"),
        pytest.param({"rbac": {"aggregateToEdit": True}}, {"view", "edit", "admin"}, id="all"),
        pytest.param({"rbac": {"aggregateToView": False, "aggregateToAdmin": False}}, set(), id="none"),
    ],
)
def test_roles_for_people_are_aggregated(helm: Helm, values: Object, aggregated: set[str]) -> None:
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    found = {
        (role["metadata"]["name"].removeprefix("model-operator-"), label.removeprefix(prefix))
        for role in of_kind(helm.template(values), "ClusterRole")
        for label in role["metadata"]["labels"]
        if label.startswith(prefix)
    }
    assert found == {(name, name) for name in aggregated}
