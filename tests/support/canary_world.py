"""A namespace with two PaiTIENT deployments that serve, in a time sixty times as fast, and CanaryEndpoints over them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support import manifests
from support.deadlines import eventually
from support.kube_api import Object
from support.namespace import Namespace, conditions
from support.operator_process import OperatorProcess, Setting
from support.simulator_process import Json, SimulatorProcess

TIME_SCALE = 60
"""The provider's buckets of a minute last one second here."""

QUICK: dict[str, Setting] = {
    "default_poll_interval": "400ms",
    "transition_poll": "200ms",
    "accepted_grace": "1s",
    "secret_refresh": "1s",
    "recovery_window": "2s",
    "request_timeout": "2s",
    "connect_timeout": "1s",
}

ERRORS: Json = {
    "name": "errors",
    "type": "Provider",
    "provider": {"metric": "ErrorRate", "maxPercent": "2", "maxIncreasePercentagePoints": "1"},
}


def target(name: str, percent: int) -> Json:
    return {"name": name, "deploymentRef": {"name": f"triage-{name}"}, "percent": percent}


def traffic(**percents: int) -> list[Json]:
    """`traffic(v1=90, v2=10)`: targets whose ModelDeployments are `triage-v1` and so on."""
    return [target(name, percent) for name, percent in percents.items()]


def canary(name: str = "triage", provider: str = "paitient", **spec: Any) -> Object:
    return {
        "apiVersion": manifests.API_VERSION,
        "kind": "CanaryEndpoint",
        "metadata": {"name": name},
        "spec": {"providerRef": {"name": provider}, **spec},
    }


def path(*percents: int, hold: str = "1s", **more: Any) -> Json:
    """A rollout with these steps."""
    return {"steps": [{"percent": percent} for percent in percents], "hold": hold, **more}


def judged(*metrics: Json, **more: Any) -> Json:
    """An analysis in scaled time: a verdict a second, from the first bucket on."""
    return {
        "metrics": list(metrics or (ERRORS,)),
        "interval": "1s",
        "warmup": "0s",
        "delay": "0s",
        **more,
    }


@dataclass
class CanaryWorld:
    """What a test of CanaryEndpoints does and sees."""

    namespace: Namespace
    simulator: SimulatorProcess
    start_operator: Callable[..., OperatorProcess]
    operator: OperatorProcess = field(init=False)

    def open(self, *versions: str) -> None:
        """Operator, ModelProvider, and one ModelDeployment for each version, all serving."""
        self.simulator.knobs(metrics={"noise": 0, "endpoint_rps": 100})
        self.operator = self.start_operator(**QUICK)
        self.namespace.apply(
            manifests.paitient_secret(),
            manifests.paitient_provider(self.simulator.url, pollInterval=None),
            *(manifests.paitient_deployment(f"triage-{version}") for version in versions),
        )
        for version in versions:
            self.namespace.wait_for_condition("ModelDeployment", f"triage-{version}", "Ready=True Available")

    def id_of(self, version: str) -> str:
        return str(self.namespace.get("ModelDeployment", f"triage-{version}")["status"]["externalID"])

    def behave(self, version: str, **behaviour: float) -> None:
        self.simulator.edit_deployment("paitient", self.id_of(version), behaviour=behaviour)

    def until(self, wanted: str, name: str = "triage") -> Object:
        """The CanaryEndpoint once the condition holds for its current generation."""
        return self.namespace.wait_for_condition("CanaryEndpoint", name, wanted)

    def when(self, until: Callable[[Json], object], what: str = "", name: str = "triage") -> Object:
        """The CanaryEndpoint once this is true of its status."""
        return self.namespace.wait(
            "CanaryEndpoint", name, lambda obj: until(obj.get("status", {})), what=what or "the canary"
        )

    def status(self, name: str = "triage") -> Json:
        status: Json = self.namespace.get("CanaryEndpoint", name)["status"]
        return status

    def conditions(self, name: str = "triage") -> dict[str, str]:
        return conditions(self.namespace.get("CanaryEndpoint", name))

    def edit(self, name: str = "triage", **spec: Any) -> None:
        self.namespace.edit("CanaryEndpoint", name, {"spec": spec})

    def act(self, action: str, name: str = "triage") -> None:
        """Annotate, as a person does; `{id}` is the present rollout's."""
        token = action.format(id=self.status(name)["rollout"]["id"])
        annotation = {"modeloperator.dev/action": token}
        self.namespace.edit("CanaryEndpoint", name, {"metadata": {"annotations": annotation}})

    def split(self, name: str = "triage") -> dict[str, int]:
        """What the provider does, by version; without those that get nothing."""
        id = self.status(name)["externalID"]
        endpoint = next(e for e in self.simulator.state()["endpoints"] if e["id"] == id)
        names = {d["status"].get("externalID"): d["metadata"]["name"] for d in self._deployments()}
        return {
            names.get(i, i).removeprefix("triage-"): percent
            for i, percent in endpoint["split"].items()
            if percent
        }

    def _deployments(self) -> list[Object]:
        return self.namespace.objects("ModelDeployment")

    def creates(self) -> int:
        """POSTs of canary endpoints that reached the provider."""
        return len(self.simulator.requests(operation="create_canary"))

    def sent(self) -> list[dict[str, int]]:
        """Every split that was asked for, oldest first, by version."""
        names = {
            self.id_of(d["metadata"]["name"].removeprefix("triage-")): d["metadata"]["name"]
            for d in self._deployments()
        }
        found = []
        for request in self.simulator.requests():
            if request["operation"] in {"create_canary", "update_canary"}:
                rows = request["body"]["deployments"]
                found.append({names[r["id"]].removeprefix("triage-"): r["traffic_percentage"] for r in rows})
        return found

    def has_told(self, reasons: set[str]) -> None:
        """Waits for Events of these reasons: what no promise needs may come ten seconds later."""
        eventually(lambda: set(self.reasons()), until=lambda told: told >= reasons, what=f"Events {reasons}")

    def reasons(self, name: str = "triage") -> list[str]:
        """Of its Events."""
        return [event["reason"] for event in self.namespace.events(name)]
