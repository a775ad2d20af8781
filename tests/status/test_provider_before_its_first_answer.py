"""A ModelProvider's Ready between a start of the operator and the provider's first answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_operator.errors import CredentialsInvalid
from model_operator.models.provider import ModelProvider
from model_operator.status.provider import AccountView, summarize

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANSWERED = AccountView(has_answered=True, secret_version="7", is_proven=True)
SILENT = AccountView(has_answered=False, secret_version="7")


def provider(*, generation: int = 1, status: dict[str, Any] | None = None) -> ModelProvider:
    metadata = {
        "name": "p",
        "namespace": "n",
        "uid": "u",
        "resourceVersion": "5",
        "generation": generation,
        "creationTimestamp": "2026-01-01T11:00:00Z",
    }
    spec = {"type": "parasail", "credentials": {"secretRef": {"name": "p"}}}
    return ModelProvider.parse({"metadata": metadata, "spec": spec, "status": status})


def after(view: AccountView, resource: ModelProvider) -> dict[str, Any]:
    return summarize(resource, view, NOON, timedelta(minutes=1)).dump()


READY = after(ANSWERED, provider())
REFUSED = after(AccountView(error=CredentialsInvalid("401")), provider())


@pytest.mark.parametrize(
    ("resource", "ready"),
    [
        pytest.param(provider(status=READY), "True Available", id="was ready: a restart is no news"),
        pytest.param(provider(), "Unknown Pending", id="was never looked at"),
        pytest.param(provider(status=REFUSED), "Unknown Pending", id="was refused"),
        pytest.param(provider(generation=2, status=READY), "Unknown Pending", id="was ready before an edit"),
    ],
)
def test_ready_until_the_provider_answers(resource: ModelProvider, ready: str) -> None:
    conditions = after(SILENT, resource)["conditions"]
    assert [f"{c['status']} {c['reason']}" for c in conditions if c["type"] == "Ready"] == [ready]


def test_a_restart_writes_no_status() -> None:
    assert after(SILENT, provider(status=READY)) == READY
