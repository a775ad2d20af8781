"""Effective values for what a spec leaves out, and names that are nobody else's."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_operator.domain import Probe
from model_operator.models.deployment import ModelDeployment
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.deployment.desire import default_name, desire
from support import bodies

OBJECT_NAMES = st.from_regex(r"\A[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
UIDS = st.uuids().map(str)
LIMITS = st.sampled_from(sorted({vendor.capabilities.name_limit for vendor in PROVIDERS.values()}))


@given(name=OBJECT_NAMES, uid=UIDS, limit=LIMITS)
def test_a_default_name_is_one_that_every_vendor_takes(name, uid, limit):
    made = default_name(name, uid, limit)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", made)
    assert 3 <= len(made) <= limit


@given(name=OBJECT_NAMES, uids=st.lists(UIDS, min_size=2, max_size=2, unique=True), limit=LIMITS)
def test_two_objects_of_one_name_have_two_default_names(name, uids, limit):
    first, second = (default_name(name, uid, limit) for uid in uids)
    assert first != second
    assert default_name(name, uids[0], limit) == first


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("triage-v1", "triage-v1-", id="as it is"),
        pytest.param("team.llama.v1", "team-llama-v1-", id="dots are dashes"),
        pytest.param("x" * 60, "x" * 23 + "-", id="cut to the limit"),
        pytest.param("x" * 22 + "-long", "x" * 22 + "-", id="no dash is left before the hash"),
    ],
)
def test_a_default_name_begins_with_the_objects_name(name, expected):
    made = default_name(name, "uid", 32)
    assert re.fullmatch(re.escape(expected) + "[a-z2-7]{8}", made)


def desired(**spec):
    return desire(ModelDeployment.parse(bodies.deployment("llama", **spec)), PROVIDERS["parasail"])


def test_what_is_left_out_has_its_default():
    asked = desired()
    assert asked.paused is False
    assert asked.corrects_drift
    assert not asked.orphans
    assert asked.progress_deadline == timedelta(minutes=30)
    assert asked.probe is None
    assert asked.deployment_name.startswith("llama-")
    assert set(asked.fields) == {"replicas", "parasail.serviceTierName"}


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        pytest.param({"paused": True}, "paused", True, id="paused"),
        pytest.param({"driftPolicy": "Report"}, "corrects_drift", False, id="Report"),
        pytest.param({"deletionPolicy": "Orphan"}, "orphans", True, id="Orphan"),
        pytest.param({"deploymentName": "chosen"}, "deployment_name", "chosen", id="a chosen name"),
        pytest.param(
            {"progressDeadline": "5m"}, "progress_deadline", timedelta(minutes=5), id="progressDeadline"
        ),
        pytest.param(
            {"probe": {}}, "probe", Probe(prompt="ping", timeout=timedelta(seconds=30)), id="an empty probe"
        ),
        pytest.param(
            {"probe": {"prompt": "2+2", "timeout": "3s"}},
            "probe",
            Probe(prompt="2+2", timeout=timedelta(seconds=3)),
            id="a probe",
        ),
        pytest.param(
            {"parasail": {"serviceTierName": "t", "scaleDownPolicy": "TIMER", "scaleDownThreshold": "1h"}},
            "may_scale_down",
            True,
            id="TIMER",
        ),
        pytest.param(
            {"parasail": {"serviceTierName": "t", "scaleDownPolicy": "NONE"}},
            "may_scale_down",
            False,
            id="NONE",
        ),
    ],
)
def test_what_is_said_counts(spec, field, value):
    assert getattr(desired(**spec), field) == value


def test_an_adopted_deployment_keeps_what_the_spec_omits():
    adopted = desired(externalID="33665", deletionPolicy="Orphan", parasail={})
    assert adopted.paused is None
    assert set(adopted.fields) == {"replicas"}
    assert desired(externalID="33665", deletionPolicy="Orphan", paused=False).paused is False
