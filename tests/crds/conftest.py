"""What the server says to our kinds: the object, or a refusal taken apart."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from model_operator.rehearsal.overlay import merged
from model_operator.rehearsal.schema import problems
from model_operator_demo.controlplane_access import Access
from support.kube_api import ApiError, KubeApi, Object, path_of

DRY_RUN = "?dryRun=All&fieldValidation=Strict"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Refusal:
    """What the server said no with: its status code, and field and message of each cause."""

    code: int
    causes: tuple[tuple[str, str], ...]
    text: str

    def names(self, field: str, message: str) -> bool:
        """Whether one of the causes is about that field and has this in its message."""
        return any(cause == field and message in said for cause, said in self.causes)


Answer = Object | Refusal


class Api:
    """Objects of our kinds in one namespace."""

    def __init__(self, access: Access, namespace: str) -> None:
        self.kube = KubeApi(access)
        self.namespace = namespace

    def try_create(self, body: Object) -> Answer:
        """A dry run: nothing is stored, so that names may repeat."""
        answer = self._ask("POST", path_of(body["kind"], self.namespace) + DRY_RUN, body)
        return as_offline(answer, problems(body["kind"], body))

    def create(self, body: Object) -> Object:
        return done(self._ask("POST", path_of(body["kind"], self.namespace), body))

    def replace(self, body: Object) -> Answer:
        return self._ask("PUT", path_of(body["kind"], self.namespace, body["metadata"]["name"]), body)

    def edit(self, kind: str, name: str, patch: Object) -> Answer:
        before = self.get(kind, name)
        wanted = merged(before, patch)
        answer = self._ask("PATCH", path_of(kind, self.namespace, name), patch, MERGE)
        is_same = wanted["spec"] == before["spec"]  # what is stored is not judged again
        return answer if is_same else as_offline(answer, problems(kind, wanted, before))

    def report(self, kind: str, name: str, status: Object) -> Answer:
        return self._ask("PATCH", path_of(kind, self.namespace, name, "status"), {"status": status}, MERGE)

    def delete(self, kind: str, name: str) -> None:
        done(self._ask("DELETE", path_of(kind, self.namespace, name)))

    def get(self, kind: str, name: str) -> Object:
        return done(self._ask("GET", path_of(kind, self.namespace, name)))

    def _ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> Answer:
        try:
            return self.kube.call(method, path, body, content)
        except ApiError as error:
            return Refusal(error.status, error.causes, str(error))


def as_offline(answer: Answer, found: Sequence[str]) -> Answer:
    """The server's answer, which is what `model-operator plan --offline` says of it."""
    if isinstance(answer, Refusal):
        fields = {cause for cause, _ in answer.causes}
        assert found, f"refused by the server alone: {answer.text}"
        assert not fields or fields & {problem.partition(": ")[0] for problem in found}, (answer.text, found)
    else:
        assert not found, f"accepted by the server alone: {found}"
    return answer


def done(answer: Answer) -> Object:
    assert not isinstance(answer, Refusal), answer.text
    return answer


@pytest.fixture(scope="session")
def api(cluster: Access) -> Iterator[Api]:
    """One namespace for all: much of it are dry runs, and the rest has names of its own."""
    made = Api(cluster, f"crds-{secrets.token_hex(4)}")
    made.kube.call("POST", "/api/v1/namespaces", {"metadata": {"name": made.namespace}})
    yield made
    made.kube.call("DELETE", f"/api/v1/namespaces/{made.namespace}")
    made.kube.close()
