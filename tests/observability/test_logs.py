"""Log lines as people and collectors read them: one object, one line, no secret."""

import asyncio
import io
import json
import logging
import re
import signal
import subprocess
import sys

import pytest

from model_operator.domain import Key
from model_operator.observability.logs import about, set_up
from model_operator.redaction import Redactor

SECRET = "sk-0123456789abcdef"
KEY = Key("ModelDeployment", "team-a", "llama")
logger = logging.getLogger("model_operator.test")


def refuse(message: str) -> None:
    raise RuntimeError(message) from ValueError(f"Bearer {SECRET}")


@pytest.fixture
def redactor():
    redactor = Redactor()
    redactor.register(SECRET, KEY.namespace)
    return redactor


@pytest.fixture(autouse=True)
def root_logger_as_it_was():
    root = logging.getLogger()
    names = ("kopf", "kubernetes", "httpx", "httpcore", "aiohttp", "aiohttp.access", "asyncio", "urllib3")
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)


@pytest.fixture
def log(redactor):
    """Sets logging up and gives the stream that it writes to."""

    def start(log_format: str = "text", level: str = "info") -> io.StringIO:
        stream = io.StringIO()
        set_up(log_format, level, redactor, stream)
        return stream

    return start


def test_a_text_line_has_time_level_logger_object_and_message(log):
    stream = log()
    with about(KEY):
        logger.info("created %s", "dep_1")
    time, rest = stream.getvalue().split(" ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
    assert rest == "INFO model_operator.test ModelDeployment/team-a/llama: created dep_1\n"


def test_a_json_line_has_the_same_by_key(log):
    stream = log("json")
    with about(KEY):
        logger.warning("created %s", "dep_1")
    line = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {
        "level": "warning",
        "logger": "model_operator.test",
        "message": "created dep_1",
        "controller": "modeldeployment",
        "namespace": "team-a",
        "name": "llama",
    }


def test_a_line_about_no_object_names_none(log):
    stream = log("json")
    with about(KEY):
        pass
    logger.info("started")
    assert json.loads(stream.getvalue()).keys() == {"timestamp", "level", "logger", "message"}


async def test_objects_at_work_side_by_side_keep_their_own_lines(log):
    stream = log("json")
    meeting = asyncio.Barrier(2)

    async def work(name: str) -> None:
        with about(Key("ModelDeployment", "team-a", name)):
            await meeting.wait()
            logger.info("%s", name)

    await asyncio.gather(work("a"), work("b"))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted((line["name"], line["message"]) for line in lines) == [("a", "a"), ("b", "b")]


def test_kopfs_lines_name_their_object(log):
    stream = log("json")
    ref = {"kind": "ModelDeployment", "namespace": "team-a", "name": "llama", "uid": "1"}
    logging.getLogger("kopf.objects").warning("odd", extra={"k8s_ref": ref})
    assert json.loads(stream.getvalue())["controller"] == "modeldeployment"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_secret_is_masked_in_message_arguments_and_exception(log, log_format):
    stream = log(log_format)
    try:
        refuse(f"refused {SECRET}")
    except RuntimeError:
        logger.exception(f"for %s and {SECRET}", {"key": SECRET})  # noqa: G004
    text = stream.getvalue()
    assert SECRET not in text
    assert text.count("***") >= 4
    assert "Traceback" in text
    assert "RuntimeError: refused ***" in text


def test_an_exception_is_one_json_value(log):
    stream = log("json")
    try:
        refuse("refused")
    except RuntimeError:
        logger.exception("failed")
    (text,) = stream.getvalue().splitlines()
    assert json.loads(text)["exception"].endswith("RuntimeError: refused")


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    ("namespace", "masks"), [("team-a", True), ("team-b", False)], ids=["own", "another tenant's"]
)
def test_a_key_is_masked_in_its_own_namespaces_lines_only(log, log_format, namespace, masks):
    stream = log(log_format)
    with about(Key("ModelDeployment", namespace, "llama")):
        logger.info("said %s", SECRET)
    assert (SECRET not in stream.getvalue()) is masks


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_key_hides_time_level_logger_or_object(log, redactor, log_format):
    for word in ("ModelDeployment/team-a/llama", "modeldeployment", "model_operator.test", "INFO", "info"):
        redactor.register(word, "team-a")
    stream = log(log_format)
    with about(KEY):
        logger.info("released")
    line = stream.getvalue()
    if log_format == "text":
        assert line.endswith(" INFO model_operator.test ModelDeployment/team-a/llama: released\n")
    else:
        assert json.loads(line)["controller"] == "modeldeployment"
        assert json.loads(line)["logger"] == "model_operator.test"


