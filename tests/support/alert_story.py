"""An operator and the real Prometheus that scrapes it, with the chart's rules in seconds."""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from support.apiproxy import ApiProxy
from support.canary_world import CanaryWorld
from support.deadlines import eventually
from support.kube_api import Object
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.prometheus import Prometheus

JOB = "system/model-operator"
A_MINUTE = timedelta(seconds=60)


def quick(spec: Object) -> Object:
    """The rules with seconds for minutes."""
    text = re.sub(r"\[(5m|10m|1h)\]", "[12s]", json.dumps(spec)).replace("> 120", "> 1")
    rules: Object = json.loads(text)
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    return rules


@dataclass
class Story:
    """An operator and its Prometheus; every alert that has fired is kept."""

    world: CanaryWorld
    proxy: ApiProxy
    prometheus: Prometheus
    fired: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def namespace(self) -> Namespace:
        return self.world.namespace

    @property
    def operator(self) -> OperatorProcess:
        return self.world.operator

    def scrape(self) -> None:
        assert self.operator.health_url
        self.prometheus.scrape(self.operator.health_url)

    def fires(self, *names: str, saying: str = "") -> None:
        """Each at least once from now on, with that in its summary."""
        missing = set(names)

        def look() -> set[str]:
            for name, alerts in self.prometheus.alerts().items():
                self.fired.setdefault(name, []).extend(alerts)
                if any(saying in alert["annotations"]["summary"] for alert in alerts):
                    missing.discard(name)
            return missing

        eventually(look, until=lambda left: not left, within=A_MINUTE, what=f"{names} to fire")

    def ends(self) -> None:
        """None fires any more."""
        eventually(
            self.prometheus.alerts, until=lambda alerts: not alerts, within=A_MINUTE, what="no alert to fire"
        )
