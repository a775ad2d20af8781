"""How single values are written in YAML and what they are in Python."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import ValidationError

from model_operator.models.wire import DecimalText, Duration, Model, Time, camel

NAMES = [
    ("model", "model"),
    ("deployment_name", "deploymentName"),
    ("external_id", "externalID"),
    ("endpoint_url", "endpointURL"),
    ("base_url", "baseURL"),
    ("chat_base_url", "chatBaseURL"),
    ("client_id", "clientID"),
    ("subnet_ids", "subnetIDs"),
    ("security_group_ids", "securityGroupIDs"),
    ("default_top_p", "defaultTopP"),
    ("id", "id"),
    ("url", "url"),
]


class Values(Model):
    span: Duration | None = None
    share: DecimalText | None = None
    at: Time | None = None


@pytest.mark.parametrize(("ours", "yaml"), NAMES)
def test_names_are_camel_case_with_initialisms_in_capitals(ours, yaml):
    assert camel(ours) == yaml


@pytest.mark.parametrize(
    ("yaml", "value", "canonical"),
    [
        pytest.param("30s", timedelta(seconds=30), "30s", id="seconds"),
        pytest.param("500ms", timedelta(milliseconds=500), "500ms", id="milliseconds are not minutes"),
        pytest.param("90m", timedelta(minutes=90), "1h30m", id="carried over"),
        pytest.param(
            "1h2m3s4ms", timedelta(hours=1, minutes=2, seconds=3, milliseconds=4), "1h2m3s4ms", id="all"
        ),
        pytest.param("1m1h", timedelta(minutes=61), "1h1m", id="any order"),
        pytest.param("0s", timedelta(), "0s", id="zero"),
        pytest.param("99999h", timedelta(hours=99999), "99999h", id="longest"),
    ],
)
def test_a_duration_is_a_timedelta(yaml, value, canonical):
    values = Values.read({"span": yaml})
    assert values == Values(span=value)
    assert values.dump() == {"span": canonical}


@pytest.mark.parametrize("yaml", ["", "30", "1 h", "-5s", "1.5h", "1d", "PT30S", "٣s", "s", 30, 30.0, True])
def test_what_is_no_duration_is_refused(yaml):
    with pytest.raises(ValidationError, match="30s, 500ms or 1h30m"):
        Values.read({"span": yaml})


@pytest.mark.parametrize("yaml", ["0", "0.70", "0.000000001", "123456789.5"])
def test_a_fraction_keeps_every_digit(yaml):
    values = Values.read({"share": yaml})
    assert values == Values(share=Decimal(yaml))
    assert values.dump() == {"share": yaml}


@pytest.mark.parametrize(
    ("yaml", "value", "canonical"),
    [
        pytest.param("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None, id="seconds"),
        pytest.param(
            "2026-01-02T03:04:05.000007Z",
            datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=UTC),
            None,
            id="microseconds",
        ),
        pytest.param(
            "2026-01-02T03:04:05+02:00",
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T01:04:05Z",
            id="another zone",
        ),
    ],
)
def test_a_time_is_an_aware_datetime_in_utc(yaml, value, canonical):
    values = Values.read({"at": yaml})
    assert values == Values(at=value)
    assert values.at is not None
    assert values.at.utcoffset() == timedelta()
    assert values.dump() == {"at": canonical or yaml}


@pytest.mark.parametrize("yaml", ["yesterday", "2026-01-02T03:04:05", "0001-01-01T00:00:00+01:00"])
def test_what_is_no_time_in_utc_is_refused(yaml):
    with pytest.raises(ValidationError):
        Values.read({"at": yaml})


def test_models_cannot_be_changed():
    values = Values(share=Decimal(1))
    with pytest.raises(ValidationError, match="frozen"):
        values.share = Decimal(2)
