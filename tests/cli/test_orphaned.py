"""`orphans --delete`: what is looked at once more right before the request, and refused if anybody may hold it."""

from typing import Any

import pytest
from click.testing import CliRunner

from model_operator.cli import main
from model_operator.cli.orphaned import holds, left_in, objection
from model_operator.domain import RunState
from model_operator.models.orphans import Orphan
from model_operator.modes import Mode
from support.situations import remote

MARK = "berlin-1/team/llama"
DEPLOYMENT = remote(id="dep_1", owner=MARK, owner_uid="of-before")
ORPHAN = Orphan(id="dep_1", name="llama", owner=MARK)


def body(name: str = "llama", namespace: str = "team", uid: str = "u", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "uid": uid}, **more}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(body("other"), False, id="another object"),
        pytest.param(body("other", uid="of-before"), True, id="its UID"),
        pytest.param(body(), True, id="its namespace and name"),
        pytest.param(body(namespace="elsewhere"), False, id="its name in another namespace"),
        pytest.param(body(status={"externalID": "dep_2"}), False, id="its name, and another deployment"),
        pytest.param(body("other", status={"externalID": "dep_1"}), True, id="its id"),
        pytest.param(body("other", spec={"externalID": "dep_1"}), True, id="about to adopt it"),
    ],
)
def test_whether_an_object_may_hold_it(found: dict[str, Any], expected: bool) -> None:
    assert holds(found, DEPLOYMENT) is expected


@pytest.mark.parametrize(
    ("changes", "objects", "expected"),
    [
        ({}, [], None),
        ({"owner": "berlin-1/team/other"}, [], "its owner mark is not the one that the operator saw"),
        ({"owner": None}, [], "its owner mark is not the one that the operator saw"),
        ({"state": RunState.DELETING}, [], "it is being deleted already"),
        ({}, [body("other"), body()], "ModelDeployment team/llama may manage it"),
        (
            {},
            None,
            "you may not list the ModelDeployments of all namespaces, so that it may be managed by one",
        ),
    ],
)
def test_why_it_is_not_deleted(
    changes: dict[str, Any], objects: list[dict[str, Any]] | None, expected: str | None
) -> None:
    given = {"state": RunState.SERVING, "owner": MARK, **changes}
    assert objection(ORPHAN, remote(given.pop("state"), id="dep_1", **given), objects) == expected


def test_nothing_is_deleted_where_another_cluster_may_manage() -> None:
    assert [mode for mode in Mode if left_in(mode) is None] == [Mode.MANAGE]
    assert left_in(Mode.OBSERVE) == (
        "is in mode Observe, so another cluster may manage it. Set its spec.mode to Manage first"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--delete"],
        ["--delete", "a", "b"],
        ["--import", "--delete", "a"],
        ["--import", "-A"],
        ["--delete", "a", "-A"],
    ],
)
def test_flags_that_contradict_each_other(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["orphans", *arguments]).exit_code == 2
