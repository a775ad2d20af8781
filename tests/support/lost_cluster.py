"""etcd is lost, and the cluster is made again from Git: the same YAML, other UIDs, and nothing of any status."""

from typing import Any

from support.memory_schema import Object
from support.running import Running


async def lose_etcd(operator: Running) -> None:
    """The process ends with it."""
    await operator.stop()
    operator.server.objects.clear()


async def rebuild(operator: Running, *bodies: Object, **settings: Any) -> None:
    """As Git has it; keywords are settings that are other ones now."""
    operator.settings = operator.settings.model_copy(update=settings)
    await operator.start()
    operator.open()
    operator.apply(*bodies)