def test_an_exceptions_text_cannot_forge_a_line(log):
    stream = log()
    try:
        refuse("no\n2026-01-01T00:00:00.000Z INFO all is well\r\x1b[2J")
    except RuntimeError:
        logger.exception("failed")
    first, *trace = stream.getvalue().splitlines()
    assert first.endswith("failed")
    assert all(row.startswith("  ") for row in trace)
    assert "\x1b" not in stream.getvalue()


def test_a_vendors_text_cannot_forge_a_line_or_colour_the_terminal(log):
    stream = log()
    logger.info("vendor says %s", "no\n2026-01-01 INFO all is well\x1b[2J\x9b\r\x7f")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(r"no\x0a2026-01-01 INFO all is well\x1b[2J\x9b\x0d\x7f")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_that_cannot_be_formatted_says_where_and_not_what(log, log_format):
    stream = log(log_format)
    logger.info("%d", SECRET)
    assert re.fullmatch(r"a log line of .*test_logs\.py:\d+ could not be written\n", stream.getvalue())


@pytest.mark.parametrize(
    ("level", "written"),
    [
        pytest.param("debug", ["debug", "info", "warning", "error"], id="debug"),
        pytest.param("info", ["info", "warning", "error"], id="info"),
        pytest.param("error", ["error"], id="error"),
    ],
)
def test_less_severe_lines_are_left_out(log, level, written):
    stream = log("json", level)
    for name in ("debug", "info", "warning", "error"):
        getattr(logger, name)("x")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == written


@pytest.mark.parametrize(
    "library", ["kopf.objects", "kopf._core", "kubernetes.client.rest", "kubernetes.aio.client.rest", "httpx"]
)
def test_libraries_that_log_bodies_and_urls_stay_quiet_even_at_debug(log, library):
    stream = log(level="debug")
    logging.getLogger(library).info("response body: {}")
    assert stream.getvalue() == ""
    logging.getLogger(library).warning("watch failed")
    assert "watch failed" in stream.getvalue()


def test_the_kubelets_probes_are_not_logged(log):
    stream = log(level="debug")
    logging.getLogger("aiohttp.access").error("GET /healthz")
    assert stream.getvalue() == ""


def test_setting_up_twice_writes_each_line_once(log):
    log()
    stream = log()
    logger.info("once")
    assert stream.getvalue().count("once") == 1


PROGRAM = """
import asyncio, sys
from model_operator.observability.logs import dump_on_sigusr1

async def waits_for_nothing():
    await asyncio.Event().wait()

async def main():
    dump_on_sigusr1(asyncio.get_running_loop())
    task = asyncio.create_task(waits_for_nothing(), name="account-poller")
    await asyncio.sleep(0)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()

{run}
"""


@pytest.mark.parametrize("run", ["asyncio.run(main())", "import uvloop; uvloop.run(main())"])
def test_sigusr1_shows_every_thread_and_task_and_the_process_goes_on(run):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("{run}", run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        seen = []
        while not (seen and "waits_for_nothing" in seen[-1]):
            seen.append(process.stderr.readline())
            assert seen[-1], "".join(seen)
        process.stdin.close()
        assert process.wait(timeout=20) == 0
        text = "".join(seen)
    assert "Current thread" in text or "Thread 0x" in text
    assert "tasks" in text
