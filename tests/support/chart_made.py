"""What the chart has made: the operator's container, and a test for each case."""

import pytest

from support.chart_cases import CASES
from support.helm import of_kind
from support.kube_api import Object

each_case = pytest.mark.parametrize(
    "values", [pytest.param(values, id=name) for name, values in CASES.items()]
)


def container(made: list[Object]) -> Object:
    """The operator's."""
    (deployment,) = of_kind(made, "Deployment")
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found
