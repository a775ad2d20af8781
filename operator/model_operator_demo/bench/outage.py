"""One account's API answers nothing but 503 for a while: who is told, what it costs, and whether the others notice."""

import time
from datetime import timedelta

from model_operator_demo.bench import api, figures, phases
from model_operator_demo.bench.figures import Figures, percentile
from model_operator_demo.bench.stage import Object, Stage, TooSlow

_EDITS = 50
_EDIT_PAUSE = 0.2
_WITHIN = timedelta(minutes=5)


async def account_outage(made: Stage, provider: str, count: int) -> Figures:
    """`provider` is the account's ModelProvider and its name at the simulator. Raises `TooSlow`."""
    await made.until_quiet()
    items = sorted(await api.deployments(made.kube, made.namespace), key=api.name_of)
    others = [item for item in items if _provider_of(item) != provider]
    away = len(items) - len(others)
    written, began = await api.writes(made.kube), time.monotonic()
    fault = {"kind": "error", "status": 503, "vendor": "paitient", "account": provider}
    await made.control.call("POST", "/__sim/faults", fault)
    if await made.counted(lambda item: _is_away(item, provider), away, _WITHIN) < away:
        raise TooSlow(
            f"waited {_WITHIN} for the {away} deployments of {provider} to say that nothing is known"
        )
    told = time.monotonic() - began
    await made.until_quiet()
    written = await api.writes(made.kube) - written
    since = await made.last_request()
    edited_at = await phases.edit(made, others[:_EDITS], 3, _EDIT_PAUSE)
    delays = await phases.delays(made, since, edited_at)
    began = time.monotonic()
    await made.control.call("DELETE", "/__sim/faults")
    await made.until_ready(count, _WITHIN)
    return {
        figures.OUTAGE_TOLD: told,
        figures.OUTAGE_WRITES: written / away,
        figures.OUTAGE_EDIT_P99: percentile(delays, 99),
        figures.OUTAGE_OVER: time.monotonic() - began,
    }


def _is_away(item: Object, provider: str) -> bool:
    """One of the account that does not say Ready."""
    return _provider_of(item) == provider and not api.is_ready(item)


def _provider_of(item: Object) -> str:
    return str(item["spec"]["providerRef"]["name"])
