"""The simulator as a process of its own: ready file, one line, knobs as flags, an orderly end."""

import asyncio
import json
import signal
import sys

import aiohttp
import pytest

from support.rows import ROWS


async def begin(*flags):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "model_operator_simulator",
        *flags,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_serves_and_ends_at_a_signal(tmp_path, number):
    ready = tmp_path / "ready.json"
    process = await begin(
        "--port=0", f"--ready-file={ready}", "--clock=manual", "--knob=parasail.gpu_quota=null"
    )
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        url = line.split("control ")[1].removesuffix("/__sim\n")
        bases = {f"{name} {url}{row.base_path}" for name, row in ROWS.items()}
        assert set(line.removeprefix("simulator: ").strip().split(", ")) == {*bases, f"control {url}/__sim"}
        async with aiohttp.ClientSession() as session, session.get(f"{url}/__sim/knobs") as reply:
            assert (await reply.json())["values"]["parasail"]["gpu_quota"] is None
        assert json.loads(ready.read_text()) == {"url": url}
        assert [file.name for file in tmp_path.iterdir()] == ["ready.json"]
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_it_ends_though_requests_hang(tmp_path):
    process = await begin("--port=0", f"--ready-file={tmp_path / 'ready.json'}")
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        url = line.split("control ")[1].removesuffix("/__sim\n")
        async with aiohttp.ClientSession() as session:
            for nth, kind in enumerate(("hold", "timeout"), start=1):
                await (await session.post(f"{url}/__sim/faults", json={"kind": kind, "nth": nth})).json()
            hanging = [asyncio.create_task(session.get(f"{url}/paitient/v1/deployments")) for _ in range(2)]
            for fault in ("fault-1", "fault-2"):
                await (await session.get(f"{url}/__sim/faults/{fault}/wait")).json()
            process.terminate()
            _, err = await asyncio.wait_for(process.communicate(), 10)
            await asyncio.gather(*hanging, return_exceptions=True)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        pytest.param("--knob=parasail.start_s=soon", "parasail.start_s", id="an unfit knob"),
        pytest.param("--knob=parasail.speed=1", "parasail.speed", id="an unknown knob"),
        pytest.param("--knob=fast", "SECTION.NAME=VALUE", id="no knob at all"),
        pytest.param("--clock=wobbly", "wobbly", id="an unknown clock"),
    ],
)
async def test_unfit_flags_end_it_with_2_and_a_reason(flag, said):
    process = await begin("--port=0", flag)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert said in err.decode()
    assert "Traceback" not in err.decode()
