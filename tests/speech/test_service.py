"""The way of a sentence through the service, with a real child that renders when it is let, and breaks on demand.

The child does what the text says where it begins with `!`; each sentence takes one byte of a FIFO, so that the test
decides what is rendered when. What it was asked stands in a file.
"""

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
from prometheus_client import CollectorRegistry, generate_latest

from llm_agentd.config.speech import Speech
from llm_agentd.errors import DeadlineExceeded, Overloaded, SpeechError, SwitchedOff, Unavailable
from llm_agentd.speech.line_queue import PER_NPC_MAX
from llm_agentd.speech.long_text import PAUSE, PIECE_MAX_CHARS, pieces, speak_long
from llm_agentd.speech.rate import BURST_CHARS, CHARS_A_S, RenderRate
from llm_agentd.speech.sentence import SpeakRequest
from llm_agentd.speech.service import SpeechService
from llm_agentd.speech.types import Voice
from llm_agentd.speech.worker.process import Died, Worker

pytestmark = pytest.mark.slow

DEADLINE_S = 30.0
CHILD = """
import os, sys, time
from llm_agentd.speech.worker import frames
def send(fields, data=b""):
    sys.stdout.buffer.write(frames.pack(fields, data)); sys.stdout.buffer.flush()
folder = sys.argv[1]
frames.read(sys.stdin.buffer)
send({"engine": "test", "languages": ["en"]})
gate = open(folder + "/gate", "rb", buffering=0)
while True:
    order, data = frames.read(sys.stdin.buffer)
    if "text" not in order:
        send({}, order["form"].encode() + b" of " + data)
        continue
    with open(folder + "/asked", "a") as file:
        file.write(order["text"] + "\\n")
    gate.read(1)
    if order["text"].startswith("!"):
        exec(order["text"][1:])
    send({"seconds": 1.0, "mouth": "5", "engine": "test", "render_s": 0.1, "encode_s": 0.01}, order["text"].encode())
"""


