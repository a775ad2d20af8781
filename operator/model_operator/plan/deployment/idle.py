"""Whether nobody uses a deployment, by the provider's metrics, and what comes of that.

Found idle is what one reading shows to have had no request for the whole of `spec.idle.after`. The record of it is
written first; what it says is then part of what the object asks for (its fewest replicas, or its expiry). Nothing is
added up between readings, so neither a restart nor a time in which nobody looked counts for anything.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from model_operator.conditions import ConditionType, Reason
from model_operator.domain import RunState
from model_operator.durations import format_duration
from model_operator.idleness import LONGEST, IdleAction, IdleRule
from model_operator.models.idle import IdleRecord
from model_operator.models.wire import to_the_second
from model_operator.plan.deployment import announcing, marks
from model_operator.plan.deployment.requests import CALM, SETTLE, WATCH, Evidence
from model_operator.plan.deployment.situation import Situation
from model_operator.plan.verdict import Verdict

_BLIND: Final = timedelta(minutes=30)
"""After so long without metrics, what was found idle is taken for used: nobody would see its requests."""
_FIRST_READ: Final = timedelta(minutes=10)
"""From the start to the first reading, which shows whether the metrics can be used at all."""
_FINEST: Final = timedelta(minutes=1)
_BUCKETS: Final = 24
"""At least so many make up the time that a reading is about."""
_WATCHED: Final = timedelta(hours=1)
_SOON: Final = timedelta(seconds=2)
_SERVES: Final = frozenset({RunState.SERVING, RunState.UPDATING})


@dataclass(frozen=True, slots=True)
class Question:
    """Which metrics to read. Times are by the provider's clock."""

    start: datetime
    end: datetime
    interval: timedelta


def is_found(record: IdleRecord | None, generation: int) -> bool:
    """Whether it is on record that this generation of the object is not used."""
    return record is not None and record.found_at is not None and record.generation == generation


def counts(s: Situation) -> bool:
    """Whether it could be used, so that no request says that it is not."""
    serving = s.status.condition(ConditionType.SERVING)
    return _may_count(s) and serving is not None and serving.is_true and _is_current(s)


def _may_count(s: Situation) -> bool:
    """The same, as far as the status of the pass before has no say."""
    rule, remote = s.desired.idle, s.remote
    if rule is None or not s.wanted or _is_excused(s, rule):
        return False
    if not s.capabilities.counts_requests or marks.is_lost(s) or remote is None:
        return False
    return remote.state in _SERVES and remote.id == s.status.external_id


def _is_excused(s: Situation, rule: IdleRule) -> bool:
    """A canary needs it, or it is outside its hours: no time counts."""
    return s.guard is not None or not rule.counts


def _is_current(s: Situation) -> bool:
    """The record is of this generation: the edit before it counts as use."""
    return s.status.idle is not None and s.status.idle.generation == s.desired.generation


def counts_from(s: Situation, rule: IdleRule, record: IdleRecord) -> datetime:
    """Nothing before that is a time in which it was free to be used, as far as anybody knows."""
    serving = s.status.condition(ConditionType.SERVING)
    since = serving.last_transition_time if serving is not None else s.now
    return min(max(record.counts_from, since, rule.not_before or since), s.now)


def first_read(s: Situation) -> datetime | None:
    """When a process that has read nothing should. None: there is nothing to be read."""
    rule, record = s.desired.idle, s.status.idle
    if rule is None or record is None or not counts(s):
        return None
    return s.now if record.found_at is not None else counts_from(s, rule, record) + _FIRST_READ


def question(s: Situation) -> Question | None:
    """What to read in this pass; None if no reading is due."""
    rule, record, due = s.desired.idle, s.status.idle, s.requests.read_at
    if rule is None or record is None or due is None or s.now < due or not counts(s):
        return None
    now = (s.now + s.requests.offset).replace(microsecond=0)
    if record.until is None:
        interval = _length(rule.after)
        return Question(now - rule.after - SETTLE - 3 * interval, now, interval)
    longest = _WATCHED if rule.then is IdleAction.MIN_REPLICAS else LONGEST
    span = min(max(s.now - record.until, timedelta()), longest)
    return Question(now - span, now, _length(span))


