"""Who wrote a spec last, by its managedFields."""

import pytest

from model_operator.models import Metadata


def managed(manager, time, part="f:spec", **more):
    return {"manager": manager, "time": f"2026-01-02T03:04:{time:02}Z", "fieldsV1": {part: {}}, **more}


@pytest.mark.parametrize(
    ("entries", "manager"),
    [
        pytest.param([], "", id="nobody"),
        pytest.param([managed("kubectl-edit", 2), managed("helm", 1)], "kubectl-edit", id="the newest"),
        pytest.param(
            [managed("helm", 1), managed("kubectl-edit", 1)], "kubectl-edit", id="the later of one second"
        ),
        pytest.param(
            [managed("helm", 1), managed("operator", 2, "f:status", subresource="status")],
            "helm",
            id="no status",
        ),
        pytest.param([managed("helm", 1), managed("operator", 2, "f:metadata")], "helm", id="no finalizer"),
        pytest.param(
            [managed("helm", 1), managed("kubectl", 2, subresource="scale")], "kubectl", id="kubectl scale"
        ),
        pytest.param([managed("x" * 999, 1)], "x" * 128, id="a long name"),
        pytest.param([{"manager": 7, "fieldsV1": {"f:spec": {}}}, "odd", {}], "", id="odd entries"),
    ],
)
def test_who_wrote_the_spec_last_is_known(entries, manager):
    assert Metadata.read({"name": "a", "managedFields": entries}).manager == manager


def test_a_copy_keeps_the_manager():
    metadata = Metadata.read({"name": "a", "managedFields": [managed("helm", 1)]})
    assert metadata.with_(finalizers=()).manager == "helm"
