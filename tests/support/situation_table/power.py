"""Rows: pauses, and stops that nobody asked for."""

from dataclasses import replace

from model_operator.conditions import Phase
from model_operator.domain import Power, RunState
from model_operator.errors import QuotaExceeded, Unavailable
from model_operator.plan.deployment.situation import SetPower
from support.situation_table.row import (
    EDITED,
    HELD,
    MINUTE,
    NEITHER,
    NOTHING_YET,
    RECONCILING,
    SERVES,
    SERVING,
    STALLED,
    WAS_PAUSED,
    Row,
    row,
)
from support.situations import (
    FIELDS,
    NOW,
    changed,
    created,
    failure,
    power,
    remote,
    serving_since_long,
    situation,
    status_of,
)

PAUSED = Row("True Paused", HELD, "False Paused", NEITHER, Phase.PAUSED)
PAUSING = Row("False Pausing", "False Pausing", "False Paused", RECONCILING, Phase.PAUSING)
RESUMING = Row("False Resuming", "False Resuming", "False Starting", RECONCILING, Phase.RESUMING)
BY_HAND = replace(PAUSING, serving=SERVES)
CORRECTED = power(Power.PAUSE, at=NOW - 2 * MINUTE, correction=True)
PAUSES = [
    row("pausing: sent", changed(SERVING, paused=True), replace(PAUSING, action=SetPower)),
    row(
        "pausing: not shown yet",
        changed(SERVING, paused=True, status=created(last_power_action=power(Power.PAUSE, at=NOW))),
        PAUSING,
    ),
    row("pausing: on its way", situation(RunState.STOPPING, paused=True), PAUSING),
    row("resuming: sent", situation(RunState.STOPPED, status=WAS_PAUSED), replace(RESUMING, action=SetPower)),
    row(
        "resuming: not shown yet",
        situation(RunState.STOPPED, status=created(last_power_action=power(Power.RESUME, at=NOW))),
        RESUMING,
    ),
    row(
        "resuming: on its way",
        situation(
            RunState.STARTING, status=created(last_power_action=power(Power.RESUME), phase=Phase.RESUMING)
        ),
        RESUMING,
    ),
    row("resuming: it has to stop first", situation(RunState.STOPPING, status=WAS_PAUSED), RESUMING),
    row(
        "resuming: so soon that the pause does not show yet",
        situation(status=created(last_power_action=power(Power.PAUSE, at=NOW), phase=Phase.PAUSING)),
        RESUMING,
    ),
    row("paused by spec", situation(RunState.STOPPED, paused=True, status=WAS_PAUSED), PAUSED),
    row("paused by spec, also when created so", changed(NOTHING_YET, paused=True), PAUSED),
    row(
        "edits while paused",
        situation(RunState.STOPPED, paused=True, fields=EDITED, status=WAS_PAUSED),
        replace(PAUSED, synced="False HeldWhilePaused"),
    ),
    row(
        "paused by spec, resumed by hand",
        changed(SERVING, paused=True, status=WAS_PAUSED),
        replace(BY_HAND, action=SetPower),
    ),
    row(
        "paused by spec, resumed by hand: not shown yet",
        changed(
            SERVING,
            paused=True,
            status=created(
                last_power_action=power(Power.PAUSE, at=NOW, correction=True), phase=Phase.PAUSING
            ),
        ),
        BY_HAND,
    ),
    row(
        "paused by spec, resumed by hand: once per generation, then UpdateIgnored",
        changed(SERVING, paused=True, status=WAS_PAUSED.model_copy(update={"last_power_action": CORRECTED})),
        Row("False UpdateIgnored", "False UpdateIgnored", SERVES, STALLED, Phase.PAUSED),
    ),
    row(
        "paused by spec, resumed by hand: again in the next generation",
        changed(
            SERVING,
            paused=True,
            generation=4,
            status=WAS_PAUSED.model_copy(update={"last_power_action": CORRECTED}),
        ),
        replace(BY_HAND, action=SetPower),
    ),
    row(
        "paused by spec, resumed by hand: with Report a drift row",
        changed(SERVING, paused=True, corrects_drift=False, status=WAS_PAUSED),
        Row("True Available", "False DriftReported", SERVES, NEITHER, Phase.PAUSED),
    ),
    row(
        "resume refused",
        situation(RunState.STOPPED, status=WAS_PAUSED, failure=failure(QuotaExceeded("4 GPUs used"))),
        Row("False QuotaExceeded", "False QuotaExceeded", "False Paused", STALLED, Phase.PAUSED),
    ),
    row(
        "resume refused, after an attempt that got no answer",
        situation(
            RunState.STOPPED,
            status=status_of(
                situation(RunState.STOPPED, status=WAS_PAUSED, failure=failure(Unavailable("no answer")))
            ),
            failure=failure(QuotaExceeded("4 GPUs used")),
        ),
        Row("False QuotaExceeded", "False QuotaExceeded", "False Paused", STALLED, Phase.PAUSED),
    ),
]
STOPPED = Row("False Stopped", HELD, "False Stopped", STALLED, Phase.STOPPED)
SCALED_DOWN = Row("True ScaledDown", HELD, "False ScaledDown", NEITHER, Phase.SCALED_DOWN)
ONCE_RESUMED = power(Power.RESUME, at=NOW - 2 * MINUTE, correction=True)
STOPS = [
    row(
        "stopped by its own scale-down policy",
        situation(RunState.STOPPED, may_scale_down=True, status=serving_since_long()),
        SCALED_DOWN,
    ),
    row(
        "stopped by its own scale-down policy, once resumed by us",
        situation(
            RunState.STOPPED, may_scale_down=True, status=created(last_power_action=power(Power.RESUME))
        ),
        SCALED_DOWN,
    ),
    row(
        "stopped by its own scale-down policy, fewer replicas shown",
        situation(
            RunState.STOPPED,
            may_scale_down=True,
            remote=remote(RunState.STOPPED, fields={**FIELDS, "replicas": 0}),
        ),
        SCALED_DOWN,
    ),
    row(
        "unpaused with Pause recorded means resume, under any policy",
        situation(RunState.STOPPED, may_scale_down=True, status=WAS_PAUSED),
        replace(RESUMING, action=SetPower),
    ),
    row("stopped by hand, policy NONE", situation(RunState.STOPPED), replace(RESUMING, action=SetPower)),
    row(
        "stopped by hand, policy NONE: again in the next generation",
        situation(RunState.STOPPED, generation=4, status=created(last_power_action=ONCE_RESUMED)),
        replace(RESUMING, action=SetPower),
    ),
    row("… with Report", situation(RunState.STOPPED, corrects_drift=False), STOPPED),
    row(
        "… with Report, and edited",
        situation(RunState.STOPPED, corrects_drift=False, fields=EDITED),
        replace(STOPPED, synced="False HeldWhilePaused"),
    ),
    row(
        "… or after that once",
        situation(RunState.STOPPED, status=created(last_power_action=ONCE_RESUMED)),
        STOPPED,
    ),
]
