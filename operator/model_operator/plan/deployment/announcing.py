"""Said before it happens: a deployment that nobody uses is about to expire. Pure.

By the last answer of its metrics, and only as long as the next one does not show a request.
"""

from datetime import datetime, timedelta
from typing import Final

from model_operator.conditions import Reason
from model_operator.durations import format_duration
from model_operator.idleness import IdleAction, IdleRule
from model_operator.models.idle import IdleRecord
from model_operator.models.wire import to_the_second
from model_operator.plan.verdict import Verdict

HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SHARE: Final = 4
"""Of a short `after`, the last quarter."""
_READS: Final = 6
"""From the announcement to the end: a request takes it back."""
_SAME: Final = 8
"""An eighth of `after`: each answer begins its intervals elsewhere."""


def lead(rule: IdleRule) -> timedelta:
    """How long before the end it is said."""
    return min(_DAY, rule.after / _SHARE)


def announced(rule: IdleRule, before: IdleRecord, since: datetime | None, now: datetime) -> IdleRecord:
    """`since`: from then on the last answer shows no request, and not so for long enough. None: it shows one."""
    end = since + rule.after if since is not None else None
    if rule.then is not IdleAction.EXPIRE or end is None or now < end - lead(rule):
        return before.with_(expires_at=None)
    known = before.expires_at
    is_same = known is not None and abs(known - end) <= rule.after / _SAME
    return before if is_same else before.with_(expires_at=end.replace(microsecond=0))


def next_read(rule: IdleRule, end: datetime, now: datetime) -> datetime:
    """`end`: before that it cannot be found idle."""
    if rule.then is not IdleAction.EXPIRE:
        return end
    begins = end - lead(rule)
    return begins if now < begins else min(end, now + lead(rule) / _READS)


def expiring(rule: IdleRule, end: datetime, now: datetime, what: str) -> Verdict:
    """`what`: becomes of it then, in words."""
    since = to_the_second(end - rule.after)
    text = (
        f"The metrics show no request since {since}. Without one the deployment expires soon after {to_the_second(end)}, when"
        f" there was none for {format_duration(rule.after)}; {what}. To keep it, use it, or edit the spec (kubectl models"
        " extend does)."
    )
    reason = Reason.EXPIRES_WITHIN_HOUR if end - now <= HOUR else Reason.EXPIRES_WITHIN_DAY
    return Verdict(True, reason, text)
