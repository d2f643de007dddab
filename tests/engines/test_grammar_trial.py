"""Grammars compiled in another process: verdicts, what is remembered, and children that hang, die and do not start.

The last class has the real child with the real llama.cpp, with the check of grammars taken out where a grammar is to
get as far as llama.cpp: what is unknown today is what the child is for.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import pytest

from llm_agentd.engines import open_engine
from llm_agentd.engines.llama.grammar import trial as grammar_trial
from llm_agentd.engines.llama.grammar.trial import WAITING_MAX, GrammarTrial
from llm_agentd.errors import AgentdError, BadRequest, DeadlineExceeded, Overloaded, Unavailable
from llm_agentd.types import Sampling
from tests.support.daemon_in_process import InProcess

pytestmark = pytest.mark.slow

WAIT_S = 60.0
GOOD = Sampling(grammar='root ::= "a"')
# Answers each grammar by what stands in it; prints its pid first of all into the file it is given.
CHILD = """
import json, os, sys, time
with open(sys.argv[1], "a") as file: print(os.getpid(), file=file)
print('{"ready": true}', flush=True)
for line in sys.stdin:
    text = json.loads(line).get("grammar") or ""
    if "hang" in text: time.sleep(600)
    if "crash" in text: os.abort()
    if "garbage" in text: print("?", flush=True)
    print(json.dumps({"error": "grammar: bad" if "bad" in text else ""}), flush=True)
