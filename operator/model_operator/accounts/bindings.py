"""Which account each ModelProvider leads to. Written by the passes over ModelProviders, read by all others."""

from dataclasses import dataclass

from model_operator.accounts.account import Account
from model_operator.conditions import Reason
from model_operator.domain import Key
from model_operator.modes import Mode
from model_operator.plan.verdict import Verdict


@dataclass(slots=True)
class Binding:
    """What is known of one ModelProvider: the account it leads to, or why it leads nowhere."""

    account: Account | None = None
    """With a `reason`, its credentials are from memory: good for deletions only."""
    reason: Reason | None = None
    message: str = ""
    secret_version: str | None = None
    webhook: Verdict | None = None
    """Whether its events are taken, as far as its Secret could be read."""
    mode: Mode = Mode.MANAGE
    """Of the ModelProvider at its last pass."""


class Bindings:
    def __init__(self) -> None:
        self._by_provider: dict[Key, Binding] = {}

    def get(self, provider: Key) -> Binding | None:
        """None before the ModelProvider's first pass."""
        return self._by_provider.get(provider)

    def account(self, provider: Key) -> Account | None:
        binding = self._by_provider.get(provider)
        return binding.account if binding is not None else None

    def lead_to_one(self, one: Key, other: Key) -> bool:
        """Whether both ModelProviders are known to lead to the same account: ids mean something only within one."""
        account, another = self.account(one), self.account(other)
        return one == other or (account is not None and another is not None and account.id == another.id)

    def put(self, provider: Key, binding: Binding) -> None:
        self._by_provider[provider] = binding

    def pop(self, provider: Key) -> Binding | None:
        return self._by_provider.pop(provider, None)
