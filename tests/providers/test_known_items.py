"""Items of a LIST that have not changed are not read again, and one whose reading would be another now is."""

import pytest

from model_operator.domain import Remote
from model_operator.providers.account import Cleaner
from model_operator.providers.base import Credentials
from model_operator.providers.known_items import KnownItems
from model_operator.providers.parasail.wire import remote_of

KEY = "hf_abcdefghijklmnop"
ITEM = {
    "id": 7,
    "deploymentName": "llama",
    "modelName": "org/llama",
    "replicas": 1,
    "status": {"status": "ONLINE", "statusMessage": f"loaded with s3cret-{KEY}"},
}


@pytest.fixture
def clean() -> Cleaner:
    return Cleaner(Credentials(api_key="K" * 20))


def listed(known: KnownItems, clean: Cleaner, *items: object) -> list[Remote]:
    """What one LIST makes of these items."""
    read = known.reading(lambda item: remote_of(item, chat_base_url=None, clean=clean), secrets=clean.secrets)
    return [read(item) for item in items]


def test_an_item_that_has_not_changed_is_the_one_of_the_list_before(clean: Cleaner) -> None:
    known = KnownItems()
    (before,) = listed(known, clean, ITEM)
    (now,) = listed(known, clean, {**ITEM})
    assert now is before


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 2},
        {"replicas": 1.0},
        {"replicas": True},
        {"status": {"status": "ONLINE"}},
        {"unknown": None},
        {"id": 8},
    ],
    ids=str,
)
def test_an_item_that_differs_in_anything_is_read(clean: Cleaner, change: dict[str, object]) -> None:
    known, changed = KnownItems(), {**ITEM, **change}
    (before,) = listed(known, clean, ITEM)
    (now,) = listed(known, clean, changed)
    assert now is not before
    assert now == remote_of(changed, chat_base_url=None, clean=clean)


def test_a_secret_that_was_learned_since_is_in_no_item(clean: Cleaner) -> None:
    known = KnownItems()
    (before,) = listed(known, clean, ITEM)
    clean.learn([f"s3cret-{KEY}"])
    (now,) = listed(known, clean, ITEM)
    assert (before.message, now.message) == ("loaded with s3cret-***", "loaded with ***")


def test_only_the_last_list_is_kept(clean: Cleaner) -> None:
    known = KnownItems()
    (before,) = listed(known, clean, ITEM)
    listed(known, clean)
    (now,) = listed(known, clean, ITEM)
    assert now == before
    assert now is not before
