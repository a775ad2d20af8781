"""What a PaiTIENT deployment is billed for: its replicas, each of its instance type."""

from model_operator_simulator.core import Core
from model_operator_simulator.ledger import Ledger, Usage, constant

from .deployment import Deployment
from .knobs import PaitientKnobs
from .wire import LOAD_STEP, replicas_at


def open_ledger(core: Core) -> Ledger:
    """An empty one, billed by the knobs of the moment."""

    def is_billed(status: str) -> bool:
        return status in core.knobs.of(PaitientKnobs).billed_states

    def price(machine: str) -> float | None:
        return core.knobs.of(PaitientKnobs).prices.get(machine)

    return Ledger(core.clock.now, is_billed, price)


def usage_of(deployment: Deployment, seed: int) -> Usage:
    """From now on, until something about it changes."""
    fields = deployment.fields
    least = int(fields.get("min_replicas", 1))
    machine = str(fields.get("instance_type", ""))
    if deployment.status != "running" or not fields.get("auto_scaling"):
        return Usage(deployment.status, machine, constant(least))
    # What moves is the present deployment's: a change of its fields is a usage of its own.
    picture = Deployment(deployment.id, deployment.account, dict(fields), "", 0.0, status="running")
    return Usage(deployment.status, machine, lambda begin, end: _walked(picture, seed, begin, end))


def _walked(deployment: Deployment, seed: int, begin: float, end: float) -> float:
    """Step by step, as `current_replicas` shows it."""
    total, at = 0.0, begin
    while at < end:
        following = min((at // LOAD_STEP + 1) * LOAD_STEP, end)
        total += replicas_at(deployment, at, seed) * (following - at)
        at = following
    return total
