"""The arithmetic of splits: how far between two of them, who gains, who gives, and what identifies one.

Targets are told apart by their reference; ids and names may change without a new split coming of it.
"""

from collections.abc import Iterable, Mapping

from model_operator.models.canary_status import Share

Shares = tuple[Share, ...]


def blend(origin: Shares, to: Shares, percent: int) -> Shares:
    """`percent` of the way from one split to the other, in whole percents that sum to 100 (largest remainder).

    Every share stays between its two ends. All of both splits' members are in it, except at the two ends.
    """
    if percent >= 100 or not origin:
        return to
    if percent <= 0:
        return origin
    members = _members(origin, to)
    before, after = percents(origin), percents(to)
    exact = [
        before.get(m.reference, 0) * (100 - percent) + after.get(m.reference, 0) * percent for m in members
    ]
    whole = [number // 100 for number in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (-(exact[i] % 100), i))
    for i in by_remainder[: 100 - sum(whole)]:
        whole[i] += 1
    return tuple(m.model_copy(update={"percent": share}) for m, share in zip(members, whole, strict=True))


def _members(origin: Shares, to: Shares) -> Shares:
    """In the order of the origin, then the new ones; a name is the destination's where it has one."""
    names = {share.reference: share for share in to}
    known = {share.reference for share in origin}
    kept = tuple(names.get(share.reference, share) for share in origin)
    return kept + tuple(share for share in to if share.reference not in known)


def percents(shares: Iterable[Share]) -> Mapping[str, int]:
    return {share.reference: share.percent for share in shares}


def gainers(origin: Shares, to: Shares) -> frozenset[str]:
    """References whose percent rises on the way."""
    before = percents(origin)
    return frozenset(s.reference for s in to if s.percent > before.get(s.reference, 0))


def donors(origin: Shares, to: Shares) -> frozenset[str]:
    """References whose percent falls on the way."""
    after = percents(to)
    return frozenset(s.reference for s in origin if s.percent > after.get(s.reference, 0))


def identity(shares: Iterable[Share]) -> str:
    """The same for splits that send the same traffic to the same references."""
    return ",".join(sorted(f"{s.reference}={s.percent}" for s in shares if s.percent > 0))


def describe(shares: Iterable[Share]) -> str:
    """`v1=75 v2=25`, without those that get nothing."""
    return " ".join(f"{s.name}={s.percent}" for s in shares if s.percent > 0)


def is_whole(shares: Shares) -> bool:
    """Percents that are possible and sum to 100, of targets that differ."""
    references = {share.reference for share in shares}
    return (
        sum(share.percent for share in shares) == 100
        and all(0 <= share.percent <= 100 for share in shares)
        and len(references) == len(shares)
    )


def without_zeros(split: Mapping[str, int]) -> dict[str, int]:
    return {id: percent for id, percent in split.items() if percent}
