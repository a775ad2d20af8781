"""One replica that receives events, and whoever sends them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp

from model_operator.domain import PROVIDER, Key
from model_operator.models.provider import SignatureAlgorithm, SignatureScheme
from model_operator.redaction import Redactor
from model_operator.webhooks.handover import Handover
from model_operator.webhooks.hooks import Hooks
from model_operator.webhooks.receiver import Receiver, listen
from model_operator.webhooks.signature import Hook
from model_operator_simulator.paitient.webhooks import signature

SECRET = "a-secret-of-the-webhook"


ACME = Key(PROVIDER, "team", "acme")


NEW = Key(PROVIDER, "team", "new")


BODY = b'{"type":"deployment.updated"}'


def hook(secret: str = SECRET) -> Hook:
    return Hook(
        provider="paitient",
        text=secret,
        secret=secret.encode(),
        scheme=SignatureScheme.TIMESTAMPED,
        header="X-Sig",
        algorithm=SignatureAlgorithm.SHA256,
        tolerance=timedelta(minutes=5),
    )


@dataclass
class Replica:
    """One operator: its receiver, and what it was told. `NEW` is a ModelProvider that it has not looked at yet."""

    leads: bool = True
    elsewhere: str | None = None
    """A namespace that another replica leads in."""
    leader: str | None = None
    redactor: Redactor = field(default_factory=Redactor)
    hints: list[Key] = field(default_factory=list)
    counted: list[tuple[str, str]] = field(default_factory=list)
    now: datetime = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    seconds: float = 1000.0
    """On a clock that stands still unless somebody turns it."""
    address: str = ""

    def __post_init__(self) -> None:
        self.hooks = Hooks(self.redactor)
        self.hooks.put(ACME, hook())

    def is_early(self, provider: Key) -> bool:
        return provider == NEW

    def hinted(self, provider: Key) -> None:
        self.hints.append(provider)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Replica"]:
        receiver = Receiver(
            self,
            leads=lambda namespace: self.leads and namespace != self.elsewhere,
            handover=Handover(lambda _: self.leader),
            count=lambda provider, result: self.counted.append((provider, result)),
            clock=lambda: self.now,
            timer=lambda: self.seconds,
        )
        async with listen(receiver, "127.0.0.1", 0) as self.address:
            yield self

    @property
    def results(self) -> list[str]:
        return [result for _, result in self.counted]

    async def send(
        self, path: str = "/webhooks/team/acme", body: object = BODY, method: str = "POST", **headers: str
    ) -> tuple[int, str | None]:
        """Status and Retry-After."""
        given = {"X-Sig": self.signed(), **{name.replace("_", "-"): v for name, v in headers.items()}}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://{self.address}{path}", data=body, headers=given) as reply,
        ):
            return reply.status, reply.headers.get("Retry-After")

    def signed(self, body: bytes = BODY, secret: str = SECRET) -> str:
        return signature(secret, int(self.now.timestamp()), body)