def _length(span: timedelta) -> timedelta:
    return max(span / _BUCKETS, _FINEST)


def read(s: Situation, length: timedelta) -> Situation:
    """After an answer that can be used: when to read again."""
    rule, record, evidence = s.desired.idle, s.status.idle, s.requests.evidence
    if rule is None or record is None or evidence is None:
        return s
    if record.until is not None:
        every = CALM if s.desired.orphans and rule.then is IdleAction.EXPIRE else WATCH
        calm = not _was_used(evidence, record)
        return replace(s, requests=s.requests.watched(s.now, every, is_calm=calm))
    if _found(s, rule, record).found_at is not None:
        return replace(s, requests=s.requests.due(s.now))
    last = evidence.quiet_since or evidence.busy_until or s.now
    begins = max(last, counts_from(s, rule, record))
    end = begins + rule.after + SETTLE + 2 * length
    return replace(s, requests=s.requests.again(announcing.next_read(rule, end, s.now), s.now))


def noted(s: Situation) -> IdleRecord | None:
    """What the status has to say after this pass."""
    rule, before = s.desired.idle, s.status.idle
    if rule is None:
        return None
    if not s.wanted and not s.stays:
        return before
    if before is None or before.generation != s.desired.generation:
        return IdleRecord(generation=s.desired.generation, counts_from=s.now)
    if has_ended(s, before):
        return before
    if before.counts_from > s.now:  # by a clock that was ahead
        return IdleRecord(generation=s.desired.generation, counts_from=s.now)
    if before.found_at is None:
        return _found(s, rule, before)
    if _is_blind(s):
        return IdleRecord(generation=before.generation, counts_from=s.now)
    if _is_used(s, rule, before):
        return IdleRecord(generation=before.generation, counts_from=before.counts_from)
    return before


def has_ended(s: Situation, record: IdleRecord) -> bool:
    """Its expiry for this reason is final: from here on only an edit counts."""
    expired = s.status.expired
    return expired is not None and expired.is_final and expired.at == record.found_at


def _found(s: Situation, rule: IdleRule, before: IdleRecord) -> IdleRecord:
    evidence = s.requests.evidence
    if _is_blind(s) or _is_excused(s, rule):
        return before.with_(expires_at=None)
    if evidence is None or not counts(s):
        return before
    if evidence.quiet_since is None or evidence.quiet_until is None:
        return announcing.announced(rule, before, None, s.now)
    since = max(evidence.quiet_since, counts_from(s, rule, before))
    if evidence.quiet_until - since < rule.after:
        return announcing.announced(rule, before, since, s.now)
    return before.with_(
        since=since,
        until=evidence.quiet_until,
        found_at=s.now,
        deployment=s.status.external_id,
        expires_at=None,
    )


def ends_at(s: Situation) -> datetime | None:
    """When it expires for this reason at the earliest, where that is announced."""
    record, rule = noted(s), s.desired.idle
    return record.expires_at if record is not None and rule is not None and s.wanted else None


def _is_blind(s: Situation) -> bool:
    since = s.requests.blind_since
    return since is not None and s.now - since >= _BLIND


def _is_used(s: Situation, rule: IdleRule, record: IdleRecord) -> bool:
    """Or that it is not used says nothing any more."""
    if s.guard is not None or not rule.counts or record.deployment != s.status.external_id:
        return True
    is_ahead = record.found_at is not None and record.found_at > s.now
    return is_ahead or (s.requests.evidence is not None and _was_used(s.requests.evidence, record))


def _was_used(evidence: Evidence, record: IdleRecord) -> bool:
    """Since it was found idle."""
    until = record.until
    return evidence.busy_until is not None and until is not None and evidence.busy_until > until


