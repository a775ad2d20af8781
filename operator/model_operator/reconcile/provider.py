"""One pass over one ModelProvider: read its Secret, find its account, say whether the credentials are accepted.

Runs at start, after every edit, on a 401, and every minute, so that a rotated Secret is picked up within one.
"""

import hashlib
import hmac
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding
from model_operator.accounts.registry import Accounts, AccountSpec
from model_operator.conditions import Reason
from model_operator.domain import FINALIZER, Key
from model_operator.errors import ProviderError
from model_operator.hosts import HostRule, may_send
from model_operator.kube import KubeForbidden, NoSuchName, ObjectGone
from model_operator.models.parse import InvalidResource
from model_operator.models.provider import ModelProvider
from model_operator.modes import Mode
from model_operator.plan.verdict import Verdict
from model_operator.providers.base import CredentialsIncomplete
from model_operator.providers.credentials import SecretData
from model_operator.reconcile.base import Pass
from model_operator.reconcile.orphans import OrphanWatch
from model_operator.reconcile.webhook import hook_of
from model_operator.status.events import of_transition
from model_operator.status.orphans import of_orphans
from model_operator.status.provider import AccountView, confirm, summarize
from model_operator.webhooks.hooks import Hooks

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Nothing:
    """A pass over a ModelProvider remembers next to nothing."""

    uid: str
    passed_on: object | None = None
    """Of its spec: what its dependents go by, as they were last told."""
    generation: int = 0
    """Of that spec."""


class SecretMissing(Exception):
    """The Secret cannot be read; `str()` is for people."""


class Secret(NamedTuple):
    """As a ModelProvider names it."""

    name: str
    values: SecretData
    version: str
    """resourceVersion."""


