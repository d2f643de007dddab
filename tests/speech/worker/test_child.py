"""The real child with the engine `stub`: how it gives way to all others, and that it ends with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.speech.worker import frames
from llm_agentd.speech.worker.child import NICE, THREAD_VARIABLES
from llm_agentd.util.cpus import available_cpus

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux alone has all of it"),
]

ORDER = {"text": "Hello.", "lang": "en", "voice": {}, "form": "ogg"}


# The same program, with an engine whose library greets on stdout, as some do when they load.
CHATTY = """
import os
from llm_agentd.speech import speakers
choose = speakers.choose
speakers.choose = lambda speech: (print("a library greets", flush=True), os.write(1, b"from C"), choose(speech))[2]
from llm_agentd.speech.worker.child import main
main()
"""


class Child:
    def __init__(self, program: Sequence[str] = ("-m", "llm_agentd.speech.worker.child"), **order: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        speech = Speech(tts="stub", stt="stub", threads=2).model_dump(mode="json")
        self.hello = self.ask({"kind": "mouth", "speech": speech, "cpus": [], **order})[0]

    def ask(self, order: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(frames.pack(order, data))
        self.process.stdin.flush()
        return frames.read(self.process.stdout)


@pytest.fixture
def started() -> Iterator[Any]:
    children: list[Child] = []

    def start(*program: str, **order: Any) -> Child:
        children.append(Child(program, **order) if program else Child(**order))
        return children[-1]

    yield start
    for child in children:
        child.process.kill()
        child.process.wait()
        for pipe in (child.process.stdin, child.process.stdout, child.process.stderr):
            assert pipe is not None
            pipe.close()


def test_child_gives_way_to_everything_else_on_the_machine(started: Any) -> None:
    cpu = available_cpus()[-1]
    child = started(cpus=[cpu])
    facts, audio = child.ask(ORDER)
    assert facts["seconds"] > 0
    assert audio.startswith(b"OggS")
    pid = child.process.pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == NICE == 19
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH
    assert os.sched_getaffinity(pid) == {cpu}
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000"
    for thread in psutil.Process(pid).threads():  # those of libraries, too
        assert os.getpriority(os.PRIO_PROCESS, thread.id) == NICE


def test_what_a_library_prints_reaches_the_log_and_not_the_answers(started: Any) -> None:
    child = started("-c", CHATTY)
    assert child.hello["engine"] == "stub"
    assert child.ask(ORDER)[1].startswith(b"OggS")
    child.process.kill()
    assert child.process.stderr.read() == b"a library greets\nfrom C"


def test_child_uses_as_many_threads_as_it_may(started: Any) -> None:
    child = started()
    child.ask(ORDER)
    assert child.hello["engine"] == "stub"
    assert psutil.Process(child.process.pid).num_threads() <= 2 + 2  # its own two, and a library's


def test_child_ends_with_its_parent_also_in_the_midst_of_a_sentence(started: Any) -> None:
    child = started()
    child.process.stdin.write(frames.pack({**ORDER, "text": "long " * 800}))
    child.process.stdin.close()
    assert child.process.wait(timeout=30) == 0


def test_engine_that_is_missing_is_said_with_its_cure(started: Any) -> None:
    speech = Speech(tts="piper", stt="off").model_dump(mode="json")
    hello = started(speech=speech).hello
    assert hello["error"]["code"] == "unavailable"
    assert "piper" in hello["error"]["message"]


def test_ears_hear_and_a_sound_that_is_none_is_an_error_of_the_sound(started: Any) -> None:
    _, audio = started().ask({**ORDER, "form": "wav"})
    ears = started(kind="ears")
    order = {"lang": "en", "phrases": [], "seconds_max": 10}
    facts, _ = ears.ask(order, audio)
    assert set(facts) == {"text", "confidence", "seconds"}
    facts, _ = ears.ask(order, b"no sound at all")
    assert facts["error"]["code"] == "bad_request"
    assert ears.ask(order, audio)[0]["seconds"] > 0


def test_variables_hold_the_threads_of_all_libraries() -> None:
    assert "OMP_NUM_THREADS" in THREAD_VARIABLES  # onnxruntime, CTranslate2
    assert "OPENBLAS_NUM_THREADS" in THREAD_VARIABLES  # numpy
