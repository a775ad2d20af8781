"""How the kinds look to people with kubectl."""

from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from model_operator.models.crd import KINDS, custom_resource_definition
from model_operator.models.structural import properties
from support.least_manifests import BUDGET, CANARY, PARASAIL, PROVIDER, edited

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="module")
def pair(api):
    """One object of each kind, all of the same name, with statuses."""
    name = f"a-{uuid4().hex[:8]}"
    ready = {
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
        "observedGeneration": 1,
    }
    api.create(edited(PARASAIL, {}, name=name))
    api.report(
        "ModelDeployment",
        name,
        {
            "observedGeneration": 1,
            "phase": "Ready",
            "replicas": 1,
            "externalAlias": "acme-m",
            "cost": {"perHour": "3.2"},
            "endpointURL": "https://a.example/v1",
            "conditions": [ready | {"reason": "Available", "message": "Serves."}],
        },
    )
    api.create(edited(PROVIDER, {"baseURL": "https://a.example/api"}, name=name))
    api.report(
        "ModelProvider",
        name,
        {
            "observedGeneration": 1,
            "deployments": 1,
            "mode": "Manage",
            "conditions": [ready | {"reason": "Available", "message": "Fine."}],
        },
    )
    api.create(edited(BUDGET, {}, name=name))
    api.report(
        "ModelBudget",
        name,
        {
            "observedGeneration": 1,
            "spent": "12.5",
            "forecast": "99",
            "exhaustsAt": "2026-01-31T00:00:00Z",
            "conditions": [
                ready | {"reason": "Accepted", "message": "Fine."},
                ready | {"type": "WithinLimit", "reason": "WithinLimit", "message": "Less."},
            ],
        },
    )
    api.create(edited(CANARY, {}, name=name))
    api.report(
        "CanaryEndpoint",
        name,
        {
            "observedGeneration": 1,
            "phase": "Progressing",
            "message": "v2 holds.",
            "split": "v1=75",
            "step": "2/4",
            "verdict": "Pass",
            "endpointURL": "https://a.example/v1",
            "conditions": [ready | {"reason": "Available", "message": "Fine."}],
        },
    )
    return name


@pytest.fixture
def kubectl(cluster, api):
    def run(*args, check=True, input=None):
        return cluster.kubectl(f"--namespace={api.namespace}", *args, check=check, input=input)

    return run


COLUMNS = [
    pytest.param(
        ["mdep"],
        ["NAME", "PHASE", "READY", "REASON", "REPLICAS", "PROVIDER", "AGE"],
        ["Ready", "True", "Available", "1", "p"],
        id="ModelDeployment",
    ),
    pytest.param(
        ["mdep", "--output=wide"],
        [
            "NAME",
            "PHASE",
            "READY",
            "REASON",
            "REPLICAS",
            "PROVIDER",
            "MODEL",
            "COST/H",
            "ALIAS",
            "URL",
            "MESSAGE",
            "AGE",
        ],
        ["Ready", "True", "Available", "1", "p", "org/m", "3.2", "acme-m", "https://a.example/v1", "Serves."],
        id="ModelDeployment, wide",
    ),
    pytest.param(
        ["mprov"],
        ["NAME", "TYPE", "MODE", "READY", "REASON", "DEPLOYMENTS", "AGE"],
        ["parasail", "Manage", "True", "Available", "1"],
        id="ModelProvider",
    ),
    pytest.param(
        ["mprov", "--output=wide"],
        ["NAME", "TYPE", "MODE", "READY", "REASON", "DEPLOYMENTS", "URL", "MESSAGE", "AGE"],
        ["parasail", "Manage", "True", "Available", "1", "https://a.example/api", "Fine."],
        id="ModelProvider, wide",
    ),
    pytest.param(
        ["mbudget"],
        ["NAME", "PERIOD", "LIMIT", "SPENT", "CURRENCY", "WITHINLIMIT", "AGE"],
        ["Month", "1500.00", "12.5", "USD", "True"],
        id="ModelBudget",
    ),
    pytest.param(
        ["canep"],
        ["NAME", "PHASE", "SPLIT", "STEP", "VERDICT", "READY", "REASON", "AGE"],
        ["Progressing", "v1=75", "2/4", "Pass", "True", "Available"],
        id="CanaryEndpoint",
    ),
    pytest.param(
        ["canep", "--output=wide"],
        ["NAME", "PHASE", "SPLIT", "STEP", "VERDICT", "READY", "REASON", "URL", "MESSAGE", "AGE"],
        ["Progressing", "v1=75", "2/4", "Pass", "True", "Available", "https://a.example/v1", "v2", "holds."],
        id="CanaryEndpoint, wide",
    ),
]


@pytest.mark.parametrize(("args", "head", "row"), COLUMNS)
def test_the_columns_of_get(kubectl, pair, args, head, row):
    lines = [line.split() for line in kubectl("get", *args).stdout.splitlines()]
    assert lines[0] == head
    assert next(line for line in lines if line[0] == pair)[1:-1] == row


def test_the_category_holds_all_kinds(kubectl, pair):
    named = set(kubectl("get", "modelops", "--output=name").stdout.split())
    assert {f"{kind.kind.lower()}.modeloperator.dev/{pair}" for kind in KINDS} <= named


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        pytest.param("spec.model=org/m,spec.providerRef.name=p", True, id="both fit"),
        pytest.param("spec.model=org/n", False, id="another model"),
        pytest.param("spec.providerRef.name=q", False, id="another provider"),
    ],
)
def test_deployments_are_selected_by_model_and_provider(kubectl, pair, selector, found):
    named = kubectl("get", "mdep", f"--field-selector={selector}", "--output=name").stdout
    assert (pair in named) == found


def test_scale_sets_replicas_and_nothing_below_one(kubectl, pair):
    kubectl("scale", f"mdep/{pair}", "--replicas=3")
    assert kubectl("get", "mdep", pair, "--output=jsonpath={.spec.replicas}").stdout == "3"
    refused = kubectl("scale", f"mdep/{pair}", "--replicas=0", check=False)
    assert refused.returncode == 1
    assert "spec.replicas" in refused.stderr


def test_wait_goes_by_the_condition(kubectl, pair):
    kubectl("wait", f"mprov/{pair}", "--for=condition=Ready", "--timeout=20s")


def test_apply_finds_a_misspelt_field(kubectl):
    manifest = yaml.safe_dump(edited(PARASAIL, {"modle": "org/m"}))
    refused = kubectl("apply", "--server-side", "--filename=-", input=manifest, check=False)
    assert ".spec.modle: field not declared in schema" in refused.stderr


def objects_of(kind):
    """Paths of everything that has fields: what `kubectl explain` takes."""
    schema = custom_resource_definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for path, part in properties(schema):
        if "properties" in part or "properties" in part.get("items", {}):
            yield kind.plural + path.replace("[]", "")


@pytest.mark.parametrize("path", [path for kind in KINDS for path in (kind.plural, *objects_of(kind))])
def test_explain_describes_every_field(kubectl, path):
    explained = kubectl("explain", path, "--api-version=modeloperator.dev/v1alpha1").stdout
    assert "FIELDS:" in explained
    assert "<no description>" not in explained
    assert "<empty>" not in explained


def test_applying_the_crds_again_changes_nothing(kubectl):
    def versions():
        return kubectl(
            "get",
            f"--filename={CRDS}",
            "--output=jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}",
        ).stdout

    before = versions()
    assert before.count("=") == len(KINDS)
    kubectl("apply", "--server-side", f"--filename={CRDS}")
    assert versions() == before
