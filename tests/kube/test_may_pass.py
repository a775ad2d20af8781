"""Which refusals of the API server are worth another try, such as while the operator reads all objects at its start."""

import pytest

from model_operator.kube import KubeError


@pytest.mark.parametrize(
    ("status", "may_pass"),
    [
        pytest.param(0, True, id="no answer"),
        pytest.param(400, False, id="a bad request"),
        pytest.param(404, False, id="no such kind"),
        pytest.param(408, True, id="a timeout"),
        pytest.param(409, True, id="a conflict"),
        pytest.param(410, True, id="etcd was compacted between two pages"),
        pytest.param(429, True, id="too many requests"),
        pytest.param(503, True, id="overload"),
    ],
)
def test_what_may_pass(status: int, may_pass: bool) -> None:
    assert KubeError(status, "no").may_pass is may_pass
