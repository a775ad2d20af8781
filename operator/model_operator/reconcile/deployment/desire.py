"""From a ModelDeployment to what it asks for in the operator's own words. Pure."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from model_operator.domain import Desired, Probe
from model_operator.models.deployment import (
    Autoscaling,
    DeletionPolicy,
    DriftPolicy,
    ModelDeployment,
    ModelDeploymentSpec,
)
from model_operator.models.provider import ModelProvider
from model_operator.models.schedule import OutsideHours
from model_operator.owner_marks import OwnerMark
from model_operator.providers.base import Vendor
from model_operator.reconcile.claims import HASH_LENGTH, hash_of
from model_operator.reconcile.deployment.ends import expiry_of, idle_rule, is_at_fewest
from model_operator.reconcile.deployment.hours import Scheduled, scheduled
from model_operator.reconcile.deployment.labels import carried

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
) -> Desired:
    """Effective values for everything that the spec leaves out; without an installation no owner is named.

    `now` is for the hours of a schedule, `provider` for labels that become tags; without them they are not looked at.
    """
    metadata = resource.metadata
    hours = Scheduled() if now is None else scheduled(resource, now)
    spec = resource.spec
    if (hours.off is not None and not stops_outside(spec)) or is_at_fewest(resource):
        spec = _at_fewest(spec)
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
        paused=_paused(spec, hours),
        off_hours=hours.off,
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


def _paused(spec: ModelDeploymentSpec, hours: Scheduled) -> bool | None:
    """None where the power state is not ours: of an adopted deployment with neither `paused` nor hours."""
    if spec.schedule is None:
        return spec.paused if spec.external_id is not None else bool(spec.paused)
    stops = hours.off is not None and stops_outside(spec)
    return bool(spec.paused) or stops


def stops_outside(spec: ModelDeploymentSpec) -> bool:
    """Of its hours."""
    return spec.schedule is not None and spec.schedule.outside is OutsideHours.PAUSE


def _at_fewest(spec: ModelDeploymentSpec) -> ModelDeploymentSpec:
    """Outside the hours, where the schedule says MinReplicas, and where nobody uses it: no more than those."""
    if spec.autoscaling is None:
        return spec
    fewest = spec.autoscaling.min_replicas
    return spec.with_(autoscaling=Autoscaling(min_replicas=fewest, max_replicas=fewest))


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
