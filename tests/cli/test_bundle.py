"""`report`: what is in the bundle, and that no key is in any of its files, wherever somebody has put one."""

import base64
import io
import json
import tarfile
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import yaml

from model_operator.cli.bug_report import packed
from model_operator.cli.bundle import Gathered, files, values_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = 'pk-live/"7b2c+secret=key" of ours'
CLIENT = "acme-client"
SECRET = {"data": {name: base64.b64encode(value.encode()).decode() for name, value in {"apiKey": KEY, "clientID": CLIENT}.items()}}  # fmt: skip
SPELLINGS = (
    KEY,
    json.dumps(KEY)[1:-1],
    quote(KEY),
    quote(KEY, safe=""),
    base64.b64encode(KEY.encode()).decode(),
    CLIENT,
    quote(CLIENT),
    base64.b64encode(CLIENT.encode()).decode(),
)


def gathered(**more) -> Gathered:
    usual = {
        "taken": NOW,
        "versions": {"program": "1.2.3"},
        "check": (),
        "status": (),
        "objects": {},
        "events": (),
        "workloads": {},
        "logs": {},
        "missing": (),
        "secrets": tuple(values_of(SECRET)),
    }
    return Gathered(**{**usual, **more})


def body(**more):
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "a"},
        **more,
    }


PLANTED = " ".join(["word"] * 16)
"""So long that YAML breaks the line within what follows."""


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "put",
    [
        pytest.param(lambda key: {"objects": {"modeldeployments": (body(spec={"model": key}),)}}, id="a spec"),
        pytest.param(lambda key: {"objects": {"modeldeployments": (body(spec={key: [1, {key: "x"}]}),)}}, id="the key of a map"),
        pytest.param(lambda key: {"objects": {"modeldeployments": (body(metadata={"annotations": {"note": f"a\n{key}\nb"}}),)}}, id="lines of an annotation"),
        pytest.param(lambda key: {"objects": {"modeldeployments": (body(status={"conditions": [{"message": f"{PLANTED} {key} {PLANTED}"}]}),)}}, id="a long message"),
        pytest.param(lambda key: {"events": ({"message": f"refused: {key}"},)}, id="an Event"),
        pytest.param(lambda key: {"workloads": {"deployments": (body(spec={"args": [f"--x={key}"]}),)}}, id="an argument"),
        pytest.param(lambda key: {"logs": {"ns_pod_operator": f"INFO {key}\nINFO done\n"}}, id="a log"),
        pytest.param(lambda key: {"check": (f"FAIL {key}",)}, id="the check"),
        pytest.param(lambda key: {"status": (f"failed: {key}",)}, id="the status"),
        pytest.param(lambda key: {"missing": (f"a Secret: {key}",)}, id="what is missing"),
        pytest.param(lambda key: {"versions": {"crds": [{"labels": {"l": key}}]}}, id="the versions"),
    ],
)  # fmt: skip
def test_no_spelling_of_a_key_is_in_any_file(put, spelling):
    whole = "\n".join(files(gathered(**put(spelling))).values())
    assert "***" in whole
    for hidden in SPELLINGS:
        assert hidden not in whole
        assert hidden not in yaml_joined(whole)


def yaml_joined(text: str) -> str:
    """As a reader of folded YAML would put it together."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***", id="a header"),
        pytest.param("token hf_abcdefghijklmnopqrst", "token ***", id="Hugging Face's"),
        pytest.param("https://me:pass@proxy.example.com/x", "https://***@proxy.example.com/x", id="a proxy's password"),
    ],
)  # fmt: skip
def test_what_looks_like_a_key_is_masked_though_no_secret_has_it(text, shown):
    assert files(gathered(logs={"a": text}))["operator/a.log"] == shown


def test_an_environment_variable_that_is_called_like_a_key_has_no_value():
    env = [{"name": "MY_API_KEY", "value": "plain words"}, {"name": "MODEL_OPERATOR_WORKERS", "value": "7"}]
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"env": env}]}}
    (found,) = yaml.safe_load(files(gathered(workloads={"pods": (pod,)}))["operator/pods.yaml"])["items"]
    assert found["spec"]["containers"][0]["env"] == [
        {"name": "MY_API_KEY", "value": "***"},
        {"name": "MODEL_OPERATOR_WORKERS", "value": "7"},
    ]


def test_a_value_of_many_lines_is_masked_line_by_line():
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nshort\n"
    found = list(values_of({"data": {"tls.key": base64.b64encode(pem.encode()).decode(), "odd": "%%"}}))
    assert found[1:] == [pem, "-----BEGIN KEY-----", "MIIEvQIBADANBgkqhkiG9w0", "%%", ""]


def test_objects_are_whole_but_for_what_a_server_keeps_for_itself():
    metadata = {
        "name": "a",
        "managedFields": [{}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "yes"},
    }
    found = files(gathered(objects={"modeldeployments": (body(metadata=metadata, spec={"replicas": 1}),)}))
    assert yaml.safe_load(found["objects/modeldeployments.yaml"]) == {
        "apiVersion": "v1",
        "kind": "List",
        "items": [body(metadata={"name": "a", "annotations": {"kept": "yes"}}, spec={"replicas": 1})],
    }


def test_the_bundle_is_one_folder_that_says_what_is_in_it():
    found = files(gathered(missing=("Events: forbidden",), logs={"ns_pod_operator": "line\n"}))
    assert list(found) == [
        "README.txt",
        "versions.yaml",
        "check.txt",
        "status.txt",
        "events.yaml",
        "operator/ns_pod_operator.log",
        "missing.txt",
    ]
    with tarfile.open(fileobj=io.BytesIO(packed("report-1", found, NOW))) as archive:
        assert archive.getnames() == [f"report-1/{name}" for name in found]
        assert archive.extractfile("report-1/missing.txt").read() == b"Events: forbidden\n"
        assert {member.mode for member in archive.getmembers()} == {0o600}
