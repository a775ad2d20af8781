"""From a CanaryEndpoint, as the API server shows it, to its record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from model_operator import __version__
from model_operator.cli.record.checking import check_rows, judged_how
from model_operator.cli.record.legs import Labels, Story, ends, legs
from model_operator.cli.record.model import (
    ConditionRow,
    Past,
    Place,
    Record,
    Role,
    StepRow,
    Target,
    Tone,
)
from model_operator.cli.record.moving import Writers, moves
from model_operator.cli.record.times import moment
from model_operator.conditions import CanaryPhase
from model_operator.domain import ACTION
from model_operator.durations import format_duration
from model_operator.models import CanaryEndpoint, InvalidResource
from model_operator.models.canary import CanaryEndpointSpec
from model_operator.models.canary_status import CanaryEndpointStatus, PastRollout, RolloutStatus, Share
from model_operator.models.metadata import Metadata
from model_operator.plan.canary.course import (
    Course,
    baselines,
    blend,
    canaries,
    course_of,
    describe,
    percents,
    remembered_course,
)
from model_operator.plan.canary.situation import State

_TONES: Final = {
    CanaryPhase.COMPLETED: Tone.GOOD,
    CanaryPhase.WAITING: Tone.WAIT,
    CanaryPhase.PAUSED: Tone.WAIT,
    CanaryPhase.ROLLING_BACK: Tone.BAD,
    CanaryPhase.ROLLED_BACK: Tone.BAD,
    CanaryPhase.BLOCKED: Tone.BAD,
}


def record_of(body: Mapping[str, Any], now: datetime) -> Record:
    """Never raises on what somebody has put into spec or status."""
    metadata, status = Metadata.read(body["metadata"]), CanaryEndpointStatus.parse(body.get("status"))
    spec, refusal = _spec(body)
    rollout, course = status.rollout, _course(spec, status)
    history = tuple(_past(one) for one in status.history)
    story = _story(metadata, spec, status, history)
    return Record(
        name=metadata.name,
        namespace=metadata.namespace,
        now=now,
        version=__version__,
        phase=status.phase or "Pending",
        tone=next((tone for phase, tone in _TONES.items() if phase == status.phase), Tone.MOVE),
        message=status.message or "The operator has not processed it yet.",
        facts=tuple((name, text) for name, text in _facts(metadata, spec, status) if text),
        notes=tuple(_notes(status, story, refusal)),
        targets=_targets(status, spec, _labels(status, spec)),
        legs=legs(story, now) if story else (),
        steps=tuple(_steps(rollout, course)) if rollout and course else (),
        judgement=judged_how(course.judgement) if course else "",
        verdict=status.verdict or "",
        checks=check_rows(course.judgement if course else None, rollout.analysis if rollout else None),
        moves=moves(story, _writers(body, metadata, status)) if story else (),
        history=history,
        conditions=tuple(_conditions(status)),
    )


def _story(
    metadata: Metadata,
    spec: CanaryEndpointSpec | None,
    status: CanaryEndpointStatus,
    past: tuple[Past, ...],
) -> Story | None:
    rollout = status.rollout
    if rollout is None:
        return None
    return Story(
        status=status,
        rollout=rollout,
        course=_course(spec, status),
        is_edited=rollout.generation != metadata.generation,
        label=_labels(status, spec),
        past=past,
    )


def _spec(body: Mapping[str, Any]) -> tuple[CanaryEndpointSpec | None, str]:
    """Or why it cannot be understood."""
    try:
        return CanaryEndpoint.parse(body).spec, ""
    except InvalidResource as error:
        return None, str(error)


def _course(spec: CanaryEndpointSpec | None, status: CanaryEndpointStatus) -> Course | None:
    """By which the rollout is judged: while the spec is refused, the one that was accepted last."""
    if spec is None:
        return None
    kept = status.rollout.course if status.rollout else None
    return remembered_course(kept, spec) or course_of(spec)


def _labels(status: CanaryEndpointStatus, spec: CanaryEndpointSpec | None) -> Labels:
    """Names of targets, with their deployment where two have one name."""
    rollout = status.rollout
    groups = (rollout.origin, rollout.to) if rollout else ()
    shares = [
        *status.traffic,
        *(share for group in groups for share in group),
        *(spec.destination if spec else ()),
    ]
    names = {share.reference: share.name for share in reversed(shares)}
    often = Counter(names.values())

    def label(share: Share) -> str:
        name = names.get(share.reference, share.name)
        return f"{name} ({_deployment(share)})" if often[name] > 1 else name

    return label


def _deployment(share: Share) -> str:
    return share.deployment_ref or share.deployment_id or ""


def _targets(
    status: CanaryEndpointStatus, spec: CanaryEndpointSpec | None, label: Labels
) -> tuple[Target, ...]:
    rollout = status.rollout
    origin = rollout.origin if rollout else ()
    to = rollout.to if rollout else spec.destination if spec else ()
    shares = {
        share.reference: share for share in (*reversed(to), *reversed(origin), *reversed(status.traffic))
    }
    before, now, after = percents(origin), percents(status.traffic), percents(to)
    rising, falling = canaries(origin, to), baselines(origin, to)
    serving = {share.reference: share.serving for share in status.traffic}
    roles = {**dict.fromkeys(rising, Role.CANARY), **dict.fromkeys(falling, Role.BASELINE)}
    found = [
        Target(
            label=label(share),
            deployment=_deployment(share),
            role=roles.get(reference, Role.KEPT) if origin else Role.KEPT,
            before=before.get(reference, 0),
            now=now.get(reference, 0),
            to=after.get(reference, 0),
            is_serving=serving.get(reference),
        )
        for reference, share in shares.items()
    ]
    order = [Role.BASELINE, Role.KEPT, Role.CANARY]
    return tuple(sorted(found, key=lambda target: (order.index(target.role), target.label)))


def _steps(rollout: RolloutStatus, course: Course) -> Iterator[StepRow]:
    if rollout.is_direct or course.is_static:
        return
    for number, step in enumerate(course.steps, start=1):
        yield StepRow(
            number=number,
            percent=step.percent,
            split=describe(blend(rollout.origin, rollout.to, step.percent)),
            hold=format_duration(step.hold),
            is_gated=step.is_gated,
            place=_place(rollout, step.percent),
        )


def _place(rollout: RolloutStatus, percent: int) -> Place:
    is_back = rollout.state in {State.ROLLING_BACK, State.ROLLED_BACK}
    if is_back:
        return Place.TAKEN_BACK if percent <= rollout.peak_percent else Place.NOT_REACHED
    if percent == rollout.step_percent and rollout.state != State.COMPLETED:
        return Place.SENDING if rollout.state == State.APPLYING else Place.HERE
    return Place.PASSED if percent <= rollout.step_percent else Place.AHEAD


def _past(one: PastRollout) -> Past:
    return Past(
        id=one.id,
        before=one.origin,
        to=one.to,
        result=one.result,
        reason=one.reason if one.reason != one.result else "",
        peak=one.peak_percent,
        started=one.started_at,
        finished=one.finished_at,
        splits=ends(one.origin, one.to, one.result, one.peak_percent),
    )


def _facts(
    metadata: Metadata, spec: CanaryEndpointSpec | None, status: CanaryEndpointStatus
) -> Iterator[tuple[str, str]]:
    rollout = status.rollout
    analysis = rollout.analysis if rollout else None
    yield "Provider", spec.provider_ref.name if spec else ""
    yield "Endpoint", (spec.endpoint_name if spec else None) or metadata.name
    yield "Id at the provider", status.external_id or ""
    yield "URL", status.endpoint_url or ""
    yield "Rollout", rollout.id if rollout else ""
    yield "Step", status.step or ""
    yield "Split", status.split or ""
    yield "Destination", describe(rollout.to) if rollout else ""
    yield "Limit", _limit(spec)
    if rollout and rollout.state in {State.APPLYING, State.HOLDING}:
        yield "Next verdict", _time(rollout.next_evaluation_at)
        yield "A Pass counts until", _time(analysis.valid_until if analysis else None)
    if status.last_good:
        since = moment(status.last_good.since)
        yield "Last good split", f"{describe(status.last_good.traffic)}, since {since}"
    yield "Spec last written by", metadata.manager


def _limit(spec: CanaryEndpointSpec | None) -> str:
    limit = spec.rollout.limit if spec and spec.rollout else None
    return "" if limit is None or limit >= 100 else f"{limit} %"


def _time(time: datetime | None) -> str:
    return moment(time) if time else ""


def _notes(status: CanaryEndpointStatus, story: Story | None, refusal: str) -> Iterator[str]:
    if refusal:
        yield f"The spec is not understood, so steps and limits are missing: {refusal}"
    if story and story.is_edited and not refusal:
        yield "The spec was edited since the rollout began; steps and limits are the current ones."
    analysis = story.rollout.analysis if story else None
    if analysis and analysis.detectability:
        yield analysis.detectability[:1].upper() + analysis.detectability[1:] + "."
    if status.pending is not None:
        yield f"A {status.pending.operation.lower()} has been sent, and its outcome is not known yet."


def _writers(body: Mapping[str, Any], metadata: Metadata, status: CanaryEndpointStatus) -> Writers:
    """Of the action only if the annotation still is the one that was looked at."""
    last = status.last_action
    is_same = last is not None and metadata.annotations.get(ACTION) == last.token
    entries = body["metadata"].get("managedFields")
    writer = ""
    for entry in entries if is_same and isinstance(entries, list) else ():
        match entry:
            case {"manager": str(manager), "fieldsV1": {"f:metadata": {"f:annotations": {**fields}}}}:
                writer = manager if f"f:{ACTION}" in fields else writer
            case _:
                continue
    return Writers(metadata.manager, writer)


def _conditions(status: CanaryEndpointStatus) -> Iterator[ConditionRow]:
    for one in status.conditions:
        yield ConditionRow(
            type=one.type,
            status=str(one.status),
            reason=one.reason,
            message=one.message,
            since=one.last_transition_time,
        )
