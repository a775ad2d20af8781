"""What the tests of accounts share."""

import pytest

from support.crowd import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
