"""No worker has all that takes long, and none begins it at the end."""

from support.dealing import dealt


def seconds(item: str) -> float:
    return float(item.partition("-")[2] or 0)


def test_each_worker_begins_with_its_share_of_what_takes_long() -> None:
    items = ["a", "b-10", "c", "d", "e-900", "f", "g-20", "h"]
    assert dealt(items, 2, seconds) == ["e-900", "b-10", "a", "c", "g-20", "d", "f", "h"]
    assert dealt(items, 1, seconds) == ["e-900", "g-20", "b-10", "a", "c", "d", "f", "h"]


def test_nothing_is_left_out_whatever_there_is() -> None:
    for count in range(9):
        for slow in range(count + 1):
            items = [f"{n}-{n}" if n and n <= slow else f"{n}" for n in range(count)]
            for workers in (1, 2, 4):
                assert sorted(dealt(items, workers, seconds)) == sorted(items)