class Stage:
    """A service, and what the test holds of its child."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self._folder = folder
        os.mkfifo(folder / "gate")
        self._gate = os.open(folder / "gate", os.O_RDWR)  # so that neither side waits for the other to open it
        speech = Speech(tts="stub", stt="off", cache_path=folder / "speech.lmdb", **more)
        self.mouth = Worker("mouth", speech, command=(sys.executable, "-c", CHILD, str(folder)))
        self.is_on = True
        self.registry = CollectorRegistry()
        self.service = SpeechService(speech, gate=self._check, registry=self.registry, mouth=self.mouth)

    async def _check(self) -> None:
        if not self.is_on:
            raise SwitchedOff("off")

    def let(self, count: int) -> None:
        """So many sentences are rendered."""
        os.write(self._gate, bytes(count))

    def asked(self) -> list[str]:
        path = self._folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    async def until(self, is_so: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                await asyncio.sleep(0.005)

    def say(self, text: str, **more: Any) -> asyncio.Task[Any]:
        return asyncio.create_task(self.service.speak(SpeakRequest(text, **{"deadline_ms": 20_000, **more})))

    async def queued(self, text: str, **more: Any) -> None:
        line_id = self.service.id_of(SpeakRequest(text, **more))
        await self.until(lambda: self.service._renderer._queue.find(line_id))

    async def busy(self) -> asyncio.Task[Any]:
        """A sentence that the child is at."""
        task = self.say("busy", npc="busy")
        await self.until(lambda: "busy" in self.asked())
        return task

    def count(self, kind: str, outcome: str) -> float:
        value = self.registry.get_sample_value("llm_agentd_speech_total", {"kind": kind, "outcome": outcome})
        return value or 0.0

    async def close(self) -> None:
        await self.service.close()
        os.close(self._gate)


Play: TypeAlias = Callable[[Stage], Coroutine[Any, Any, None]]


@pytest.fixture
def on_stage(tmp_path: Path) -> Callable[..., None]:
    def run(play: Play, **more: Any) -> None:
        async def all_of_it() -> None:
            stage = Stage(tmp_path, **more)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await play(stage)
            finally:
                await stage.close()

        asyncio.run(all_of_it())

    return run


def test_sentence_is_rendered_once_and_then_kept(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        stage.let(9)
        first = await stage.say("Good evening.")
        assert (first.audio, first.seconds, first.mouth, first.engine) == (b"Good evening.", 1.0, "5", "test")
        assert await stage.say("Good evening.") == first
        assert stage.asked() == ["Good evening."]
        assert (stage.count("speak", "done"), stage.count("speak", "kept")) == (1, 1)
        other = await stage.say("Good evening.", voice=Voice(semitones=3.0))
        assert other.id != first.id
        text = generate_latest(stage.registry).decode()
        assert 'llm_agentd_speech_seconds_count{stage="queue"} 2.0' in text
        assert 'llm_agentd_speech_seconds_sum{stage="render"} 0.2' in text

    on_stage(play)


def test_same_sentence_asked_twice_at_once_is_rendered_once(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        both = [stage.say("Twice?"), stage.say("Twice?", priority="ambient")]
        await stage.until(lambda: stage.asked() == ["Twice?"])
        both.append(stage.say("Twice?"))  # while it is rendered
        stage.let(9)
        one, two, three = await asyncio.gather(*both)
        assert one == two == three
        assert stage.asked() == ["Twice?"]

    on_stage(play, cache_max_bytes=0)


def test_spoken_overtakes_ambient_overtakes_background_overtakes_prepared(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        await stage.service.prepare([SpeakRequest("prepared")])
        tasks = [stage.say(text, priority=text) for text in ("background", "ambient", "spoken")]
        for text in ("background", "ambient", "spoken"):
            await stage.queued(text)
        stage.let(9)
        await asyncio.gather(busy, *tasks)
        await stage.until(lambda: len(stage.asked()) == 5)
        assert stage.asked() == ["busy", "spoken", "ambient", "background", "prepared"]

    on_stage(play)


def test_late_sentence_is_never_rendered(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        with pytest.raises(DeadlineExceeded):
            await stage.say("too late", deadline_ms=100)
        stage.let(9)
        await busy
        await stage.say("in time")
        assert stage.asked() == ["busy", "in time"]
        assert stage.count("speak", "deadline_exceeded") == 1

    on_stage(play)


def test_sentence_that_is_late_in_the_midst_of_rendering_is_kept_for_the_next_time(
    on_stage: Callable[..., None],
) -> None:
    async def play(stage: Stage) -> None:
        stage.let(1)
        await stage.say("warm")
        with pytest.raises(DeadlineExceeded):
            await stage.say("half said", deadline_ms=1000)
        assert stage.asked() == ["warm", "half said"]
        stage.let(9)
        assert (await stage.say("half said")).audio == b"half said"
        assert stage.asked() == ["warm", "half said"]

    on_stage(play)


def test_npc_that_says_too_much_loses_its_oldest(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        tasks = []
        for number in range(PER_NPC_MAX + 1):
            tasks.append(stage.say(f"m{number}", npc="mira"))
            await stage.queued(f"m{number}", npc="mira")
        with pytest.raises(Overloaded):
            await tasks[0]
        stage.let(20)
        await asyncio.gather(busy, *tasks[1:])
        assert "m0" not in stage.asked()

    on_stage(play)


def test_who_goes_away_is_not_rendered_for(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        gone = stage.say("for nobody")
        await stage.queued("for nobody")
        gone.cancel()
        await asyncio.wait([gone])
        stage.let(9)
        await busy
        await stage.say("for somebody")
        assert stage.asked() == ["busy", "for somebody"]

    on_stage(play)


@pytest.mark.parametrize(
    "breaks", ["!os.kill(os.getpid(), 9)", "!print('Illegal instruction', flush=True)", "!os._exit(3)"]
)
def test_engine_that_breaks_costs_the_one_sentence(on_stage: Callable[..., None], breaks: str) -> None:
    async def play(stage: Stage) -> None:
        stage.let(99)
        tasks = [stage.say("before"), stage.say(breaks), stage.say("after")]
        await asyncio.wait(tasks)
        assert isinstance(tasks[1].exception(), Died)
        assert (tasks[0].result().audio, tasks[2].result().audio) == (b"before", b"after")

    on_stage(play)


def test_engine_killed_in_mid_render_from_outside_costs_the_one_sentence(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        waiting = stage.say("next")
        assert stage.mouth.pid is not None
        os.kill(stage.mouth.pid, signal.SIGKILL)
        with pytest.raises(SpeechError):
            await busy
        stage.let(9)
        assert (await waiting).audio == b"next"

    on_stage(play)


def test_engine_that_hangs_is_killed_and_the_next_sentence_spoken(
    on_stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_agentd.speech.renderer.RENDER_MAX_S", 1.0)

    async def play(stage: Stage) -> None:
        stage.let(1)
        await stage.say("well")
        pid = stage.mouth.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(SpeechError, match="no answer in"):
            await stage.say("hung")
        assert not psutil.pid_exists(pid)
        stage.let(9)
        assert (await stage.say("well again")).audio == b"well again"

    on_stage(play)


def test_sentence_that_breaks_the_engine_each_time_is_not_tried_for_ever(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        stage.let(99)
        bad = "!os._exit(1)"
        for _ in range(2):
            with pytest.raises(Died):
                await stage.say(bad)
            stage.mouth._not_before_s = 0.0  # the pause is over
        with pytest.raises(SpeechError, match="not tried again"):
            await stage.say(bad)
        assert stage.asked() == [bad, bad]
        assert (await stage.say("good")).audio == b"good"

    on_stage(play)


def test_switch_that_goes_off_meanwhile_stops_what_waits(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        waiting = stage.say("waits")
        await stage.queued("waits")
        stage.is_on = False
        stage.let(9)
        await busy
        with pytest.raises(SwitchedOff):
            await waiting
        assert stage.asked() == ["busy"]

    on_stage(play)


def test_prepared_sentences_are_rendered_once_and_those_that_are_kept_not_at_all(
    on_stage: Callable[..., None],
) -> None:
    async def play(stage: Stage) -> None:
        stage.let(99)
        await stage.say("known")
        lines = [SpeakRequest(text) for text in ("known", "new", "new", "newer")]
        assert await stage.service.prepare(lines) == 3
        await stage.until(lambda: stage.count("prepare", "done") == 2)
        assert stage.asked() == ["known", "new", "newer"]
        assert (await stage.say("new")).audio == b"new"
        assert stage.count("speak", "kept") == 1

    on_stage(play)


def test_kept_sentence_wakes_the_engine_for_what_is_said_next(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        stage.let(9)
        await stage.say("Good evening.")
        first = stage.mouth.pid
        stage.mouth._end_idle()
        await stage.until(lambda: stage.mouth.pid is None)
        await stage.say("Good evening.")
        await stage.until(lambda: stage.mouth.pid is not None)
        assert stage.mouth.pid != first
        assert stage.asked() == ["Good evening."]

    on_stage(play)


def test_nothing_is_prepared_where_nothing_is_kept(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        assert await stage.service.prepare([SpeakRequest("for nobody")]) == 0
        assert stage.mouth.pid is None

    on_stage(play, cache_max_bytes=0)


def test_disk_that_cannot_be_used_costs_no_sentence(on_stage: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "speech.lmdb").write_text("a file where a folder should be")

    async def play(stage: Stage) -> None:
        stage.let(9)
        for _ in range(2):
            assert (await stage.say("all the same")).audio == b"all the same"

    on_stage(play)


def test_long_text_lets_sentences_of_a_game_get_in_between(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        sentences = [f"{letter * 200}." for letter in "abc"]
        request = SpeakRequest(" ".join(sentences), priority="ambient", deadline_ms=20_000, form="mp3")
        long = asyncio.create_task(speak_long(stage.service, request))
        await stage.until(lambda: stage.asked() == sentences[:1])
        game = stage.say("Mind the step!")
        await stage.queued("Mind the step!")
        stage.let(99)
        await game
        assert await long == b"mp3 of " + b" ".join(text.encode() for text in sentences).replace(b" ", PAUSE)
        assert stage.asked()[:4] == [sentences[0], "Mind the step!", *sentences[1:]]

    on_stage(play)


@pytest.mark.parametrize("text", ["One. Two! Three? " * 60, "word " * 500, "x" * 1000, "Just one."])
def test_pieces_are_short_and_lose_no_word(text: str) -> None:
    found = list(pieces(text))
    assert max(map(len, found)) <= PIECE_MAX_CHARS
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert len(found) <= 2 + 2 * len(text) // PIECE_MAX_CHARS


def test_flood_of_words_is_refused_with_the_time_to_wait_and_what_is_kept_is_not(
    on_stage: Callable[..., None],
) -> None:
    async def play(stage: Stage) -> None:
        stage.let(99)
        await stage.say("known")
        stage.service._renderer._rate.spend(int(BURST_CHARS) - 50, stage.service._clock())
        with pytest.raises(Overloaded) as caught:
            await stage.say("x" * 1000)
        assert 0 < (caught.value.retry_after_ms or 0) <= 1000 / CHARS_A_S * 1000 + 1
        await stage.say("known")
        assert stage.asked() == ["known"]

    on_stage(play)


def test_rate_comes_back_with_time_and_never_grows_beyond_its_burst() -> None:
    rate = RenderRate()
    assert rate.spend(int(BURST_CHARS), 1000.0) == 0
    assert rate.spend(300, 1000.0) == pytest.approx(300 / CHARS_A_S)
    assert rate.spend(300, 1000.0 + 300 / CHARS_A_S) == 0
    assert rate.spend(int(BURST_CHARS) + 1, 1e9) > 0


def test_close_answers_who_waits_and_ends_the_child(on_stage: Callable[..., None]) -> None:
    async def play(stage: Stage) -> None:
        busy = await stage.busy()
        waiting = stage.say("waits")
        await stage.queued("waits")
        pid = stage.mouth.pid
        assert pid is not None
        await stage.service.close()
        for task in (busy, waiting):
            with pytest.raises((Unavailable, SpeechError)):
                await task
        await stage.until(lambda: not psutil.pid_exists(pid))

    on_stage(play)
