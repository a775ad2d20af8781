"""Everything that runs inside the engine is made here, once."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from model_operator.accounts.bindings import Bindings
from model_operator.accounts.registry import Accounts
from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER
from model_operator.engine.clock import Steady
from model_operator.engine.controller import Controller, Pass
from model_operator.observability.metrics import Metrics
from model_operator.plan.deployment.situation import Timing
from model_operator.providers.base import Transport, Vendor
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.loop import BudgetMemory, BudgetPass
from model_operator.reconcile.budget.purses import Purses
from model_operator.reconcile.budget.settling import Settling
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.canary.loop import CanaryPass
from model_operator.reconcile.canary.memory import Memory as CanaryMemory
from model_operator.reconcile.contested import LONGEST_OF_A_SPLIT
from model_operator.reconcile.deployment.loop import DeploymentPass
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.orphans import OrphanWatch
from model_operator.reconcile.provider import Nothing, ProviderPass
from model_operator.reconcile.recorder import Recorder
from model_operator.reconcile.spending import Spending
from model_operator.reconcile.store import ListingStore, Store
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator.sharding import Shards
from model_operator.signals import Signals
from model_operator.webhooks.hooks import Hooks

_PROVIDER_WORKERS = 4
_CANARY_WORKERS = 4
_BUDGET_WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the engine is given: settings, and the ways to the API server, the providers and the clock."""

    settings: Settings
    store: Store
    transport: Transport
    vendors: Mapping[str, Vendor]
    metrics: Metrics
    redactor: Redactor
    clock: Callable[[], datetime]
    shards: Shards = field(default_factory=Shards)
    listing: ListingStore | None = None
    """The same API server read whole; None: whether anything is orphaned is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    cache: Cache
    recorder: Recorder
    accounts: Accounts
    bindings: Bindings
    hooks: Hooks
    providers: ProviderPass
    deployments: DeploymentPass
    canaries: CanaryPass
    budgets: BudgetPass
    spending: Spending
    controllers: Mapping[str, Controller]


def make(outside: Outside, signals: Signals) -> Parts:
    """The parts, wired to each other and, upwards, to `signals`. Nothing runs yet."""
    settings = outside.settings
    hooks = Hooks(outside.redactor)
    cache, recorder = Cache(signals, outside.shards), Recorder(outside.store, outside.clock)
    accounts = Accounts(
        transport=outside.transport,
        holders=cache,
        clock=outside.clock,
        signals=signals,
        redactor=outside.redactor,
        most_in_flight=settings.max_concurrent_requests,
        transition_poll=settings.transition_poll,
        shards=outside.shards,
    )
    around = Surroundings(
        store=outside.store,
        cache=cache,
        bindings=Bindings(),
        vendors=outside.vendors,
        signals=signals,
        record=recorder,
        clock=outside.clock,
        shards=outside.shards,
    )
    orphans = OrphanWatch(
        store=outside.listing,
        cache=cache,
        bindings=around.bindings,
        namespaces=settings.namespaces,
        installation=settings.installation,
    )
    providers = _providers(settings, around, accounts, hooks, orphans)
    spending = Spending(cache, outside.clock, settings.cost_labels)
    budgets = _budgets(settings, around)
    deployments = _deployments(settings, around, outside.redactor, spending, budgets)
    canaries = _canaries(settings, around)
    passes: tuple[tuple[str, Pass, int], ...] = (
        (PROVIDER, providers, _PROVIDER_WORKERS),
        (DEPLOYMENT, deployments, settings.workers),
        (CANARY, canaries, _CANARY_WORKERS),
        (BUDGET, budgets, _BUDGET_WORKERS),
    )
    controllers = {
        kind: Controller(one, outside.store, signals, outside.metrics.controller(kind), workers)
        for kind, one, workers in passes
    }
    return Parts(
        cache=cache,
        recorder=recorder,
        accounts=accounts,
        bindings=around.bindings,
        hooks=hooks,
        providers=providers,
        deployments=deployments,
        canaries=canaries,
        budgets=budgets,
        spending=spending,
        controllers=controllers,
    )


def _providers(
    settings: Settings, around: Surroundings, accounts: Accounts, hooks: Hooks, orphans: OrphanWatch
) -> ProviderPass:
    return ProviderPass(
        around=around,
        find=around.cache.provider,
        remember=Nothing,
        patience=settings.accepted_grace,
        accounts=accounts,
        allowed_hosts=settings.allowed_provider_hosts,
        secret_refresh=settings.secret_refresh,
        default_poll_interval=settings.default_poll_interval,
        grace=settings.accepted_grace,
        hooks=hooks,
        orphans=orphans,
        listens=settings.webhook_address is not None,
        salt=secrets.token_bytes(16),
    )


def _budgets(settings: Settings, around: Surroundings) -> BudgetPass:
    return BudgetPass(
        around=around, find=around.cache.budget, remember=BudgetMemory, patience=settings.accepted_grace
    )


def _deployments(
    settings: Settings, around: Surroundings, redactor: Redactor, spending: Spending, budgets: BudgetPass
) -> DeploymentPass:
    return DeploymentPass(
        around=around,
        find=around.cache.deployment,
        remember=Memory,
        patience=settings.accepted_grace,
        timing=_timing(settings),
        full_read_interval=settings.full_read_interval,
        installation=settings.installation,
        redactor=redactor,
        settle=spending.settle,
        settled=Settling(around, budgets.book).settle,
        purses=Purses(around),
    )


def _canaries(settings: Settings, around: Surroundings) -> CanaryPass:
    around = replace(around, clock=Steady(around.clock))
    return CanaryPass(
        around=around,
        find=around.cache.canary,
        remember=CanaryMemory,
        longest_turn=LONGEST_OF_A_SPLIT,
        grace=settings.accepted_grace,
    )


def _timing(settings: Settings) -> Timing:
    return Timing(
        recovery_window=settings.recovery_window,
        power_grace=settings.power_grace,
        accepted_grace=settings.accepted_grace,
        # Half of it for the wait for a turn, half for the request itself.
        request_deadline=2 * settings.request_timeout,
        poll_interval=settings.default_poll_interval,
        transition_poll=settings.transition_poll,
        create_retry=settings.create_retry,
    )
