"""kill -9 of daemon, adapter and game in any order, while NPCs of a real game server are asked all the time.

Every callback comes exactly once; what was answered is remembered once, not twice; when all are back, NPCs
answer with the model's words again. The questions are those of the mod tests/mods/llm_probe_faults.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from llm_agentd.demo.game import Game
from tests.faults.campaign import Tally, size
from tests.faults.host import TOKEN, Host, Process, wait_until
from tests.faults.load import GROUP_COMMIT_S
from tests.support.mods import MODS

pytestmark = [pytest.mark.faults, pytest.mark.e2e]

LOOPS = size(short=3, long=170)
VICTIMS = ["daemon"] * 11 + ["http"] * 7 + ["game"] * 2
BEFORE_KILL_S = size(short=2.0, long=4.0)  # at most; from 0 on, so that some die while they start
ANSWER_MAX_S = 25.0  # the mod gives up after its own deadline; one core for all, so the clock is generous
BACK_MAX_S = 60.0
LOG_LAG_S = 0.5  # a step of the server, its write, and the reader's turn on a busy machine
LINE = re.compile(r"\[llm_probe\] (ask|back) (\d+-\d+)(?: fallback=(\w+))?")


@dataclass
class Questions:
    """What the log of the game says, with the time at which it was read (later than it was written, never earlier)."""

    asked: dict[str, float] = field(default_factory=dict)
    answered: dict[str, list[tuple[bool, float]]] = field(default_factory=dict)  # is fallback, when
    ended: dict[str, float] = field(default_factory=dict)  # start of a server → when it was killed

    def take(self, line: str) -> None:
        for what, number, fallback in LINE.findall(line):
            if what == "ask":
                self.asked[number] = time.monotonic()
            else:
                self.answered.setdefault(number, []).append((fallback == "true", time.monotonic()))

    def real(self) -> list[tuple[str, float]]:
        return [(number, came[0][1]) for number, came in self.answered.copy().items() if not came[0][0]]


class Reader:
    """A thread that reads the game's log until it is stopped."""

    def __init__(self, game: Game, questions: Questions) -> None:
        self._game, self._questions = game, questions
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            is_stopping = self._stop.is_set()
            for line in self._game.new_lines():
                self._questions.take(line)
            if is_stopping:
                return
            self._stop.wait(0.02)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)


def test_kill_9_of_daemon_adapter_and_game(tally: Tally, tmp_path: Path) -> None:
    with Host(tmp_path, "agents.condense=rules") as host:
        settings = {
            "llm_agent.url": host.url,
            "llm_agent.token": TOKEN,
            "llm_agent.npc_talk": "off",
            "llm_agent.npc_rate_per_min": 10_000,
            "llm_agent.server_rate_per_min": 100_000,
            "llm_agent.server_burst": 10_000,
        }
        game = Game(tmp_path / "game", settings=settings, mods=[MODS / "llm_probe_faults"])
        (tmp_path / "game").mkdir()
        questions, kills = Questions(), []
        running = {name: host.ready(name) for name in ("daemon", "http")}
        game.start()
        reader = Reader(game, questions)
        try:
            assert wait_until(questions.real, BACK_MAX_S), f"no answer at all: {game.last_words()}"
            for _ in range(LOOPS):
                time.sleep(tally.random.uniform(0, BEFORE_KILL_S))
                victim = tally.random.choice(VICTIMS)
                kills.append((victim, time.monotonic()))
                kill_and_start(tally, victim, host, game, running, questions)
            check_all_are_back(tally, running, questions)
            code = game.stop()
        finally:
            game.kill()
            reader.stop()
        tally.check(code == 0, f"the server ended with {code}: {game.last_words()}")
        for name in ("http", "daemon"):
            tally.check(running[name].stop() == 0, f"{name}: {running[name].errors()[-500:]}")
        check_callbacks(tally, questions)
        check_memory(tally, host, questions, kills)
        log = (tmp_path / "game" / "debug.log").read_text(encoding="utf-8", errors="replace")
        for line in log.splitlines():
            if "ERROR[" in line and "ERROR[CurlFetch]" not in line:
                tally.check(False, f"the game's log: {line}")
        tally.figure(
            **Counter(victim for victim, _ in kills), asked=len(questions.asked), answered=len(questions.real())
        )


def kill_and_start(
    tally: Tally, victim: str, host: Host, game: Game, running: dict[str, Process], questions: Questions
) -> None:
    if victim != "game":
        process = running[victim]
        process.kill()
        said = process.errors()
        tally.check("Traceback" not in said and "damaged" not in said, f"{victim}: {said[-1000:]}")
        running[victim] = host.start(victim)
        return
    asked = len(questions.asked)
    game.kill()
    if questions.asked:
        questions.ended[list(questions.asked)[-1].split("-")[0]] = time.monotonic()
    time.sleep(1.0)  # the next start of the server has another second in its numbers
    game.start()
    tally.check(wait_until(lambda: len(questions.asked) > asked, BACK_MAX_S), f"no game: {game.last_words()}")


def check_all_are_back(tally: Tally, running: dict[str, Process], questions: Questions) -> None:
    for name, process in running.items():
        tally.check(process.wait_ready(), f"{name} did not start: {process.errors()[-500:]}")
    before = len(questions.real())
    back = wait_until(lambda: len(questions.real()) > before + 20, BACK_MAX_S)
    tally.check(back, f"NPCs have no words of the model again after {BACK_MAX_S:.0f} s")


def check_callbacks(tally: Tally, questions: Questions) -> None:
    end_s = time.monotonic()
    for number, asked_s in questions.asked.items():
        came = questions.answered.get(number, [])
        ended_s = questions.ended.get(number.split("-")[0], end_s)
        tally.check(len(came) <= 1, f"{len(came)} callbacks of question {number}")
        if not came and asked_s < ended_s - ANSWER_MAX_S:
            tally.lost(f"no callback of question {number}, {ended_s - asked_s:.0f} s after it was asked")


def check_memory(tally: Tally, host: Host, questions: Questions, kills: list[tuple[str, float]]) -> None:
    rows = [json.loads(line) for line in host.run("memory", "export").stdout.splitlines()]
    times = Counter(row["said"].removeprefix("Question ") for row in rows if row["kind"] == "exchange")
    for number, count in times.items():
        tally.check(count == 1, f"question {number} is remembered {count} times")
    for number, at_s in questions.real():
        asked_s = questions.asked[number]
        # The daemon answered between these two, which were read from the log a little later than they happened.
        near = [(victim, kill_s) for victim, kill_s in kills if asked_s - LOG_LAG_S < kill_s < at_s + GROUP_COMMIT_S]
        if "daemon" not in dict(near) and number not in times:
            later = [(victim, kill_s) for victim, kill_s in kills if kill_s > asked_s][:3]
            kills_said = ", ".join(f"{victim} killed after {kill_s - asked_s:.2f} s" for victim, kill_s in later)
            said = f"answered after {at_s - asked_s:.2f} s, but not remembered ({kills_said})"
            tally.lost(f"question {number}: {said}")
