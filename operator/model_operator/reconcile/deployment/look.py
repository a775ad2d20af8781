"""What one pass over a ModelDeployment looks with, and what the look has shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from model_operator.accounts.account import Account
from model_operator.domain import Desired, Key, Remote
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.deployment.remembered import Creation, Sent
from model_operator.plan.deployment.situation import Observed, Timing
from model_operator.providers.base import Provider
from model_operator.reconcile.deployment.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one pass looks with; nothing of it is changed. `provider` is the account's, at this pass's priority."""

    key: Key
    resource: ModelDeployment
    desired: Desired
    account: Account
    provider: Provider
    timing: Timing
    full_read_interval: timedelta
    now: datetime
    creation: Creation
    view: View
    sent: Sent
    ends: bool = False
    """The object is being deleted, or has expired."""
    is_idle: bool = False
    """In mode Observe: nothing is sent by what it shows, so that what is a little old will do."""

    def candidates(self) -> tuple[Remote, ...]:
        """What the last LIST shows with our tag or name, however old it is."""
        snapshot = self.account.snapshot
        return snapshot.candidates(self.desired.deployment_name, self.desired.uid) if snapshot else ()

    def showed(self, observed: Observed) -> "Seen":
        return Seen(observed, self.creation, self.view, self.sent)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has shown, and the parts of the memory as they are after it."""

    observed: Observed
    creation: Creation
    view: View
    sent: Sent
