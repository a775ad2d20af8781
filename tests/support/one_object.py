"""One ModelDeployment and the passes over it, without an API server: what it would keep is kept here.

Look, decision, step, memory and status are the operator's own; time is the test's, and so is the moment of death.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from model_operator.accounts.account import Account, Ids, Snapshot
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.errors import ProviderError, Unsupported
from model_operator.models.deployment import ModelDeployment, ModelDeploymentStatus
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.situation import Decision, Release, Situation, Timing
from model_operator.providers.base import Provider, Vendor
from model_operator.reconcile.deployment.act import act
from model_operator.reconcile.deployment.desire import desire
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.deployment.observe import Look, observe
from model_operator.status.deployment import summarize
from support.rows import ROWS
from support.signals import Told

KEY = Key(DEPLOYMENT, "team", "llama")
UID = "11111111-2222-3333-4444-555555555555"
Point = Literal["", "before the write", "after the write"]


class Crash(BaseException):
    """kill -9 at this point."""


def body_of(vendor: str, **spec: Any) -> ModelDeployment:
    usual = {"providerRef": {"name": "p"}, "model": "org/llama-8b", **ROWS[vendor].spec}
    metadata = {"name": KEY.name, "namespace": KEY.namespace, "uid": UID, "generation": 1}
    return ModelDeployment.parse({"metadata": metadata, "spec": {**usual, **spec}})


class OneObject:
    """`work` is one pass; `start` is a new process, which remembers nothing."""

    def __init__(
        self,
        vendor: Vendor,
        provider: Provider,
        clock: Callable[[], datetime],
        *,
        timing: Timing | None = None,
        is_proven: bool = True,
        **spec: Any,
    ) -> None:
        self.vendor = vendor
        self.provider = provider
        self.clock = clock
        self.timing = timing or Timing()
        self.is_proven = is_proven
        self.body = body_of(vendor.type, **spec)
        self.said: list[ModelDeploymentStatus] = []
        """Every status that was written."""
        self.is_released = False
        self.has_listed = False
        self.account: Any = None
        self.start()

    @property
    def status(self) -> ModelDeploymentStatus:
        return self.body.status

    def start(self) -> None:
        has_listed = self.has_listed or (self.account is not None and self.account.has_listed)
        self.has_listed = has_listed  # in the ModelProvider's status
        self.memory = Memory(uid=UID)
        self.account = Account(
            id="a",
            vendor=self.vendor,
            provider=self.provider,
            gate=None,  # type: ignore[arg-type]  only the engine asks it
            poll_interval=self.timing.poll_interval,
            signals=Told(),
            members={Key(PROVIDER, "team", "p")},
            is_proven=self.is_proven,
            has_listed=has_listed,
        )

    async def poll(self, *others: str) -> None:
        """One LIST; `others` are ids that other objects hold."""
        held = dict.fromkeys(others)
        own = self.status.external_id
        begun, is_leaving = self.clock(), self.body.metadata.is_terminating
        try:
            remotes = await self.provider.list()
        except Unsupported as error:
            sick = self.account.list_refused(error)
            if sick is not None:
                self.account.failed(sick)
            else:
                self.account.can_list, self.account.snapshot = False, None
            return
        except ProviderError as error:
            self.account.failed(error)
            return
        self.account.listed(
            Snapshot.of(begun, remotes),
            Ids(
                ({KEY: own} if own else {}) | {Key(DEPLOYMENT, "team", id_): id_ for id_ in held},
                {*held, *([own] if own and not is_leaving and self.status.pending is None else [])},
                {own} if own and is_leaving else set(),
            ),
        )

    async def work(self, dies: Point = "") -> Decision | None:
        """One pass; the decision that was reported. Raises `Crash` at that point."""
        if self.is_released:
            return None
        before, now = self.body, self.clock()
        s = await self.look(now)
        s, step = await act(s, decide(s), self.provider, self.account, self.memory)
        if isinstance(step.action, Release):
            self.is_released = True
            return step
        status = summarize(s, step)
        if status == before.status:
            return step
        if dies == "before the write":
            raise Crash
        self.body = before.model_copy(update={"status": status})
        self.said.append(status)
        if dies == "after the write":
            raise Crash
        self.memory.written(before.status, status, now)
        return step

    async def look(self, now: datetime) -> Situation:
        asked, memory = desire(self.body, self.vendor), self.memory
        before = memory.view
        seen = await observe(
            Look(
                key=KEY,
                resource=self.body,
                desired=asked,
                account=self.account,
                provider=self.provider,
                timing=self.timing,
                full_read_interval=timedelta(hours=1),
                now=now,
                creation=memory.creation,
                view=before,
                sent=memory.sent,
            )
        )
        memory.looked(before, seen.creation, seen.view, seen.sent)
        return Situation(
            desired=asked,
            wanted=not self.body.metadata.is_terminating,
            status=self.status,
            observed=seen.observed,
            creation=memory.creation,
            sent=memory.sent,
            failure=memory.retry.failure,
            capabilities=self.vendor.capabilities,
            timing=self.timing,
            now=now,
            has_default_name=self.body.spec.deployment_name is None,
        )

    def edit(self, **spec: Any) -> None:
        """Fields as the model calls them."""
        self._change(spec=self.body.spec.model_copy(update=spec))

    def delete(self) -> None:
        gone = self.body.metadata.deletion_timestamp or self.clock()
        self._change(metadata=self.body.metadata.model_copy(update={"deletion_timestamp": gone}))

    def _change(self, **parts: Any) -> None:
        self.body = self.body.model_copy(update=parts)
        metadata = self.body.metadata
        newer = metadata.model_copy(update={"generation": metadata.generation + 1})
        self.body = self.body.model_copy(update={"metadata": newer})


async def until_quiet(one: OneObject, *, passes: int = 20) -> Sequence[ModelDeploymentStatus]:
    """Polls and passes until nothing new is said; what was said on the way."""
    before = len(one.said)
    for _ in range(passes):
        count = len(one.said)
        await one.poll()
        await one.work()
        if len(one.said) == count:
            break
    return one.said[before:]
