"""`kubectl models import` on a real API server, with the simulator as both providers."""

import pytest
import yaml
from click.testing import CliRunner, Result

from model_operator.cli import main
from support import manifests
from support.by_hand import create_by_hand
from support.kube_api import path_of
from support.namespace import Namespace
from support.rows import ROWS

pytestmark = pytest.mark.own_ids


@pytest.fixture
def call(namespace, simulator):
    def run(*arguments: str) -> Result:
        where = [f"--kubeconfig={namespace.access.kubeconfig}", f"--namespace={namespace.name}"]
        return CliRunner().invoke(
            main, ["import", *arguments, *where, f"--allowed-provider-host={simulator.url}"]
        )

    return run


@pytest.fixture
def accounts(namespace, simulator):
    for vendor in ROWS:
        namespace.apply(manifests.secret_of(vendor), manifests.provider(vendor, simulator.url))


def hold(namespace, vendor: str, name: str, id_: str) -> None:
    """What the operator would write."""
    namespace.apply(manifests.deployment(vendor, name))
    namespace.api.merge(
        path_of("ModelDeployment", namespace.name, name, "status"), {"status": {"externalID": id_}}
    )


@pytest.fixture
def elsewhere(namespace):
    """Another namespace, without a ModelProvider."""
    other = Namespace.create(namespace.access, f"{namespace.name}-x")
    yield other
    other.remove()


@pytest.mark.usefixtures("accounts")
def test_what_nobody_holds_is_printed_as_yaml_that_the_server_takes(call, namespace, simulator, elsewhere):
    ids = {
        vendor: [create_by_hand(simulator, vendor, f"{name}-of-{vendor}") for name in ("old", "held")]
        for vendor in ROWS
    }
    for vendor, (old, held) in ids.items():
        hold(namespace, vendor, f"old-of-{vendor}", held)
        hold(elsewhere, vendor, f"{vendor}-leads-nowhere", old)
    since = simulator.last_request
    done = call()
    assert (done.exit_code, done.stderr) == (0, "")
    bodies = [body for body in yaml.safe_load_all(done.stdout) if body]
    assert [(body["spec"]["externalID"], body["spec"]["providerRef"]["name"]) for body in bodies] == [
        (old, vendor) for vendor, (old, _held) in sorted(ids.items())
    ]
    assert [body["metadata"]["name"] for body in bodies] == [
        f"old-of-{vendor}-{old.lower().replace('_', '-')}" for vendor, (old, _held) in sorted(ids.items())
    ]
    applied = namespace.kubectl("apply", "--server-side", "--filename=-", "--output=name", input=done.stdout)
    assert applied.stdout.split() == call_names(bodies)
    assert {request["method"] for request in simulator.requests(since)} == {"GET"}
    again = call()
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "nothing to import: every deployment is managed by an object\n"


def call_names(bodies) -> list[str]:
    return [f"modeldeployment.modeloperator.dev/{body['metadata']['name']}" for body in bodies]


@pytest.mark.long
@pytest.mark.usefixtures("accounts")
def test_one_is_found_by_its_id_in_whichever_account_it_is(call, namespace, simulator):
    id_, other = (create_by_hand(simulator, "paitient", name) for name in ("triage", "other"))
    done = call(id_, "--deletion-policy=Delete")
    assert (done.exit_code, done.stderr) == (0, "")
    (one,) = (body for body in yaml.safe_load_all(done.stdout) if body)
    assert (one["metadata"], one["spec"]["deletionPolicy"]) == (
        {"name": "triage", "namespace": namespace.name},
        "Delete",
    )
    assert call(id_, "-o", "name").stdout == "modeldeployment.modeloperator.dev/triage\n"
    head, *rows = call("-o", "text").stdout.splitlines()
    assert head.split() == ["PROVIDER", "ID", "NAME", "MODEL", "STATE", "OBJECT"]
    model = ROWS["paitient"].api.least["model_name"]
    assert sorted(row.split() for row in rows) == sorted(
        ["paitient", known, name, model, "running", name]
        for known, name in ((id_, "triage"), (other, "other"))
    )
    hold(namespace, "paitient", "holder", id_)
    context = yaml.safe_load(namespace.access.kubeconfig.read_text())["current-context"]
    where = f"(context {context}, namespace {namespace.name})"
    held, unknown = call(id_), call("dep_neverissued0")
    assert (held.exit_code, held.stderr) == (
        1,
        f"Error: {id_} is already managed by ModelDeployment/{namespace.name}/holder {where}\n",
    )
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        f"Error: there is no deployment dep_neverissued0 at paitient, parasail {where}\n",
    )


@pytest.mark.long
def test_without_an_account_it_says_what_to_apply(call):
    done = call()
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: there is no ModelProvider: apply one with its Secret")
