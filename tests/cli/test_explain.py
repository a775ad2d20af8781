"""`explain`: every reason that an object can show is explained, and a misspelt one is guessed."""

import json

import pytest
from click.testing import CliRunner, Result

from model_operator.cli import main
from model_operator.conditions import Reason
from model_operator.meanings import MEANINGS


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments])


def test_a_reason_is_explained_with_what_to_do():
    meaning, remedy = MEANINGS[Reason.QUOTA_EXCEEDED]
    for word in ("QuotaExceeded", "quotaexceeded"):
        assert call(word).output == f"QuotaExceeded\n  {meaning}\n  What to do: {remedy}\n"


def test_where_there_is_nothing_to_do_it_says_so():
    assert call("Serving").output.splitlines()[-1] == "  No action is needed."


def test_all_of_them_are_listed():
    assert call("-o", "name").output.split() == list(map(str, MEANINGS))
    assert len(json.loads(call("-o", "json").output)) == len(MEANINGS)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("QuotaExeeded", "'QuotaExeeded' is not a reason of the operator; did you mean QuotaExceeded?"),
        ("xyz", "'xyz' is not a reason of the operator"),
    ],
)
def test_a_word_that_is_none_is_refused(word, said):
    result = call(word)
    assert (result.exit_code, result.stderr) == (1, f"Error: {said}\n")
