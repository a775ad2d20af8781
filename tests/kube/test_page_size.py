"""How many objects the next page of a list may have, after what the last one weighed."""

import pytest

from model_operator.kube import page_size


@pytest.mark.parametrize(
    ("length", "objects", "following"),
    [
        pytest.param(40_000, 20, 500, id="2 kB each"),
        pytest.param(20 * 30_000, 20, 139, id="30 kB each"),
        pytest.param(20 * 1_500_000, 20, 2, id="1.5 MB each"),
        pytest.param(9_000_000, 1, 1, id="one is more than a page"),
        pytest.param(0, 0, 1, id="an empty page with more to come"),
    ],
)
def test_a_page_has_about_four_megabytes(length, objects, following):
    assert page_size(length, objects) == following
