"""`model-operator logs` and `metrics`, on a real API server and with the simulator as the provider."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner, Result

from model_operator.cli import main
from support import manifests
from support.kube_api import path_of

START = "2026-01-01T12:00:00Z"
"""Where a manual clock of the simulator starts."""

pytestmark = pytest.mark.simulator("--clock=manual")


def create_remote(simulator) -> str:
    """A running deployment at the simulator; its id."""
    connection = HTTPConnection(urlsplit(simulator.url).netloc, timeout=10)
    body = {"model_name": manifests.PAITIENT_MODEL, "deployment_name": "triage", "compute_type": "gpu"}
    body |= {"instance_type": "g5.2xlarge", "min_replicas": 1, "max_replicas": 1, "region": "us-west-2"}
    headers = {"Authorization": "Bearer sim-paitient-key", "X-Client-ID": "sim-client"}
    headers |= {"Content-Type": "application/json"}
    connection.request("POST", "/paitient/v1/deployments", json.dumps(body), headers)
    reply = json.load(connection.getresponse())
    connection.close()
    simulator.advance(timedelta(minutes=1))
    return reply["id"]


def publish(namespace, name: str, id: str) -> None:
    """What the operator would write."""
    path = path_of("ModelDeployment", namespace.name, name, "status")
    namespace.api.merge(path, {"status": {"externalID": id}})


@pytest.fixture
def context(kubeconfig) -> str:
    return yaml.safe_load(kubeconfig.read_text())["current-context"]


@pytest.fixture
def id(namespace, simulator) -> str:
    """Of the deployment that the ModelDeployment `triage` stands for."""
    namespace.apply(
        manifests.paitient_secret(),
        manifests.paitient_provider(simulator.url),
        manifests.paitient_deployment("triage"),
    )
    remote = create_remote(simulator)
    publish(namespace, "triage", remote)
    return remote


@pytest.fixture
def call(kubeconfig, simulator):
    """Runs `model-operator` as that user does."""

    def run(*arguments: str, allow: bool = True) -> Result:
        allowed = [f"--allowed-provider-host={simulator.url}"] if allow else []
        return CliRunner().invoke(main, [*arguments, f"--kubeconfig={kubeconfig}", *allowed])

    return run


def succeed(result: Result) -> str:
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def last_query(simulator, operation: str) -> list[tuple[str, str]]:
    return sorted(map(tuple, simulator.requests(vendor="paitient", operation=operation)[-1]["query"]))


def test_logs_are_printed_for_people_latest_first(call, id):
    lines = succeed(call("logs", "triage")).splitlines()
    assert f"info  deployment-service Deployment {id} is now running" in lines[0]
    assert [line.split()[0] for line in lines] == sorted((line.split()[0] for line in lines), reverse=True)


def test_logs_are_printed_for_programs_one_object_per_line(call, id):
    lines = [json.loads(line) for line in succeed(call("logs", "triage", "-o", "json")).splitlines()]
    assert lines[0]["message"] == f"Deployment {id} is now running"
    assert lines[0].keys() == {"timestamp", "level", "message", "component", "request_id"}


@pytest.mark.usefixtures("id")
def test_every_documented_parameter_of_logs_reaches_the_provider(call, simulator):
    succeed(
        call(
            *("logs", "triage", "--start-time", START, "--end-time", "2026-01-01T13:01:00+01:00"),
            *("--limit", "7", "--filter", "level=info", "--order", "asc"),
        )
    )
    assert last_query(simulator, "logs") == [
        ("end_time", "2026-01-01T12:01:00Z"),
        ("filter", "level=info"),
        ("limit", "7"),
        ("order", "asc"),
        ("start_time", "2026-01-01T12:00:00Z"),
    ]


@pytest.mark.usefixtures("id")
def test_since_counts_back_from_the_end(call, simulator):
    succeed(call("logs", "triage", "--since", "90s", "--end-time", "2026-01-01T12:01:00Z"))
    assert ("start_time", "2026-01-01T11:59:30Z") in last_query(simulator, "logs")


@pytest.mark.usefixtures("id")
def test_no_line_is_said_to_be_none(call):
    result = call("logs", "triage", "--filter", "level=error")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no log lines\n")


def test_the_kubeconfig_is_the_one_that_kubectl_would_take(id, kubeconfig, simulator):
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "model_operator",
            "logs",
            "triage",
            f"--allowed-provider-host={simulator.url}",
        ],
        env=os.environ | {"KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert id in result.stdout


@pytest.mark.usefixtures("id")
def test_metrics_are_printed_as_tables_with_the_vendors_summary(call, simulator):
    simulator.advance(timedelta(minutes=10))
    text = succeed(call("metrics", "triage", "--start-time", START, "--interval", "5m"))
    tables = dict(table.split("\n", 1) for table in text.strip().split("\n\n"))
    assert [header.split()[0] for header in tables] == ["ERROR_RATE", "LATENCY", "THROUGHPUT", "TOKEN_USAGE"]
    latency = next(table for header, table in tables.items() if header.startswith("LATENCY"))
    assert latency.startswith("2026-01-01T12:00:00Z ")
    assert "summary: average " in latency


@pytest.mark.usefixtures("id")
def test_a_summary_has_a_line_for_each_series_with_its_unit(call, simulator):
    simulator.advance(timedelta(minutes=10))
    flags = ("metrics", "triage", "--start-time", START, "-m", "latency", "--summary")
    _head, *lines = succeed(call(*flags)).splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["latency", name, "ms"] for name in ("average", "p50", "p95", "p99")
    ]
    assert [row["series"] for row in yaml.safe_load(succeed(call(*flags, "-o", "yaml")))] == [
        "average", "p50", "p95", "p99",
    ]  # fmt: skip


@pytest.mark.usefixtures("id")
def test_every_documented_parameter_of_metrics_reaches_the_provider(call, simulator):
    simulator.advance(timedelta(minutes=10))
    text = succeed(
        call(
            *("metrics", "triage", "--start-time", START, "--end-time", "2026-01-01T12:05:00Z"),
            *("-m", "latency", "-m", "error_rate", "--interval", "1m", "-o", "json"),
        )
    )
    found = json.loads(text)
    assert found.keys() == {"interval", "metrics", "summary"}
    assert found["interval"] == "1m"
    assert found["metrics"].keys() == {"latency", "error_rate"}
    assert found["metrics"]["latency"].keys() == {"average", "p50", "p95", "p99", "timestamps"}
    assert last_query(simulator, "metrics") == [
        ("end_time", "2026-01-01T12:05:00Z"),
        ("interval", "1m"),
        ("metrics", "error_rate"),
        ("metrics", "latency"),
        ("start_time", "2026-01-01T12:00:00Z"),
    ]


@pytest.mark.parametrize("command", ["logs", "metrics"])
class TestRefusals:
    """One line on stderr, nothing on stdout, exit code 1, and no request to the provider."""

    def refused(self, result: Result) -> str:
        assert (result.exit_code, result.stdout) == (1, "")
        (line,) = result.stderr.splitlines()
        return line

    def test_an_unknown_name_is_said_with_its_namespace(self, command, call, namespace, context):
        line = self.refused(call(command, "nobody"))
        assert (
            line
            == f"Error: ModelDeployment 'nobody' does not exist (context {context}, namespace {namespace.name})"
        )

    @pytest.mark.usefixtures("id")
    def test_another_namespace_is_another_place(self, command, call, context):
        line = self.refused(call(command, "triage", "-n", "default"))
        assert (
            line == f"Error: ModelDeployment 'triage' does not exist (context {context}, namespace default)"
        )

    @pytest.mark.usefixtures("id")
    def test_a_key_is_not_sent_where_its_owner_did_not_allow(self, command, call, simulator):
        line = self.refused(call(command, "triage", allow=False))
        assert f"points to {simulator.url}/paitient" in line
        assert "--allowed-provider-host" in line
        assert simulator.requests(vendor="paitient", operation=command) == []

    @pytest.mark.usefixtures("id")
    def test_authorities_that_are_none_are_named(self, command, call, kubeconfig, simulator):
        line = self.refused(call(command, "triage", f"--provider-ca-file={kubeconfig}"))
        assert f"cannot read certificates from {kubeconfig}" in line
        assert simulator.requests(vendor="paitient", operation=command) == []

    def test_a_deployment_that_is_not_there_yet_is_no_error_of_the_provider(
        self, command, call, namespace, simulator
    ):
        namespace.apply(
            manifests.paitient_secret(),
            manifests.paitient_provider(simulator.url),
            manifests.paitient_deployment("triage"),
        )
        line = self.refused(call(command, "triage"))
        assert line.startswith(
            "Error: ModelDeployment 'triage' has no deployment at the provider yet (context "
        )

    def test_parasail_has_neither(self, command, call, namespace, simulator):
        namespace.apply(
            manifests.parasail_secret(),
            manifests.parasail_provider(simulator.url),
            manifests.parasail_deployment("llama"),
        )
        line = self.refused(call(command, "llama"))
        assert "is of type parasail, and that provider has neither logs nor metrics" in line

    @pytest.mark.usefixtures("id")
    def test_what_the_provider_refuses_is_said_without_the_key(self, command, call, simulator):
        simulator.revoke("paitient", "sim-paitient-key")
        line = self.refused(call(command, "triage"))
        assert line.startswith(f"Error: paitient: {command} dep_")
        assert "401" in line
        assert "sim-paitient-key" not in line

    @pytest.mark.usefixtures("id")
    def test_a_missing_secret_and_a_missing_key_are_named(self, command, call, namespace):
        namespace.edit("Secret", "paitient", {"data": {"clientID": None}})
        assert '"clientID"' in self.refused(call(command, "triage"))
        namespace.delete("Secret", "paitient")
        assert "Secret 'paitient' does not exist" in self.refused(call(command, "triage"))

    def test_an_unknown_context_is_said(self, command, call):
        assert "nowhere" in self.refused(call(command, "triage", "--context", "nowhere"))

    def test_a_kubeconfig_without_a_cluster_is_said(self, command, call, kubeconfig):
        kubeconfig.write_text("{}")
        assert "cannot reach a cluster" in self.refused(call(command, "triage"))