@dataclass(slots=True, kw_only=True)
class ProviderPass(Pass[ModelProvider, Nothing]):
    """The passes over ModelProviders."""

    accounts: Accounts
    allowed_hosts: Sequence[HostRule]
    secret_refresh: timedelta
    default_poll_interval: timedelta
    grace: timedelta
    hooks: Hooks
    orphans: OrphanWatch
    listens: bool
    """Whether this operator takes events of providers at all."""
    salt: bytes = field(repr=False)
    """Of the process: account ids say nothing about keys."""

    @override
    async def look_after(self, key: Key, resource: ModelProvider) -> timedelta | None:
        dependents, canaries = self.around.cache.dependents(key), self.around.cache.canaries(key)
        if resource.metadata.is_terminating and not dependents and not canaries:
            await self._release(key, resource)
            return None
        resource = await self.keep_finalizer(key, resource)
        await self._bind(key, resource)
        self._tell_dependents(key, resource)
        await self._report(key, resource, tuple(d.name for d in dependents), tuple(c.name for c in canaries))
        return self.secret_refresh

    @override
    async def look_on(self, key: Key) -> timedelta | None:
        """Which account it leads to: what another shard's objects claim there is not free for ours."""
        resource = self.find(key)
        if resource is None:
            self.lost(key)
            return None
        await self._bind(key, resource)
        return self.secret_refresh

    @override
    def lost(self, key: Key) -> None:
        self.hooks.drop(key)
        self.orphans.forget(key)
        binding = self.around.bindings.pop(key)
        if binding is None:
            return
        if binding.account is not None:
            self.accounts.close(binding.account, key)
        self.around.signals.rebound(key)

    @override
    def leaves(self, key: Key, invalid: InvalidResource) -> bool:
        return bool(self.around.cache.dependents(key) or self.around.cache.canaries(key))

    @override
    def ended(self, key: Key) -> Iterable[Key]:
        self.forget(key)
        return (key, *self.around.cache.dependents(key), *self.around.cache.canaries(key))

    def _tell_dependents(self, key: Key, resource: ModelProvider) -> None:
        """Other prices, or other labels to carry, are news for them; the first ones they meet at their own first pass.

        A spec that came and went while a pass was under way has met none of these, and perhaps one of theirs.
        """
        memory, now = self.memory(key, resource.metadata.uid), resource.metadata.generation
        before, memory.passed_on = memory.passed_on, (resource.spec.prices, resource.spec.labels_to_tags)
        was_skipped, memory.generation = now > memory.generation + 1, now
        if before is not None and (was_skipped or before != memory.passed_on):
            self.around.signals.changed(self.around.cache.dependents(key))
            self.around.signals.changed(self.around.cache.canaries(key))

    async def _release(self, key: Key, resource: ModelProvider) -> None:
        self.lost(key)
        if FINALIZER in resource.metadata.finalizers:
            await self.let_go(key, resource.metadata)

    async def _bind(self, key: Key, resource: ModelProvider) -> None:
        before = self.around.bindings.get(key)
        after = await self._look_up(key, resource, before)
        self.around.bindings.put(key, after)
        if after.webhook is None or not after.webhook.is_true:
            self.hooks.drop(key)
        if before is not None and before.account is not None and before.account is not after.account:
            self.accounts.close(before.account, key)
        after.mode = resource.spec.mode or Mode.MANAGE
        if after.account is not None and after.reason is not None:
            self.accounts.poll(after.account, key, is_polled=after.mode is not Mode.SUSPEND)
        if before is None or _leads(before) != _leads(after):
            self.around.signals.rebound(key)

    async def _look_up(self, key: Key, resource: ModelProvider, before: Binding | None) -> Binding:
        """The binding as it should be now. With a reason, an account from before is kept for deletions."""
        kept = before.account if before else None
        vendor, spec = self.around.vendors[resource.spec.type], resource.spec
        base = spec.base_url or vendor.default_base_url
        chat = spec.chat_base_url or vendor.default_chat_base_url
        for url, default in ((base, vendor.default_base_url), (chat, vendor.default_chat_base_url)):
            if url is not None and not may_send(url, default, self.allowed_hosts, key.namespace):
                return Binding(None, Reason.HOST_NOT_ALLOWED, _not_allowed(url, key.namespace))
        try:
            secret = await self._secret(key, spec.credentials.secret_ref.name)
            credentials = vendor.credentials(secret.values)
        except SecretMissing as missing:
            return Binding(kept, Reason.CREDENTIALS_MISSING, str(missing))
        except CredentialsIncomplete as error:
            message = f'Secret "{secret.name}": {error}. Fix it; the operator rechecks it within a minute.'
            return Binding(kept, Reason.CREDENTIALS_MISSING, message)
        account_spec = AccountSpec(
            vendor=vendor,
            base_url=base,
            chat_base_url=chat,
            credentials=credentials,
            requests_per_minute=spec.requests_per_minute,
            poll_interval=spec.poll_interval or self.default_poll_interval,
            is_polled=spec.mode is not Mode.SUSPEND,
        )
        account = self.accounts.open(self._account_id(account_spec), account_spec, key)
        _remind(account, resource, secret.version)
        self._confirm(key, resource, account)
        listens = self._listen(key, resource, secret.values)
        return Binding(account, secret_version=secret.version, webhook=listens)

    async def _secret(self, key: Key, name: str) -> Secret:
        """Raises `SecretMissing`, which says what to do about it."""
        try:
            body = await self.around.store.get("Secret", key.namespace, name)
        except ObjectGone:
            raise SecretMissing(
                f'Secret "{name}" does not exist in namespace {key.namespace}. Apply it. The operator rechecks'
                " it within a minute."
            ) from None
        except NoSuchName as error:
            raise SecretMissing(f"spec.credentials.secretRef.name: {error}.") from None
        except KubeForbidden as error:
            raise SecretMissing(
                f"{error}. Bind the operator's Role in this namespace, or allow the operator to read this"
                " Secret (Helm: rbac.secretNames)."
            ) from None
        return Secret(name, SecretData(body), str(body["metadata"]["resourceVersion"]))

    def _listen(self, key: Key, resource: ModelProvider, values: SecretData) -> Verdict | None:
        hook, said = hook_of(resource, values, listens=self.listens)
        if hook is not None and self.around.shards.owns(key.namespace):
            self.hooks.put(key, hook)
        return said

    def _confirm(self, key: Key, resource: ModelProvider, account: Account) -> None:
        confirmed = confirm(resource, self._missing(key, account), account.is_shown)
        ids = frozenset(confirmed.ids) if confirmed is not None else frozenset[str]()
        is_news = bool(ids - account.confirmed.get(key, frozenset()))
        account.confirmed[key] = ids
        if is_news:
            self.around.signals.changed(self.around.cache.dependents(key))

    def _missing(self, key: Key, account: Account) -> frozenset[str]:
        """Of the account's missing deployments, those that this ModelProvider's objects hold."""
        if not account.is_mismatch:
            return frozenset()
        return account.missing & set(self.around.cache.ids({key}).held.values())

    def _account_id(self, spec: AccountSpec) -> str:
        parts = (
            spec.vendor.type,
            spec.base_url,
            spec.chat_base_url or "",
            spec.credentials.api_key,
            spec.credentials.client_id or "",
        )
        return hmac.new(self.salt, "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:16]

    async def _report(
        self, key: Key, resource: ModelProvider, dependents: tuple[str, ...], canaries: tuple[str, ...]
    ) -> None:
        binding = self.around.bindings.get(key) or Binding()
        account, now = binding.account, self.around.clock()
        view = AccountView(
            reason=binding.reason,
            message=binding.message,
            error=_error_of(account) if account else None,
            has_answered=account is not None and (account.snapshot is not None or not account.can_list),
            is_mismatch=account is not None and account.is_mismatch,
            missing=self._missing(key, account) if account is not None else frozenset(),
            confirmed=confirm(resource, self._missing(key, account), account.is_shown)
            if account is not None
            else resource.status.confirmed_absence,
            has_listed=account is not None and account.has_listed,
            is_proven=account is not None and account.is_proven and binding.reason is None,
            secret_version=binding.secret_version,
            dependents=dependents,
            canaries=canaries,
            orphans=await self.orphans.look(key, resource.status.orphans, account, now),
            webhook=binding.webhook,
            mode=binding.mode,
            is_changing=bool(self.around.changing[key]),
        )
        status = summarize(resource, view, now, self.grace)
        if status == resource.status:
            return
        await self.write(key, resource, status.dump())
        told = (*of_transition(resource.status, status), *of_orphans(resource.status.orphans, status.orphans))
        self.around.record.note(key, resource.metadata, told)


def _leads(binding: Binding) -> tuple[object, ...]:
    """What its dependents go by: where it leads, and what they may do there."""
    return binding.account, binding.reason, binding.mode


def _error_of(account: Account) -> ProviderError | None:
    """What to say of a poll that failed: of an account that has answered before, only what is more than a hiccup."""
    return account.error if account.snapshot is None else account.lasting_error


def _not_allowed(url: str, namespace: str) -> str:
    return (
        f"{url} is not an allowed host for namespace {namespace}. Ask the administrator to add it to"
        " allowedProviderHosts, or use the provider's own URL."
    )


def _remind(account: Account, resource: ModelProvider, secret_version: str) -> None:
    """The account of what the status has recorded: of this Secret's key, and whether there is a LIST."""
    account.is_proven = account.is_proven or resource.status.proven_secret_version == secret_version
    account.has_listed = account.has_listed or bool(resource.status.list_worked)
    if resource.status.list_worked is False and account.error is not None:
        account.has_listed = False  # a person has said that there is no LIST any more