def is_cause(s: Situation) -> bool:
    """It expires because it is not used, and not by a date."""
    record, rule = s.status.idle, s.desired.idle
    is_expiry = rule is not None and rule.then is IdleAction.EXPIRE
    return is_expiry and record is not None and record.found_at == s.desired.expires_at is not None


def may_end(s: Situation) -> bool:
    """Of what expires for this reason: its metrics were read once more after that was noticed, and show no request."""
    if not is_cause(s):
        return True
    expired, calm_at = s.status.expired, s.requests.calm_at
    return expired is not None and calm_at is not None and calm_at >= expired.since


def idle_of(s: Situation) -> Verdict | None:
    """The condition. None: its spec does not ask."""
    rule, record = s.desired.idle, noted(s)
    if rule is None or record is None:
        return None
    if record.since is not None and record.found_at is not None:
        return Verdict(True, Reason.NO_REQUESTS, _found_text(s, rule, record))
    if not s.capabilities.counts_requests:
        return Verdict(
            None, Reason.UNSUPPORTED, "The provider does not say whether a deployment gets requests."
        )
    if not rule.counts:
        return Verdict(
            False, Reason.OUTSIDE_ACTIVE_HOURS, "Outside the hours of spec.schedule no time counts."
        )
    if s.guard is not None:
        text = f"No time counts while {s.guard} sends traffic to it, or would on a rollback."
        return Verdict(False, Reason.IN_USE, text)
    return _unread(s, record) or Verdict(False, Reason.NOT_IDLE, _busy_text(rule, record))


def _unread(s: Situation, record: IdleRecord) -> Verdict | None:
    """A process that has not read yet has nothing else to say than the one before it."""
    if s.requests.problem:
        text = f"{s.requests.problem.rstrip('.')}. What cannot be read is not taken for idle."
        return Verdict(None, Reason.METRICS_UNAVAILABLE, text)
    before = s.status.condition(ConditionType.IDLE)
    if s.requests.has_read or before is None or before.observed_generation != record.generation:
        return None
    is_unread = before.reason == Reason.METRICS_UNAVAILABLE
    return Verdict(None, Reason.METRICS_UNAVAILABLE, before.message) if is_unread else None


def _busy_text(rule: IdleRule, record: IdleRecord) -> str:
    return (
        f"The metrics show a request within {format_duration(rule.after)}, or do not show so long a time since"
        f" {to_the_second(record.counts_from)}, from which it counts."
    )


def _found_text(s: Situation, rule: IdleRule, record: IdleRecord) -> str:
    since = to_the_second(record.since) if record.since is not None else ""
    text = f"The metrics show no request since {since}, for {format_duration(rule.after)} or longer"
    why = marks.why_left(s)
    if rule.then is IdleAction.MIN_REPLICAS and why is not None:
        return f"{text}. Its replicas are left as they are, because {why}."
    if rule.then is IdleAction.MIN_REPLICAS:
        return f"{text}. It keeps autoscaling.minReplicas until they show one, or the spec is edited."
    if s.desired.orphans:
        return f"{text}. It is not deleted, because deletionPolicy is Orphan."
    if has_ended(s, record):
        return f"{text}, so it was deleted at the provider. Any edit of the spec brings one back."
    if why is not None:
        return f"{text}. It is not deleted, because {why}."
    return f"{text}, so it is deleted at the provider. A request, or any edit of the spec, keeps it."


def next_turn(s: Situation) -> datetime | None:
    """When time alone makes a difference next."""
    if noted(s) != s.status.idle and s.remote is not None:
        return s.now + _SOON  # what follows from it is for the next pass
    if s.guard is not None and s.desired.idle is not None:
        return s.now + CALM  # nothing tells when that has ended
    # What does not count yet may count from this pass on.
    read_at = s.requests.read_at if counts(s) else s.now + _FIRST_READ if _may_count(s) else None
    end = ends_at(s)
    stage = end - announcing.HOUR if end is not None else None
    turns = (stage if stage is not None and stage > s.now else None, read_at)
    return min((turn for turn in turns if turn is not None), default=None)
