"""Log lines as text or JSON on stderr, each about one object where there is one, and never with a secret.

`about(key)` marks everything that is logged inside it; libraries that log bodies or URLs are kept quiet.
"""

import asyncio
import faulthandler
import json
import logging
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from typing_extensions import override

from model_operator.domain import Key
from model_operator.observability import audit
from model_operator.redaction import Redactor

_about: ContextVar[Key | None] = ContextVar("about", default=None)

# Least level per library. kubernetes logs reply bodies (Secrets among them) and kopf whole objects at DEBUG,
# httpx every URL at INFO, aiohttp every probe of the kubelet at INFO.
_LIBRARIES = {
    "aiohttp.access": logging.CRITICAL,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "kopf": logging.WARNING,
    "kubernetes": logging.WARNING,
    "urllib3": logging.WARNING,
}

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if code != ord("\t")}


@contextmanager
def about(key: Key) -> Iterator[None]:
    """Log lines inside name this object; holds across `await` and in tasks that are started inside."""
    token = _about.set(key)
    try:
        yield
    finally:
        _about.reset(token)


def set_up(
    log_format: Literal["text", "json"], level: str, redactor: Redactor, stream: TextIO | None = None
) -> None:
    """Make the root logger write such lines to `stream` (stderr), in place of whatever it did before."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(redactor) if log_format == "json" else TextFormatter(redactor))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.getLogger(audit.LOGGER).setLevel(logging.INFO)  # whatever is left out else
    logging.captureWarnings(capture=True)


def dump_on_sigusr1(loop: asyncio.AbstractEventLoop, stream: TextIO | None = None) -> None:
    """On SIGUSR1 write every thread's and every task's stack; the threads' even if the loop hangs."""
    out = stream or sys.stderr
    loop.add_signal_handler(signal.SIGUSR1, _dump_tasks, loop, out)
    faulthandler.register(signal.SIGUSR1, file=out, all_threads=True, chain=True)


class TextFormatter(logging.Formatter):
    """`2026-01-02T03:04:05.678Z INFO model_operator.engine ModelDeployment/ns/name: message`."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    @override
    def format(self, record: logging.LogRecord) -> str:
        key = _key(record)
        # A vendor's text in a message must not start a line of its own.
        message = record.getMessage().translate(_CONTROLS)
        place = (key and key.namespace) or None
        line = f"{_time(record)} {record.levelname} {record.name} {f'{key}: ' if key else ''}"
        line += self._redactor.redact(message, place)
        line += "".join(f" {name}={json.dumps(value)}" for name, value in _fields(record).items())
        trace = "".join(f"\n  {row.translate(_CONTROLS)}" for row in _trace(self, record).split("\n") if row)
        return line + self._redactor.redact(trace, place)


class JsonFormatter(logging.Formatter):
    """One object per line: timestamp, level, logger, message, and where known controller, namespace, name, audit,
    exception."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    @override
    def format(self, record: logging.LogRecord) -> str:
        key = _key(record)
        place = (key and key.namespace) or None
        line: dict[str, object] = {
            "timestamp": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redactor.redact(record.getMessage(), place),
        }
        if key:
            line |= {"controller": key.kind.lower(), "namespace": key.namespace, "name": key.name}
        if fields := _fields(record):
            line["audit"] = fields
        if trace := _trace(self, record):
            line["exception"] = self._redactor.redact(trace, place)
        return json.dumps(line)


class _Handler(logging.StreamHandler[TextIO]):
    @override
    def handleError(self, record: logging.LogRecord) -> None:
        # The standard one prints the arguments as they are, with any secret in them.
        self.stream.write(f"a log line of {record.pathname}:{record.lineno} could not be written\n")


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key(record: logging.LogRecord) -> Key | None:
    ref = getattr(record, "k8s_ref", None)  # Kopf's own lines about an object
    if isinstance(ref, dict):
        return Key(*(str(ref.get(part) or "") for part in Key._fields))
    return _about.get()


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    """Of a line of the audit trail. Data: never masked."""
    fields = getattr(record, "audit", None)
    return fields if isinstance(fields, dict) else {}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _dump_tasks(loop: asyncio.AbstractEventLoop, out: TextIO) -> None:
    tasks = asyncio.all_tasks(loop)
    out.write(f"{len(tasks)} tasks\n")
    for task in sorted(tasks, key=lambda task: task.get_name()):
        task.print_stack(file=out)
    out.flush()
