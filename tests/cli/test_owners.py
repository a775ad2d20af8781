"""Who else writes a field of an object."""

import pytest

from model_operator.cli.owners import for_git, owner_of, warning


def body(*, manager: str = "kubectl-edit", fields=None, **metadata) -> dict:
    entry = {"manager": manager, "fieldsV1": {"f:spec": fields or {}}}
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "llama", "namespace": "team-a", "managedFields": [entry], **metadata},
    }


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        pytest.param(body(fields={"f:replicas": {}}), "replicas", None, id="a person"),
        pytest.param(
            body(manager="argocd-controller", fields={"f:replicas": {}}), "replicas", "Argo CD", id="argo"
        ),
        pytest.param(
            body(manager="kustomize-controller", fields={"f:replicas": {}}), "replicas", "Flux", id="flux"
        ),
        pytest.param(body(manager="helm", fields={"f:replicas": {}}), "replicas", "Helm", id="helm"),
        pytest.param(body(manager="helm", fields={"f:model": {}}), "replicas", None, id="another field"),
        pytest.param(
            body(manager="helm", fields={"f:rollout": {"f:paused": {}}}),
            "rollout.paused",
            "Helm",
            id="further in",
        ),
        pytest.param(
            body(annotations={"argocd.argoproj.io/tracking-id": "app:x"}),
            "paused",
            "Argo CD",
            id="tracked by Argo CD",
        ),
        pytest.param(
            body(labels={"kustomize.toolkit.fluxcd.io/name": "apps"}), "paused", "Flux", id="labelled by Flux"
        ),
        pytest.param(
            body(labels={"app.kubernetes.io/managed-by": "Helm"}), "paused", "Helm", id="of a release"
        ),
        pytest.param(
            body(labels={"app.kubernetes.io/managed-by": "me"}), "paused", None, id="of somebody else"
        ),
        pytest.param({"metadata": {}}, "paused", None, id="nothing is known"),
    ],
)
def test_who_sets_a_field_back(body, field, expected):
    assert owner_of(body, field) == expected


def test_what_git_is_told_is_the_part_that_was_changed():
    assert for_git(body(), {"paused": True}) == {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "llama", "namespace": "team-a"},
        "spec": {"paused": True},
    }
    assert warning("Flux", body(), "paused") == (
        "Flux manages ModelDeployment llama and may set spec.paused back: change it in Git as well"
    )
