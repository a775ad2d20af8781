"""From a ModelDeployment to what it asks for in the operator's own words. Pure."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from model_operator.domain import BudgetStop, Desired, Probe
from model_operator.models.deployment import (
    DeletionPolicy,
    DriftPolicy,
    ModelDeployment,
    ModelDeploymentSpec,
)
from model_operator.models.provider import ModelProvider
from model_operator.owner_marks import OwnerMark
from model_operator.providers.base import Vendor
from model_operator.reconcile.claims import HASH_LENGTH, hash_of
from model_operator.reconcile.deployment.ends import expiry_of, idle_rule, is_at_fewest
from model_operator.reconcile.deployment.hours import Scheduled, scheduled
from model_operator.reconcile.deployment.labels import carried
from model_operator.reconcile.deployment.rest import at_fewest, paused, rest_of

_PROMPT = "ping"
_PROBE_TIMEOUT = timedelta(seconds=30)
_PROGRESS_DEADLINE = timedelta(minutes=30)


def desire(
    resource: ModelDeployment,
    vendor: Vendor,
    installation: str = "",
    *,
    now: datetime | None = None,
    provider: ModelProvider | None = None,
    stop: BudgetStop | None = None,
) -> Desired:
    """Effective values for everything that the spec leaves out; without an installation no owner is named.

    `now` is for the hours of a schedule, `provider` for labels that become tags, `stop` a budget's; without them they are
    not looked at.
    """
    metadata = resource.metadata
    hours = Scheduled() if now is None else scheduled(resource, now)
    rest = rest_of(resource.spec, hours, stop, is_unused=is_at_fewest(resource))
    spec = at_fewest(resource.spec, rest)
    limit = vendor.capabilities.name_limit
    return Desired(
        uid=metadata.uid,
        namespace=metadata.namespace,
        name=metadata.name,
        generation=metadata.generation,
        deployment_name=spec.deployment_name or default_name(metadata.name, metadata.uid, limit),
        model=spec.model,
        provider=spec.provider_ref.name,
        fields={**carried(resource, provider, vendor), **vendor.fields(spec)},
        fixed=vendor.fixed(spec),
        texts=vendor.texts(spec),
        external_id=spec.external_id,
        paused=paused(spec, rest),
        off_hours=rest.off,
        stop=rest.stop,
        next_edge=hours.next_edge,
        active_until=hours.active_until,
        expires_at=expiry_of(resource),
        idle=idle_rule(spec, hours),
        may_scale_down=vendor.may_scale_down(spec),
        corrects_drift=spec.drift_policy is not DriftPolicy.REPORT,
        orphans=spec.deletion_policy is DeletionPolicy.ORPHAN,
        forces_delete=vendor.forces_delete(spec),
        progress_deadline=spec.progress_deadline or _PROGRESS_DEADLINE,
        probe=_probe(spec),
        endpoint_name=vendor.endpoint_name(spec),
        endpoint_id=vendor.endpoint_id(spec),
        owner=OwnerMark(installation, metadata.namespace, metadata.name).written() if installation else None,
    )


@lru_cache(maxsize=4096)  # asked for in every pass
def default_name(name: str, uid: str, limit: int) -> str:
    """`triage-v1` → `triage-v1-k3x7…`: lower case, at most `limit` characters, and no other CR's.

    The tail is a hash of the UID, so that a deployment found under this name can only be this CR's.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: limit - HASH_LENGTH - 1].strip("-")
    return f"{slug or 'm'}-{hash_of(uid)}"


def _probe(spec: ModelDeploymentSpec) -> Probe | None:
    if spec.probe is None:
        return None
    return Probe(prompt=spec.probe.prompt or _PROMPT, timeout=spec.probe.timeout or _PROBE_TIMEOUT)
