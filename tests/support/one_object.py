"""One ModelDeployment and the real passes over it: on the API server in memory, when and as often as a test says.

Time is the test's, and so is the moment of death: `work` may die at any request to the API server.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding, Bindings
from model_operator.accounts.poller import Poller
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.models.deployment import ModelDeployment, ModelDeploymentStatus
from model_operator.plan.deployment.situation import Timing
from model_operator.providers.base import Provider, Vendor
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.purses import Purses
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.deployment.loop import DeploymentPass
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.recorder import Recorder
from support.memory_schema import Object
from support.memory_server import Server
from support.memory_store import MemoryStore, Request
from support.provider_world import OpenGate
from support.rows import ROWS
from support.signals import Told

KEY = Key(DEPLOYMENT, "team", "llama")
ACCOUNT = Key(PROVIDER, "team", "p")

Point = str
"""Where a process dies: `status.sent`, `status.done`, `finalizer.sent`, …; "" is nowhere."""


class Crash(BaseException):
    """kill -9 at this point."""


class OneObject(Told):
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
        super().__init__()
        self.vendor = vendor
        self.provider = provider
        self.clock = clock
        self.timing = timing or Timing()
        self.is_proven = is_proven
        self.has_listed = False
        self.account: Any = None
        self.dies: Point = ""
        self.said: list[ModelDeploymentStatus] = []
        """Every status that was written."""
        self.server = Server(clock)
        account = {"type": vendor.type, "credentials": {"secretRef": {"name": "key"}}}
        self.server.create(PROVIDER, KEY.namespace, {"metadata": {"name": ACCOUNT.name}, "spec": account})
        self.apply(KEY.name, **spec)
        self.body = ModelDeployment.parse(self.server.get(KEY))
        """As it is now; of one that is gone, its last."""
        self.server.watchers.append(self._shown)
        self.start()

    def apply(self, name: str, **spec: Any) -> Key:
        """One more ModelDeployment; keywords are fields of spec, as YAML has them."""
        usual = {
            "providerRef": {"name": ACCOUNT.name},
            "model": "org/llama-8b",
            **ROWS[self.vendor.type].spec,
        }
        body = {"metadata": {"name": name}, "spec": {**usual, **spec}}
        self.server.create(DEPLOYMENT, KEY.namespace, body)
        return Key(DEPLOYMENT, KEY.namespace, name)

    def hold(self, *ids: str) -> list[Key]:
        """Other objects of the account, which have these deployments."""
        keys = [self.apply(f"other-{id_.replace('_', '-')}", deletionPolicy="Orphan") for id_ in ids]
        for key, id_ in zip(keys, ids, strict=True):
            self.server.replace_status(key, None, {"externalID": id_})
        return keys

    def start(self) -> None:
        self.has_listed = self.has_listed or (self.account is not None and self.account.has_listed)
        self.cache = Cache(self)
        for key, body in self.server.objects.items():
            if key.kind in (DEPLOYMENT, PROVIDER):
                self.cache.put(key, body)
        self.account = Account(
            id="a",
            vendor=self.vendor,
            provider=self.provider,
            gate=OpenGate(),
            poll_interval=self.timing.poll_interval,
            signals=self,
            members={ACCOUNT},
            is_proven=self.is_proven,
            has_listed=self.has_listed,  # the ModelProvider's status says so
        )
        self.poller = Poller(self.account, self.cache, self.clock, self.timing.transition_poll)
        bindings = Bindings()
        bindings.put(ACCOUNT, Binding(self.account))
        store = MemoryStore(self.server, met=self._met)
        around = Surroundings(
            store=store,
            cache=self.cache,
            bindings=bindings,
            vendors={self.vendor.type: self.vendor},
            signals=self,
            record=Recorder(store, self.clock),
            clock=self.clock,
        )
        self.passes = DeploymentPass(
            around=around,
            purses=Purses(around),
            find=self.cache.deployment,
            remember=Memory,
            timing=self.timing,
            full_read_interval=timedelta(hours=1),
        )

    @property
    def status(self) -> ModelDeploymentStatus:
        return self.body.status

    @property
    def memory(self) -> Memory:
        return self.passes.memory(KEY, self.body.metadata.uid)

    @property
    def is_wanted(self) -> bool:
        """It is there, and nobody has deleted it."""
        body = self.server.find(KEY)
        return body is not None and not body["metadata"].get("deletionTimestamp")

    @property
    def is_released(self) -> bool:
        """Gone from the API server, and nothing of it is left to be looked after."""
        return not self._lives

    @property
    def _lives(self) -> list[Key]:
        """The object's, and those of its kind that have gone without their finalizer."""
        keys = self.cache.keys()
        return [k for k in keys if k.kind == DEPLOYMENT and k.name.partition("@")[0] == KEY.name]

    async def poll(self) -> None:
        """One LIST."""
        await self.poller.poll()

    async def work(self, dies: Point = "") -> timedelta | None:
        """One pass; when it wants to look again. Raises `Crash` at that point."""
        self.dies, wait = dies, None
        for key in self._lives:
            wait = await self.passes.reconcile(key)
        self.dies = ""
        return wait

    def edit(self, **spec: Any) -> None:
        """Fields as YAML has them; None takes one out."""
        self.server.merge(KEY, {"spec": spec})

    def delete(self) -> None:
        self.server.delete(KEY)

    @override
    def gone(self, key: Key, uid: str) -> None:
        super().gone(key, uid)
        if self.cache.uid(key) == uid:
            self.passes.ended(key)

    def _note(self, body: ModelDeployment) -> None:
        if body.status != self.body.status:
            self.said.append(body.status)
        self.body = body

    def _met(self, point: str, request: Request) -> None:
        if point == self.dies and request.key.kind == DEPLOYMENT:
            raise Crash

    def _shown(self, type_: str, key: Key, body: Object) -> None:
        """The watch, without a delay."""
        if key.kind not in (DEPLOYMENT, PROVIDER):
            return
        if key == KEY:
            self._note(ModelDeployment.parse(body))
        self.cache.put(key, body)
        if type_ == "DELETED":
            self.gone(key, body["metadata"]["uid"])
