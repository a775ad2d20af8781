"""The simulator as one process: both vendors and the control plane on one port.

`Simulator.serve` is for tests in the same process; `run` is what the command line calls.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from .clock import ClockMode
from .control import Control
from .knobs import Knobs
from .world import World

CONTROL_BODY_BYTES = 16 * 1024 * 1024

# How often a clock that runs by itself is looked at while nobody asks: only webhooks notice.
TICK_SECONDS = 0.2


class Simulator:
    """A stand-in for both vendors, over real HTTP, with a world of its own.

    Args:
        knobs: what the vendors' documents leave open; the defaults are in `docs/simulator.md`.
        clock: ``real``, ``scaled`` (``time_scale`` clock seconds per real second) or ``manual`` (stands still
            until ``POST /__sim/clock/advance``).
        time_scale: how many times as fast a scaled clock runs; the other modes do not read it.
        seed: decides ids, faults with a probability, and the invented traffic.
    """

    def __init__(
        self, knobs: Knobs | None = None, *, clock: ClockMode = "real", time_scale: float = 1.0, seed: int = 0
    ) -> None:
        self._knobs = knobs or Knobs()
        self._clock: ClockMode = clock
        self._time_scale = time_scale
        self._seed = seed
        self._closing = asyncio.Event()
        self._world = self._new_world(self._knobs)

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Listen until the context ends.

        Args:
            host: address to listen on.
            port: 0 takes a free one.

        Yields:
            The base URL without a final slash, e.g. ``http://127.0.0.1:40123``.

        Raises:
            OSError: the address cannot be had.
        """
        self._closing.clear()
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        ticker = asyncio.create_task(self._tick())
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
            name = f"[{host}]" if ":" in host else host
            yield f"http://{name}:{runner.addresses[0][1]}"
        finally:
            self._closing.set()
            self._world.end()
            ticker.cancel()
            await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=CONTROL_BODY_BYTES)
        app.router.add_route("*", "/{vendor:parasail|paitient}{tail:(/.*)?}", self._exchange)
        for key in Control.OPERATIONS:
            method, _, path = key.partition(" ")
            app.router.add_route(method, f"/__sim{path}", self._controlled(key))
        app.router.add_route("*", "/{tail:.*}", _nothing_here)
        return app

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        return await self._world.exchange.handle(request)

    def _controlled(self, key: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._world.control.handle(key, request)

        return handle

    def _new_world(self, knobs: Knobs) -> World:
        return World(knobs, self._clock, self._time_scale, self._seed, self._closing, self._reset)

    def _reset(self, keep_knobs: bool) -> None:
        old = self._world
        self._world = self._new_world(old.core.knobs if keep_knobs else self._knobs)
        old.end()

    async def _tick(self) -> None:
        while not self._closing.is_set():
            await asyncio.sleep(TICK_SECONDS)
            self._world.core.clock.settle()


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
        line = f"simulator: parasail {url}/parasail/api/v1, paitient {url}/paitient, control {url}/__sim"
        print(line, flush=True)  # noqa: T201 - the one line that a command prints
        if ready_file is not None:
            beside = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
            beside.write_text(json.dumps({"url": url}), encoding="utf-8")
            beside.replace(ready_file)
        await ended.wait()


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    text = f"no such operation: {request.method} {request.path[:200]}; GET /__sim lists them"
    return web.json_response({"error": text}, status=404)
