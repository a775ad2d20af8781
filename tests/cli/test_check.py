"""`check`: facts in, findings out; and all of it once on a real cluster."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product

import pytest
import yaml

from model_operator.cli.checking import Account, Facts, Outcome, Right, findings
from model_operator.cli.facts import needed
from support import manifests
from support.markdown import ROOT

ALL = frozenset({"modelproviders", "modeldeployments", "canaryendpoints", "modelbudgets"})
ACCOUNT = Account(name="parasail", url="https://api.example.com", is_admitted=True, secret="parasail")
FINE = Facts(
    version=(1, 33),
    kinds=ALL,
    wanted_kinds=ALL,
    old_kinds=(),
    rights=(Right("list", "modeldeployments", is_allowed=True),),
    whose="your rights",
    untouched=(),
    objects=2,
    accounts=(ACCOUNT,),
    skew=timedelta(seconds=2),
)


def test_a_cluster_that_has_everything_passes_every_check():
    assert [(one.check, one.outcome) for one in findings(FINE)] == [
        ("Kubernetes", "ok"),
        ("CRDs", "ok"),
        ("rights", "ok"),
        ("operator", "ok"),
        ("host of parasail", "ok"),
        ("key of parasail", "ok"),
        ("clock", "ok"),
    ]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            replace(FINE, version=(1, 30)), ("Kubernetes", Outcome.FAIL, "Kubernetes 1.30"), id="too old"
        ),
        pytest.param(
            replace(FINE, kinds=ALL - {"modelproviders"}),
            ("CRDs", Outcome.FAIL, "not installed: modelproviders"),
            id="no CRDs",
        ),
        pytest.param(
            replace(FINE, old_kinds=("ModelProvider",)),
            ("CRDs", Outcome.WARN, "not the versions of this program: ModelProvider"),
            id="other CRDs",
        ),
        pytest.param(
            replace(FINE, rights=(Right("patch", "modeldeployments", is_allowed=False),)),
            ("rights", Outcome.FAIL, "your rights do not include patch modeldeployments"),
            id="a right is missing",
        ),
        pytest.param(
            replace(FINE, untouched=tuple("abcd")),
            ("operator", Outcome.FAIL, "the operator has not processed a, b, c and others"),
            id="no operator",
        ),
        pytest.param(
            replace(FINE, objects=0),
            ("operator", Outcome.WARN, "there are no objects yet"),
            id="nothing to look at",
        ),
        pytest.param(
            replace(FINE, accounts=(replace(ACCOUNT, is_admitted=False),)),
            ("host of parasail", Outcome.WARN, "https://api.example.com is not the provider's own"),
            id="another host",
        ),
        pytest.param(
            replace(FINE, accounts=(replace(ACCOUNT, key_problem="Secret parasail does not exist"),)),
            ("key of parasail", Outcome.FAIL, "Secret parasail does not exist"),
            id="no key",
        ),
        pytest.param(
            replace(FINE, accounts=(replace(ACCOUNT, is_secret_readable=False),)),
            ("key of parasail", Outcome.WARN, "you may not read the Secret parasail"),
            id="a key that one may not read",
        ),
        pytest.param(
            replace(FINE, skew=-timedelta(minutes=2)),
            ("clock", Outcome.WARN, "this machine is 120 s behind the API server"),
            id="a wrong clock",
        ),
    ],
)
def test_what_is_not_as_it_should_be_is_found(facts, expected):
    odd = [(one.check, one.outcome, one.message) for one in findings(facts) if one.outcome is not Outcome.OK]
    assert odd == [expected]


def rights(**allowed: bool) -> tuple[Right, ...]:
    return tuple(Right("list", resource, is_allowed) for resource, is_allowed in allowed.items())


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            rights(modeldeployments=True, canaryendpoints=False),
            (
                Outcome.OK,
                "your rights are sufficient (1 checked); none for canaryendpoints, as with canaryEndpoints.enabled: false",
            ),
            id="canaries are switched off",
        ),
        pytest.param(
            (
                *rights(modeldeployments=True, canaryendpoints=True),
                Right("patch", "canaryendpoints/status", False),
            ),
            (Outcome.FAIL, "your rights do not include patch canaryendpoints/status"),
            id="one right to canaries is missing",
        ),
        pytest.param(
            rights(modelproviders=True, modeldeployments=False, canaryendpoints=False),
            (Outcome.FAIL, "your rights do not include list modeldeployments"),
            id="switched off, and another right is missing",
        ),
        pytest.param(
            rights(modeldeployments=False, canaryendpoints=False),
            (Outcome.FAIL, "your rights do not include list modeldeployments, list canaryendpoints"),
            id="no rights at all",
        ),
    ],
)
def test_canaries_that_are_switched_off_need_no_right(found, expected):
    (said,) = (one for one in findings(replace(FINE, rights=found)) if one.check == "rights")
    assert (said.outcome, said.message) == expected


@pytest.mark.parametrize(("role", "is_operator"), [("model-operator-edit", False), ("model-operator", True)])
def test_the_role_that_check_recommends_has_all_that_it_looks_for(role, is_operator):
    documents = yaml.safe_load_all((ROOT / "manifests" / "rbac.yaml").read_text())
    (found,) = (
        one for one in documents if one and one["kind"] == "ClusterRole" and one["metadata"]["name"] == role
    )
    given = {
        (verb, group, resource)
        for rule in found["rules"]
        for verb, group, resource in product(rule["verbs"], rule["apiGroups"], rule["resources"])
    }
    asked = {
        (verb, group, f"{resource}/{sub}" if sub else resource)
        for verb, group, resource, sub in needed(is_operator=is_operator)
    }
    assert asked - given == set()


def test_a_real_cluster_is_checked(namespace, kubectl):
    namespace.apply(
        manifests.parasail_secret(),
        manifests.provider("parasail", "http://127.0.0.1:9"),
        manifests.provider("parasail", "http://127.0.0.1:9", name="other", secret="none"),
    )
    result = kubectl("models", "check", "--allowed-provider-host", "http://127.0.0.1:9", "-o", "json")
    outcomes = {one["check"]: one["outcome"] for one in json.loads(result.stdout)}
    assert (result.returncode, result.stderr) == (1, "")
    assert outcomes == {
        "Kubernetes": "ok",
        "CRDs": "ok",
        "rights": "ok",
        "operator": "fail",
        "host of parasail": "ok",
        "key of parasail": "ok",
        "host of other": "ok",
        "key of other": "fail",
        "clock": "ok",
    }
    nobody = kubectl("models", "check", "--operator", "nowhere/nobody")
    assert "the rights of nowhere/nobody do not include get modelproviders" in nobody.stdout
    missing = kubectl("models", "check", "-o", "name").stdout.split("\n")
    assert missing == ["operator", "key of other", ""]


def test_where_canaries_are_switched_off_nothing_asks_for_them(namespace, run_as, tmp_path):
    """The chart with canaryEndpoints.enabled: false leaves the kind out of all of its roles."""
    namespace.apply(manifests.provider("parasail", "http://127.0.0.1:9"))
    ours = ("modelproviders", "modeldeployments", "modelbudgets")
    resources = f"--resource={','.join(f'{one}.modeloperator.dev' for one in ours)}"
    namespace.kubectl("create", "role", "without-canaries", "--verb=get,list,create,patch", resources)
    user = partial(run_as, "--role=without-canaries")
    checked = json.loads(user("check", "-o", "json").stdout)
    (found,) = (one for one in checked if one["check"] == "rights")
    assert (found["outcome"], "none for canaryendpoints" in found["message"]) == ("ok", True)
    status = user("status")
    assert (status.exit_code, "provider/parasail" in status.stdout) == (0, True), status.stderr
    (tmp_path / "llama.yaml").write_text(yaml.safe_dump(manifests.parasail_deployment("llama")))
    plan = user("plan", "-f", str(tmp_path / "llama.yaml"))
    assert ("HostNotAllowed" in plan.stdout, plan.stderr) == (True, "")
