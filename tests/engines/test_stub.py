"""The stub engine against the contract, and what only it has."""

from __future__ import annotations

import time

import pytest

from llm_agentd.engines.stub.engine import StubEngine
from tests.engines.contract import GREEDY, BatchContract, EngineContract, StatesContract, data, drain, run
from tests.engines.output_format_contract import OutputFormatContract


class TestStub(EngineContract, BatchContract, StatesContract, OutputFormatContract):
    @pytest.fixture
    def engine(self) -> StubEngine:
        return StubEngine(fail_mark="FAIL")

    @pytest.fixture
    def varied(self, engine: StubEngine) -> StubEngine:
        return engine

    @pytest.fixture
    def speaking(self, engine: StubEngine) -> StubEngine:
        return engine

    @pytest.fixture
    def unruly(self, engine: StubEngine) -> StubEngine:
        return engine

    @pytest.fixture
    def failing_once(self, engine: StubEngine) -> StubEngine:
        return engine

    def test_text_names_the_npc_and_repeats_the_words(self, engine: StubEngine) -> None:
        text = data(run(engine, "buy a sword")).decode()
        assert "Bram" in text
        assert "buy a sword" in text

    def test_asides_to_the_model_are_not_repeated(self, engine: StubEngine) -> None:
        text = data(run(engine, 'buy a sword\n(Do not repeat: "No."; say something new.)')).decode()
        assert "buy a sword" in text
        assert "repeat" not in text

    def test_script_gives_the_pieces(self) -> None:
        engine = StubEngine(script=lambda prompt: [b"a", prompt[:2].encode(), b"c"])
        engine.start(0, engine.encode("xyz", None, GREEDY), GREEDY)
        assert [piece.data for piece in drain(engine, 0)[0]] == [b"a", b"xy", b"c", b""]

    def test_break_mark_breaks_the_engine(self) -> None:
        counts: list[int] = []
        engine = StubEngine(break_mark="BREAK", on_step=counts.append)
        engine.start(3, engine.encode("BREAK", None, GREEDY), GREEDY)
        with pytest.raises(RuntimeError, match="broke"):
            engine.step()
        assert counts == [1]

    def test_without_marks_no_prompt_fails(self, engine: StubEngine) -> None:
        plain = StubEngine()
        assert run(plain, "FAIL BREAK")[-1].finish == "stop"

    def test_step_takes_the_time_that_is_set_and_says_so(self) -> None:
        engine = StubEngine(step_s=0.02)
        engine.start(0, engine.encode("xyz", None, GREEDY), GREEDY)
        began_s = time.perf_counter()
        steps = 3
        for _ in range(steps):
            engine.step()
        assert time.perf_counter() - began_s >= steps * 0.02
        assert engine.last_step.decode_s == 0.02
        assert engine.time_step(8) == 0.02
