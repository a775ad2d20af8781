"""The mode of a ModelProvider in a running operator, and what left for the provider meanwhile."""

from model_operator.domain import FINALIZER, PROVIDER
from support.running import Running


async def set_mode(operator: Running, vendor: str, mode: str) -> None:
    """And wait until nothing of the mode before is under way."""
    operator.edit(vendor, PROVIDER, mode=mode)
    await operator.until(lambda: operator.status(vendor, PROVIDER).get("mode") == mode)


async def forget_requests(operator: Running) -> None:
    await operator.simulator.control("DELETE", "/requests")


async def methods(operator: Running, vendor: str) -> set[str]:
    """Of the requests to that provider since then."""
    found = await operator.simulator.control("GET", f"/requests?vendor={vendor}")
    return {request["method"] for request in found["requests"]}


def has_finalizer(operator: Running, name: str, kind: str = "ModelDeployment") -> bool:
    found = operator.find(name, kind)
    return found is not None and FINALIZER in found["metadata"].get("finalizers", [])
