"""`model-operator plan`: files as kubectl takes them, exit codes, and both ways without a cluster."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from model_operator.cli import main
from model_operator.cli.files import documents
from support.manifests import deployment, parasail_deployment, parasail_provider, provider, secret
from support.rows import ROWS

EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"


def plan(*args, input=None):
    return CliRunner().invoke(main, ["plan", *map(str, args)], input=input)


def written(folder: Path, *bodies, name: str = "all.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump_all(bodies))
    return path


def names(*paths, is_recursive=False):
    return [one.name for one in documents(map(str, paths), is_recursive=is_recursive)]


def test_folders_are_read_as_kubectl_reads_them(tmp_path):
    written(tmp_path, parasail_deployment("b"), parasail_deployment("c"), name="2.yml")
    written(tmp_path, parasail_deployment("a"), name="1.yaml")
    (tmp_path / "3.json").write_text(json.dumps({"kind": "List", "items": [parasail_deployment("d")]}))
    (tmp_path / "4.txt").write_text("not for us")
    written(tmp_path, parasail_deployment("e"), name="more/5.yaml")
    assert names(tmp_path) == ["a", "b", "c", "d"]
    assert names(tmp_path, is_recursive=True) == ["a", "b", "c", "d", "e"]
    assert names(tmp_path / "2.yml", tmp_path / "1.yaml") == ["b", "c", "a"]


def test_a_date_stays_text(tmp_path):
    (tmp_path / "a.yaml").write_text("kind: X\nmetadata: {name: 2026-01-01}\n")
    assert names(tmp_path) == ["2026-01-01"]


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_can_be_planned_offline(example):
    done = plan("-f", example, "--offline")
    assert done.exit_code == 0, done.output
    assert "127.0.0.1" not in done.stdout or "127.0.0.1" in example.read_text()


def test_the_standard_input_and_the_providers_own_urls():
    done = plan("-f", "-", "--offline", "-o", "json", input=yaml.safe_dump(parasail_deployment("a")))
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "objects": [
            {
                "kind": "ModelDeployment",
                "namespace": "default",
                "name": "a",
                "object": "create",
                "outcome": "Changes",
                "requests": [
                    {
                        "operation": "create",
                        "method": "POST",
                        "url": "https://api.parasail.io/api/v1/dedicated/deployments",
                        "body": {
                            "deploymentName": "a-<uid>",
                            "modelName": "meta-llama/Llama-3.1-8B-Instruct",
                            "replicas": 1,
                            "serviceTierName": "H100",
                        },
                    }
                ],
                "immutable": ["spec.providerRef.name", "spec.model"],
            }
        ],
        "summary": {"create": 1, "refused": 0, "unknown": 0},
        "notes": ["There is no ModelProvider parasail in the files: one was made up."],
    }


def test_yaml_says_the_same_as_json(tmp_path):
    path = written(tmp_path, deployment("paitient", "a"))
    one, other = (plan("-f", path, "--offline", "-o", form).stdout for form in ("yaml", "json"))
    assert yaml.safe_load(one) == json.loads(other)


@pytest.mark.parametrize("vendor", list(ROWS))
def test_a_simulator_of_ones_own_answers(tmp_path, simulator, vendor):
    path = written(tmp_path, deployment(vendor, "a"))
    done = plan("-f", path, "--provider-url", simulator.url)
    assert done.exit_code == 0, done.output
    assert f"POST {simulator.url}{ROWS[vendor].api.deployments}" in done.stdout
    assert {entry["method"] for entry in simulator.requests(vendor=vendor)} == {"GET"}


@pytest.mark.parametrize(
    ("bodies", "args", "code"),
    [
        pytest.param([parasail_deployment("a")], [], 0, id="changes"),
        pytest.param([parasail_deployment("a")], ["--detailed-exitcode"], 2, id="changes, in detail"),
        pytest.param([parasail_deployment("a", replicas=0)], ["--detailed-exitcode"], 1, id="refused"),
        pytest.param([parasail_deployment("a", replicas=None)], [], 1, id="refused by a rule"),
    ],
)
def test_exit_codes(tmp_path, bodies, args, code):
    done = plan("-f", written(tmp_path, *bodies), "--offline", *args)
    assert done.exit_code == code, done.output


def test_what_the_rules_refuse_names_field_and_reason(tmp_path):
    wrong = parasail_deployment("a", replicas=None, paused="yes", modle="x")
    shown = plan("-f", written(tmp_path, wrong), "--offline").stdout
    assert "spec.paused: Invalid value: must be of type boolean" in shown
    assert "spec.modle: unknown field" in shown
    shown = plan("-f", written(tmp_path, parasail_deployment("a", replicas=None)), "--offline").stdout
    assert "spec.replicas: Invalid value: set exactly one of replicas and autoscaling" in shown


def test_a_secret_of_the_files_is_neither_used_offline_nor_shown(tmp_path):
    key = "a-real-key-of-somebody"
    bodies = [
        secret("parasail", apiKey=key),
        parasail_provider("https://gateway.example.com"),
        parasail_deployment("a", model=f"org/{key}"),
    ]
    done = plan("-f", written(tmp_path, *bodies), "--offline")
    assert done.exit_code == 0, done.output
    assert key not in done.output
    assert "POST https://gateway.example.com/parasail/api/v1/dedicated/deployments" in done.stdout


def test_what_is_adopted_cannot_be_known_offline(tmp_path):
    path = written(tmp_path, parasail_deployment("a", externalID="33665", deletionPolicy="Orphan"))
    done = plan("-f", path, "--offline", "--detailed-exitcode")
    assert "It adopts 33665" in done.stdout


def test_other_kinds_are_skipped_and_told_of(tmp_path):
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    done = plan("-f", written(tmp_path, other, parasail_deployment("a")), "--offline")
    assert done.exit_code == 0
    assert done.stderr == f"skipped: ConfigMap c in {tmp_path / 'all.yaml'}\n"


VERSION = {"apiVersion": "modeloperator.dev/v9", "kind": "ModelDeployment", "metadata": {"name": "a"}}
ELSEWHERE = {**parasail_deployment("a"), "metadata": {"name": "a", "namespace": "other"}}


@pytest.mark.parametrize(
    ("text", "args", "message"),
    [
        pytest.param("{", [], "is neither YAML nor JSON", id="no YAML"),
        pytest.param("a: 1", [], "not a Kubernetes object", id="no object"),
        pytest.param("kind: Pod", [], "these files contain no ModelProvider", id="nothing of ours"),
        pytest.param(yaml.safe_dump(VERSION), [], "apiVersion modeloperator.dev/v9 is not known", id="another version"),
        pytest.param(yaml.safe_dump_all([parasail_deployment("a")] * 2), [], "is defined twice", id="twice"),
        pytest.param(yaml.safe_dump(ELSEWHERE), ["-n", "team"], "has namespace other", id="another namespace"),
        pytest.param(yaml.safe_dump({**ELSEWHERE, "metadata": {}}), [], "has no metadata.name", id="no name"),
        pytest.param("kind: Pod", ["--context", "c"], "use no cluster", id="a cluster that is not asked"),
        pytest.param("kind: Pod", ["--nonsense"], "No such option", id="a wrong flag"),
        pytest.param(yaml.safe_dump(parasail_deployment("a")), ["--provider-url", "x"], "is not a URL", id="no URL"),
    ],
)  # fmt: skip
def test_wrong_use_is_exit_code_1_and_no_traceback(text, args, message):
    done = plan("-f", "-", "--offline", "--detailed-exitcode", *args, input=text)
    assert (done.exit_code, message in done.output) == (1, True), done.output
    assert "Traceback" not in done.output


def test_a_folder_without_files_is_said(tmp_path):
    assert "contains no .yaml, .yml or .json file" in plan("-f", tmp_path, "--offline").output


# With a cluster.


@pytest.fixture
def ask(kubeconfig, simulator, tmp_path):
    def run(*bodies, args=()):
        path = written(tmp_path / "asked", *bodies)
        flags = ["--kubeconfig", kubeconfig, "--allowed-provider-host", simulator.url]
        return plan("-f", path, "-o", "json", *flags, *args)

    return run


def objects(done):
    assert done.stdout, done.output
    return json.loads(done.stdout)["objects"]


def test_the_real_api_server_is_asked_and_nothing_is_stored(ask, namespace, simulator):
    namespace.apply(secret("parasail", apiKey=ROWS["parasail"].key))
    done = ask(provider("parasail", simulator.url), parasail_deployment("a"), args=["--detailed-exitcode"])
    assert done.exit_code == 2, done.output
    account, one = objects(done)
    assert account["outcome"] == "Nothing"
    assert [request["operation"] for request in one["requests"]] == ["create"]
    assert namespace.objects("ModelDeployment") == namespace.objects("ModelProvider") == []
    assert {entry["method"] for entry in simulator.requests(vendor="parasail")} == {"GET"}


def test_the_cluster_is_named_as_the_operator_names_it(ask, namespace, simulator, cluster):
    namespace.apply(secret("paitient", **ROWS["paitient"].secret))
    bodies = [provider("paitient", simulator.url), deployment("paitient", "a")]
    uid = namespace.api.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    for args, name in (((), uid), (("--installation", "blue"), "blue")):
        _, one = objects(ask(*bodies, args=args))
        assert one["requests"][0]["body"]["tags"]["model-operator-owner"] == f"{name}/{namespace.name}/a"


def test_its_rules_are_told_in_its_words(ask, namespace, simulator):
    namespace.apply(secret("parasail", apiKey=ROWS["parasail"].key), provider("parasail", simulator.url))
    namespace.apply(parasail_deployment("a"))
    other = parasail_deployment("a", model="org/other")
    misspelt = {**parasail_deployment("b"), "spec": {**parasail_deployment("b")["spec"], "modle": "x"}}
    done = ask(other, misspelt)
    assert done.exit_code == 1
    first, second = objects(done)
    assert "model is immutable; delete this object" in first["message"]
    assert 'unknown field "spec.modle"' in second["message"]


@pytest.mark.parametrize(
    "way",
    [
        pytest.param([], id="kubectl apply"),
        pytest.param(["--server-side"], id="kubectl apply --server-side"),
        pytest.param(["--server-side", "--field-manager=kustomize-controller"], id="Flux"),
    ],
)
def test_a_field_that_goes_goes_by_whichever_way_it_came(ask, namespace, simulator, way):
    namespace.apply(secret("parasail", apiKey=ROWS["parasail"].key), provider("parasail", simulator.url))
    before = parasail_deployment("a", contextLength=4096)
    namespace.kubectl("apply", *way, "--filename=-", input=yaml.safe_dump(before))
    (one,) = objects(ask(parasail_deployment("a")))
    assert one["object"] == "update"
    (one,) = objects(ask(before))
    assert one["object"] == "none"


def test_a_namespace_that_is_in_the_files_is_waited_for(ask, simulator):
    new = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "to-come"}}
    bodies = [
        secret("parasail", apiKey=ROWS["parasail"].key),
        provider("parasail", simulator.url),
        parasail_deployment("a"),
    ]
    there = [{**body, "metadata": {**body["metadata"], "namespace": "to-come"}} for body in bodies]
    done = ask(new, *there)
    assert done.exit_code == 0, done.output
    _, one = objects(done)
    assert one["outcome"] == "Changes"
    assert "namespace to-come is not there yet" in one["notes"][0]
    done = ask(*there)
    assert (done.exit_code, objects(done)[1]["outcome"]) == (1, "Refused")


def test_no_cluster_is_one_line(tmp_path):
    empty = tmp_path / "kubeconfig"
    empty.write_text("")
    done = plan("-f", written(tmp_path, parasail_deployment("a")), "--kubeconfig", empty)
    assert (done.exit_code, len(done.output.splitlines())) == (1, 1), done.output
