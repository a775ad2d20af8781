"""What a Parasail deployment is billed for: the replicas that have their GPUs, by device or service tier."""

from model_operator_simulator.core import Core
from model_operator_simulator.ledger import Ledger, Usage, constant

from .catalogue import selected
from .deployment import Deployment
from .knobs import ParasailKnobs

RUNNING = frozenset({"STARTING", "ONLINE", "STOPPING"})


def open_ledger(core: Core) -> Ledger:
    """An empty one, billed by the knobs of the moment."""

    def is_billed(status: str) -> bool:
        return status in core.knobs.of(ParasailKnobs).billed_states

    def price(machine: str) -> float | None:
        knobs = core.knobs.of(ParasailKnobs)
        offered = {f"{row.count} {row.device}": row.cost for row in knobs.devices}
        return knobs.prices.get(machine, offered.get(machine))

    return Ledger(core.clock.now, is_billed, price)


def usage_of(deployment: Deployment) -> Usage:
    """From now on, until something about it changes. What does not run is counted with the replicas that it would have."""
    running = deployment.granted_gpus // deployment.gpus_per_replica
    replicas = running if deployment.status in RUNNING else deployment.replicas
    return Usage(deployment.status, _machine(deployment), constant(replicas))


def _machine(deployment: Deployment) -> str:
    """`2 H100SXM`, or the name of a service tier."""
    device = next(iter(selected(deployment.fields)), None)
    return str(deployment.fields.get("serviceTierName")) if device is None else f"{device[1]} {device[0]}"
