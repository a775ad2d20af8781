"""The simulator as a whole: all vendors and the control plane behind one door.

A request is asked with `Simulator.ask`, in the process; `Simulator.serve` puts it on a socket, and `run` is what the
command line calls.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from .call import Request
from .clock import Clock, ClockMode, Source
from .control import BODY_BYTES, PREFIX
from .delivery import listening
from .knobs import Knobs
from .operations import Problem
from .outcome import Complete, Outcome
from .registry import VENDORS
from .sections import KnobSet
from .world import World

PATIENCE_SECONDS = 1.0


class Simulator:
    """A stand-in for all vendors with a world of its own, over real HTTP or in the process.

    Args:
        knobs: what the vendors' documents leave open; the defaults are in `docs/simulator.md`.
        clock: `real`, `scaled` (`time_scale` clock seconds per real second) or `manual` (stands still until
            `POST /__sim/clock/advance`).
        time_scale: how many times as fast a scaled clock runs; the other modes do not read it.
        seed: decides ids, faults with a probability, and the invented traffic.
        source: real time, where a test's event loop turns its own; see `Clock`.
    """

    def __init__(
        self,
        knobs: Knobs | None = None,
        *,
        clock: ClockMode = "real",
        time_scale: float = 1.0,
        seed: int = 0,
        source: Source | None = None,
    ) -> None:
        self._knobs = knobs or Knobs()
        self._new_clock = partial(Clock, clock, time_scale, source)
        self._seed = seed
        self._closing = asyncio.Event()
        self._under_way: set[asyncio.Task[Outcome]] = set()
        self._world = self._new_world(self._knobs)

    async def ask(self, request: Request) -> Outcome:
        """What becomes of one HTTP request, by whatever way it came here.

        It goes on though whoever asks is cancelled, as a server works on for a client that has gone.
        """
        task = asyncio.ensure_future(self._outcome(request))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """An operation of the control plane without HTTP, e.g. `control("POST", "/clock/advance", {"seconds": 5})`.

        Args:
            method: `GET` and so on.
            path: below `/__sim`, with its query.
            body: the JSON object that it takes.

        Returns:
            The JSON that the reply would hold.

        Raises:
            Problem: it cannot be done.
        """
        path, _, query = path.partition("?")
        raw = b"" if body is None else json.dumps(body).encode()
        request = Request(method, PREFIX + path, parse_qsl(query, keep_blank_values=True), {}, raw, "")
        return json.loads(json.dumps(await self._world.control.handle(request)))

    async def aclose(self) -> None:
        """Let go of all that is held or hangs, and wait until nothing is under way."""
        self._closing.set()
        self._world.end()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE_SECONDS)
        for task in self._under_way:
            task.cancel()

    def body_limit(self, path: str) -> int:
        """Bytes of a request's body; what is longer is refused, so nobody has to read on."""
        return BODY_BYTES if _first(path) == PREFIX[1:] else self._world.core.knobs.http.max_body_bytes

    def settle(self) -> None:
        """Let happen what is due; whoever asks does the same, so only webhooks need it."""
        self._world.core.clock.settle()

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Listen until the context ends.

        Args:
            host: address to listen on.
            port: 0 takes a free one.

        Yields:
            The base URL without a final slash, e.g. `http://127.0.0.1:40123`.

        Raises:
            OSError: the address cannot be had.
        """
        self._closing.clear()
        async with listening(self, host, port) as url:
            yield url

    async def _outcome(self, request: Request) -> Outcome:
        first = _first(request.path)
        vendor = None if first == PREFIX[1:] else self._world.exchange.vendor(first)
        if vendor is not None:
            return await self._world.exchange.handle(vendor, request)
        try:
            return _json(200, await self._world.control.handle(request))
        except Problem as problem:
            return _json(problem.status, {"error": str(problem)})

    def _new_world(self, knobs: KnobSet) -> World:
        return World(knobs, self._new_clock(), self._seed, self._closing, self._reset)

    def _reset(self, keep_knobs: bool) -> None:
        old = self._world
        self._world = self._new_world(old.core.knobs if keep_knobs else self._knobs)
        old.end()


def _first(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


def _json(status: int, value: Any) -> Complete:
    return Complete(status, {"Content-Type": "application/json"}, (json.dumps(value).encode(),))


def run(  # noqa: PLR0913, PLR0917 - the arguments of a command
    host: str = "127.0.0.1",
    port: int = 8700,
    knobs: Knobs | None = None,
    clock: ClockMode = "real",
    time_scale: float = 1.0,
    seed: int = 0,
    ready_file: Path | str | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; blocks, and prints one line with the URLs once it listens.

    Args:
        host: address to listen on.
        port: TCP port; 0 takes a free one (the printed line and the ready file name it).
        knobs: ``Knobs().changed({"parasail.start_s": 1})`` and the like; ``None`` is all defaults.
        clock: ``real``, ``scaled`` or ``manual``, as in :class:`Simulator`.
        time_scale: clock seconds per real second of a scaled clock.
        seed: of everything that is drawn.
        ready_file: file that receives ``{"url": "http://127.0.0.1:40123"}`` (the base URL) by an atomic rename as
            soon as requests are answered; ``None`` writes none.

    Raises:
        OSError: the address cannot be had, or the ready file not be written.
        ValueError: ``time_scale`` is not > 0.
    """
    simulator = Simulator(knobs, clock=clock, time_scale=time_scale, seed=seed)
    asyncio.run(_run(simulator, host, port, None if ready_file is None else Path(ready_file)))


async def _run(simulator: Simulator, host: str, port: int, ready_file: Path | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with simulator.serve(host, port) as url:
        bases = {vendor.name: vendor.bases[vendor.name] for vendor in VENDORS}
        line = "simulator: " + ", ".join(
            f"{name} {url}{path}" for name, path in {**bases, "control": PREFIX}.items()
        )
        print(line, flush=True)  # noqa: T201 - the one line that a command prints
        if ready_file is not None:
            beside = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
            beside.write_text(json.dumps({"url": url}), encoding="utf-8")
            beside.replace(ready_file)
        await ended.wait()
