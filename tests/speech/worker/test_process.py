"""The parent's side against real children that misbehave: they die, hang, write nonsense, or are not there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.errors import SpeechError, Unavailable
from llm_agentd.speech.worker.process import PAUSE_MAX_S, Died, Worker
from tests.support.http_harness import DEADLINE_S, wait_until

pytestmark = pytest.mark.slow

# A child that answers as it is told; each `do` is Python.
CHILD = """
import os, sys, time
from llm_agentd.speech.worker import frames
def send(fields, data=b""):
    sys.stdout.buffer.write(frames.pack(fields, data)); sys.stdout.buffer.flush()
frames.read(sys.stdin.buffer)
{hello}
while True:
    order, data = frames.read(sys.stdin.buffer)
    exec(order["do"])
"""
Work: TypeAlias = Callable[[Worker], Coroutine[Any, Any, None]]
Answer: TypeAlias = tuple[dict[str, Any], bytes]
ECHO = "send({'pid': os.getpid()}, data)"


def child(hello: str = "send({'engine': 'test', 'languages': ['en']})") -> tuple[str, ...]:
    return (sys.executable, "-c", CHILD.replace("{hello}", hello))


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def run(clock: Clock, work: Work, command: tuple[str, ...] | None = None, **more: Any) -> None:
    async def all_of_it() -> None:
        worker = Worker("mouth", Speech(), command=command or child(), clock=clock, **more)
        try:
            await asyncio.wait_for(work(worker), DEADLINE_S)
        finally:
            worker.close()

    asyncio.run(all_of_it())


async def ask(worker: Worker, do: str = ECHO, data: bytes = b"", limit_s: float = DEADLINE_S) -> Answer:
    return await worker.ask({"do": do}, data, limit_s=limit_s)


def test_child_starts_at_the_first_order_and_stays(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        assert worker.pid is None
        first, data = await ask(worker, data=b"sound")
        assert data == b"sound"
        assert await ask(worker) == (first, b"")
        assert worker.facts["engine"] == "test"

    run(clock, work)


@pytest.mark.parametrize(
    ("do", "says"),
    [
        ("os._exit(3)", "ended with 3"),
        ("os.kill(os.getpid(), 9)", "ended with -9"),
        ("print('a native library greets you', flush=True)", "wrote something else than an answer"),
        ("os.close(1); time.sleep(99)", "ended with"),
    ],
)
def test_child_that_breaks_costs_the_one_order(clock: Clock, do: str, says: str) -> None:
    async def work(worker: Worker) -> None:
        with pytest.raises(Died, match=says):
            await ask(worker, do)
        assert worker.pid is None
        await ask(worker)  # at once: the first death costs no pause

    run(clock, work)


def test_child_that_hangs_is_killed(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        first, _ = await ask(worker)
        os.kill(first["pid"], signal.SIGSTOP)
        with pytest.raises(Died, match=r"no answer in 0\.3 s"):
            await ask(worker, limit_s=0.3)
        assert not psutil.pid_exists(first["pid"])
        assert (await ask(worker))[0]["pid"] != first["pid"]

    run(clock, work)


def test_deaths_in_a_row_make_a_growing_pause_and_calm_ends_it(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        pauses = []
        for _ in range(9):
            with pytest.raises(Died):
                await ask(worker, "os._exit(1)")
            try:
                await ask(worker)
                pauses.append(0.0)
            except Unavailable as error:
                pauses.append((error.retry_after_ms or 0) / 1000)
                clock.now_s += pauses[-1]
        assert pauses == [0, 1, 2, 4, 8, 16, 32, PAUSE_MAX_S, PAUSE_MAX_S]
        clock.now_s += 1000
        with pytest.raises(Died):
            await ask(worker, "os._exit(1)")
        await ask(worker)

    run(clock, work)


def test_no_engine_is_said_with_its_cure_and_not_tried_for_each_sentence(clock: Clock, tmp_path: Path) -> None:
    cure = "pip install 'llm-agentd[speech]'"

    async def work(worker: Worker) -> None:
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await ask(worker)
            assert cure in caught.value.message
        clock.now_s += 61
        with pytest.raises(Unavailable):
            await ask(worker)

    starts = tmp_path / "starts"
    note = f"open({str(starts)!r}, 'a').write('x')"
    run(clock, work, child(f"{note}; send({{'error': {{'code': 'unavailable', 'message': {cure!r}}}}})"))
    assert starts.read_text() == "xx"


def test_error_of_an_engine_comes_through_and_the_child_stays(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        first, _ = await ask(worker)
        with pytest.raises(SpeechError, match="no voice for that"):
            await ask(worker, "send({'error': {'code': 'speech_failed', 'message': 'no voice for that'}})")
        assert (await ask(worker))[0] == first

    run(clock, work)


def test_program_that_is_not_there_is_an_error_of_the_sentence(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        with pytest.raises(SpeechError, match="does not start"):
            await ask(worker)

    run(clock, work, ("/nonexistent/program",))


def test_idle_child_is_ended_and_comes_back(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        first, _ = await ask(worker)
        while psutil.pid_exists(first["pid"]):
            await asyncio.sleep(0.02)
        assert (await ask(worker))[0]["pid"] != first["pid"]

    run(clock, work, idle_s=0.1)


def test_what_a_child_prints_is_logged_in_single_lines(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    async def work(worker: Worker) -> None:
        await ask(worker, "sys.stderr.write('onnx\\x1b[31m warns\\nof two things'); sys.stderr.flush(); " + ECHO)

    run(clock, work)
    wait_until(lambda: len(caplog.messages) >= 2)
    assert caplog.messages == ["speech (mouth): onnx [31m warns", "speech (mouth): of two things"]


def test_close_in_the_midst_of_an_order_ends_it(clock: Clock) -> None:
    async def work(worker: Worker) -> None:
        first, _ = await ask(worker)
        asked = asyncio.create_task(ask(worker, "time.sleep(99)"))
        await asyncio.sleep(0)
        worker.close()
        with pytest.raises((Died, Unavailable)):
            await asked
        wait_until(lambda: not psutil.pid_exists(first["pid"]))

    run(clock, work)
