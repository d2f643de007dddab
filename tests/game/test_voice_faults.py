"""What breaks while NPCs speak, as a player meets it: the bubble has every line, no step waits, the log says it once.

One world for all: a real client before an NPC, and a daemon whose disk for spoken sentences is full from the start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import psutil
import pytest

from tests.support.game_client import GameClient, player, stage
from tests.support.game_log import GameLog
from tests.support.mods import MODS
from tests.support.recognised import share_of_words
from tests.support.sound_recorder import SoundRecorder, loudness

pytestmark = pytest.mark.e2e

IS_ROOT = os.geteuid() == 0
DISK_BYTES = 64 * 1024  # less than LMDB wants to begin with
LINES = (
    "The bridge is broken again. You must go round by the old mill. Take some bread with you.",
    "Nobody has seen the ferryman today. His boat lies on the other side. Ask the fisher about it.",
    "The market opens in the morning. Bring your own basket, and a coin or two. I shall keep a seat for you.",
)
AFTER = "All is well again, and the market is open."
SILENCE = r"\[llm_agent\] NPCs have no voice at present: (.*)"
STEP_MAX_MS = 500  # on a busy machine
SILENT = 1e-3  # of full scale
HEARD_S, AGAIN_S, POLL_S = 30.0, 60.0, 0.1


@dataclass
class Scene:
    log: GameLog
    client: GameClient
    recorder: SoundRecorder

    def speak(self, words: str, fault: Callable[[], object] | None = None) -> float:
        """The NPC says it, and `fault` happens once it is heard. Returns how loud the rest was."""
        since_s = self.recorder.now_s
        self.client.chat(f"/speak {words}")
        if fault:
            self.client.wait_for("sound", lambda: self._loudness(since_s) > SILENT, HEARD_S)
            fault()
            since_s = self.recorder.now_s
        step_ms, shown = self.log.expect(
            r"\[llm_probe_heard\] done Mira spoken=true longest_step_ms=(\d+) shown=(.*)"
        ).groups()
        assert share_of_words(words, shown) == 1, shown
        assert int(step_ms) < STEP_MAX_MS
        return self._loudness(since_s)

    def speak_until_heard(self, words: str) -> None:
        deadline_s = time.monotonic() + AGAIN_S
        while self.speak(words) < SILENT:
            assert time.monotonic() < deadline_s, "the voice does not come back"

    def _loudness(self, since_s: float) -> float:
        return max(loudness(self.recorder.samples(since_s)))

    def silences(self) -> int:
        self.log.read()
        return len(self.log.matches(SILENCE))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("faults")
    (full := folder / "full").mkdir()
    with ExitStack() as stack:
        if IS_ROOT:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", full], check=True)
            stack.callback(lambda: subprocess.run(["umount", "--lazy", full], check=True))
            with suppress(OSError), (full / "filler").open("wb", buffering=0) as filler:
                filler.write(bytes(2 * DISK_BYTES))
        else:
            full.chmod(0o500)
        settings = {"llm_agent.voice": "true", "llm_agent.greet": "false"}
        config = {"speech.cache_path": full / "speech.lmdb"}
        game, log = stack.enter_context(stage(folder, settings, [MODS / "llm_probe_heard"], config=config))
        recorder = SoundRecorder(folder / "client")
        recorder.folder.mkdir()
        client = stack.enter_context(player(recorder.folder, game, log, size=(320, 240), recorder=recorder))
        client.chat("/meet Mira 60")
        log.expect(r"\[llm_probe_heard\] met Mira")
        yield Scene(log, client, recorder)
    assert log.errors(daemon_away=True) == []


def children(word: str) -> list[psutil.Process]:
    """The processes behind this test with that word in their command."""
    return [one for one in psutil.Process().children(recursive=True) if word in one.cmdline()]


def kill(word: str) -> None:
    found = children(word)
    assert found, f"no process with {word} in its command"
    for one in found:
        one.send_signal(signal.SIGKILL)


def test_full_disk_for_spoken_sentences_takes_no_voice_away(scene: Scene) -> None:
    assert scene.speak(LINES[0]) > SILENT
    assert scene.silences() == 0


def test_engine_killed_in_the_middle_of_a_line_costs_no_word_and_comes_back(scene: Scene) -> None:
    before = scene.silences()
    scene.speak(LINES[1], lambda: kill("llm_agentd.speech.worker.child"))
    scene.speak_until_heard(AFTER)
    assert scene.silences() - before <= 1


def test_adapter_killed_in_the_middle_of_a_line_costs_no_word_and_comes_back(scene: Scene) -> None:
    before = scene.silences()
    scene.speak(LINES[2], lambda: kill("http"))
    scene.speak_until_heard(AFTER.replace("market", "mill"))
    assert scene.silences() - before <= 1