"""
# The real child, whose own check finds nothing, so that llama.cpp gets all that it should not.
UNCHECKED = """
import sys
from llm_agentd.engines.llama.grammar import grammars, trial_child
grammars.grammar_danger = lambda text: ""
grammars.schema_danger = lambda schema: ""
trial_child.main(sys.argv[1])
"""

OpenTrial: TypeAlias = Callable[..., GrammarTrial]


@pytest.fixture
def open_trial() -> Iterator[OpenTrial]:
    trials: list[GrammarTrial] = []

    def opened(code: str, *arguments: str, wall_max_s: float = WAIT_S) -> GrammarTrial:
        trial = GrammarTrial(lambda engine: [sys.executable, "-c", code, *arguments, engine], wall_max_s=wall_max_s)
        trial.start()
        trials.append(trial)
        return trial

    yield opened
    for trial in trials:
        trial.stop()


def verdict(trial: GrammarTrial, sampling: Sampling, engine: str = "llama") -> AgentdError | None:
    answers: queue.SimpleQueue[AgentdError | None] = queue.SimpleQueue()
    trial.submit(engine, sampling, time.monotonic() + WAIT_S, answers.put)
    return answers.get(timeout=WAIT_S)


class TestParent:
    @pytest.fixture
    def pids(self, tmp_path: Path) -> Path:
        return tmp_path / "pids"

    def test_verdicts_are_remembered_and_the_child_lives_on(self, open_trial: OpenTrial, pids: Path) -> None:
        trial = open_trial(CHILD, str(pids))
        bad = Sampling(grammar="bad")
        assert not trial.known(GOOD)
        assert verdict(trial, GOOD) is None
        assert trial.known(GOOD)
        assert isinstance(verdict(trial, bad), BadRequest)
        with pytest.raises(BadRequest, match=r"^grammar: bad$"):
            trial.known(bad)
        assert not trial.known(Sampling(json_schema={"type": "null"}))
        assert len(pids.read_text().split()) == 1

    @pytest.mark.parametrize(
        ("grammar", "reason"), [("hang", "took longer than 1 s"), ("crash", "ended with -6"), ("garbage", "ended with")]
    )
    def test_child_that_breaks_on_a_grammar_is_replaced(
        self,
        open_trial: OpenTrial,
        pids: Path,
        grammar: str,
        reason: str,
    ) -> None:
        trial = open_trial(CHILD, str(pids), wall_max_s=1.0)
        error = verdict(trial, Sampling(grammar=grammar))
        assert isinstance(error, BadRequest)
        assert str(error).startswith("grammar: llama.cpp hangs or breaks on it")
        assert reason in str(error)
        with pytest.raises(BadRequest):  # it is not tried a second time
            trial.known(Sampling(grammar=grammar))
        assert verdict(trial, GOOD) is None
        first, second = map(int, pids.read_text().split())
        assert first != second
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)

    def test_child_that_does_not_start_is_unavailable_and_not_remembered(self, open_trial: OpenTrial) -> None:
        trial = open_trial("raise SystemExit(3)")
        assert isinstance(verdict(trial, GOOD), Unavailable)
        assert not trial.known(GOOD)
        nowhere = GrammarTrial(lambda engine: ["/nowhere/at/all"])
        nowhere.start()
        assert isinstance(verdict(nowhere, GOOD), Unavailable)
        nowhere.stop()

    def test_idle_child_is_ended(
        self,
        open_trial: OpenTrial,
        pids: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(grammar_trial, "IDLE_S", 0.0)
        trial = open_trial(CHILD, str(pids))
        assert verdict(trial, GOOD) is None
        ends_s = time.monotonic() + WAIT_S
        while trial.child_pid is not None:
            assert time.monotonic() < ends_s
        assert verdict(trial, Sampling(grammar="other")) is None
        assert len(pids.read_text().split()) == 2

    def test_full_house_is_overloaded_and_late_ones_are_not_tried(self, open_trial: OpenTrial, pids: Path) -> None:
        trial = open_trial(CHILD, str(pids))
        answers: queue.SimpleQueue[AgentdError | None] = queue.SimpleQueue()
        is_open = threading.Event()

        def blocks(error: AgentdError | None) -> None:
            answers.put(error)
            is_open.wait(WAIT_S)

        trial.submit("llama", GOOD, time.monotonic() + WAIT_S, blocks)
        assert answers.get(timeout=WAIT_S) is None
        for number in range(WAITING_MAX):
            trial.submit("llama", Sampling(grammar=f"late {number}"), time.monotonic() - 1, answers.put)
        with pytest.raises(Overloaded, match="wait to be tried"):
            trial.submit("llama", GOOD, 0, answers.put)
        is_open.set()
        assert all(isinstance(answers.get(timeout=WAIT_S), DeadlineExceeded) for _ in range(WAITING_MAX))

    def test_stop_ends_a_hanging_child_at_once(self, open_trial: OpenTrial, pids: Path) -> None:
        trial = open_trial(CHILD, str(pids))
        assert verdict(trial, GOOD) is None
        trial.submit("llama", Sampling(grammar="hang"), time.monotonic() + WAIT_S, lambda error: None)
        trial.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pids.read_text()), 0)


ENGINES = [
    "llama",
    pytest.param("llama_native", marks=pytest.mark.skipif(not find_spec("llama_cpp"), reason="none")),
    pytest.param("llama_ik", marks=pytest.mark.skipif(not find_spec("ik_llama_cpp"), reason="none")),
]


@pytest.mark.parametrize("engine", ENGINES)
class TestRealChild:
    def test_grammars_and_schemas_get_their_verdicts(self, engine: str) -> None:
        trial = GrammarTrial()
        trial.start()
        try:
            assert verdict(trial, Sampling(grammar='root ::= "a" | [b-z]+'), engine) is None
            assert verdict(trial, Sampling(json_schema={"type": "integer", "minimum": 3}), engine) is None
            for sampling, reason in (
                (Sampling(grammar='root ::= "a"{5,2}'), "smaller number first"),
                (Sampling(grammar='root ::= x\nx ::= " " x "a" | " " x "b" | "."'), "in thousands of ways"),
                (Sampling(grammar="root ::= other"), "Undefined rule identifier 'other'"),
                (Sampling(json_schema={"minLength": 3, "maxLength": 2}), "json_schema: .*nothing fits"),
            ):
                with pytest.raises(BadRequest, match=reason):
                    raise verdict(trial, sampling, engine) or AssertionError("it passed")
        finally:
            trial.stop()

    @pytest.mark.parametrize(
        "grammar",
        [
            'root ::= "a"{5,2}',
            'root ::= f root "z" | "q"\nf ::= e e\ne ::= | "y"',
            'e ::= "a" root{0}',
            "root ::= " + '"x"{0,1999} ' * 5000,
        ],
        ids=["5 to 2", "hidden left recursion", "no root", "many rules"],
    )
    def test_grammar_that_hangs_or_kills_llama_cpp_ends_the_child_alone(
        self, open_trial: OpenTrial, engine: str, grammar: str
    ) -> None:
        trial = open_trial(UNCHECKED)
        error = verdict(trial, Sampling(grammar=grammar), engine)
        assert isinstance(error, BadRequest), error
        assert verdict(trial, GOOD, engine) is None


def test_daemon_refuses_what_hangs_and_serves_on(tmp_path: Path) -> None:
    with (
        InProcess(f"ipc://{tmp_path}/d", engine=lambda: open_engine("llama", max_num_seqs=2, threads=1)) as daemon,
        daemon.client() as client,
    ):
        for options in ({"grammar": 'root ::= "a"{5,2}'}, {"json_schema": {"minItems": 5, "maxItems": 2}}):
            with pytest.raises(BadRequest, match=r"smaller number first|nothing fits"):
                client.infer("Hello", deadline_ms=60_000, **options)
            assert client.infer("Hello", grammar='root ::= "ok"', deadline_ms=60_000).text == "ok"
