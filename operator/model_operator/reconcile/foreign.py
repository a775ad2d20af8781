"""What is kept of a ModelDeployment of another shard: what it claims, and whether what it holds should be there. Pure."""

from typing import Any, Final

from model_operator.conditions import ConditionType

_KEPT: Final = ("externalID", "pending", "providerState", "recreatedGeneration")


def without_news(body: dict[str, Any]) -> dict[str, Any]:
    """Without the rest of its status, which is most of the memory and half of the parsing. The body is not changed."""
    status = body.get("status")
    if not isinstance(status, dict):
        return body
    conditions = status.get("conditions")
    kept = {name: status[name] for name in _KEPT if name in status}
    if isinstance(conditions, list):
        kept["conditions"] = [
            c for c in conditions if isinstance(c, dict) and c.get("type") == ConditionType.SYNCED
        ]
    return {**body, "status": kept}
