"""The stub engine against the contract, and what only it has."""

from __future__ import annotations

import pytest

from llm_agentd.engines.stub.engine import StubEngine
from tests.engines.contract import GREEDY, EngineContract, data, drain, run
from tests.engines.form_contract import FormContract


class TestStub(EngineContract, FormContract):
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

    def test_names_speaker_and_words(self, engine: StubEngine) -> None:
        text = data(run(engine, "buy a sword")).decode()
        assert "Bram" in text
        assert "buy a sword" in text

    def test_asides_are_no_words(self, engine: StubEngine) -> None:
        text = data(run(engine, 'buy a sword\n(Do not repeat: "No."; say something new.)')).decode()
        assert "buy a sword" in text
        assert "repeat" not in text

    def test_script_speaks(self) -> None:
        engine = StubEngine(script=lambda prompt: [b"a", prompt[:2].encode(), b"c"])
        engine.start(0, engine.encode("xyz", None, GREEDY), GREEDY)
        assert [piece.data for piece in drain(engine, 0)[0]] == [b"a", b"xy", b"c", b""]

    def test_breaks_when_told(self) -> None:
        live: list[int] = []
        engine = StubEngine(break_mark="BREAK", on_step=live.append)
        engine.start(3, engine.encode("BREAK", None, GREEDY), GREEDY)
        with pytest.raises(RuntimeError, match="broke"):
            engine.step()
        assert live == [1]

    def test_no_word_breaks_it_unasked(self, engine: StubEngine) -> None:
        plain = StubEngine()
        assert run(plain, "FAIL BREAK")[-1].finish == "stop"
