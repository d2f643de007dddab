"""`bench engines`: every installed library with its figures and its verdict, medians of the rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_agentd.bench import engines
from llm_agentd.bench.result import Options
from llm_agentd.config import Config
from llm_agentd.engines.base import Candidate
from llm_agentd.engines.proof.choice import Choice

LLAMA = [Candidate("llama", "cyllama 1", prompt, 100.0, 96) for prompt in (100.0, 50.0, 120.0)]
IK = [Candidate("llama_ik", "ik 1", 200.0, 200.0, rows, "longer parts …") for rows in (31, 31, 24)]
NATIVE = [
    Candidate("llama_native", "native 1", 90.0, 90.0, 96),
    Candidate("llama_native", "native 1", 0.0, 0.0, 0, "passed over: it crashed"),
    Candidate("llama_native", "native 1", 90.0, 90.0, 96),
]


def test_each_library_has_its_median_and_what_was_wrong_once_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = iter(zip(LLAMA, IK, NATIVE, strict=True))
    took_s = iter((2.0, 2.5, 9.0))

    def choose(names: list[str], path: Path, folder: Path | None, **settings: Any) -> Choice:
        assert folder is None, "measured anew, and nothing kept"
        return Choice("llama", None, tuple(next(rounds)), next(took_s))

    monkeypatch.setattr(engines, "choose", choose)
    monkeypatch.setattr(engines, "installed", lambda: ["llama", "llama_native", "llama_ik"])
    result = engines.measure(Config(), Options(rounds=3))
    assert [row[0] for row in result.rows] == ["llama_ik", "llama", "llama_native"]
    assert result.rows[0][2:] == ("200", "200", "2.00", "longer parts …")
    assert result.rows[2][2:] == ("", "", "", "passed over: it crashed")
    assert result.ratios == {"llama_ik_vs_llama": pytest.approx(2.0)}
    assert result.figures["llama_prompt_tokens_per_s"] == 100.0
    assert result.figures["choosing_s"] == 2.5
    assert "choosing among them took 2.5 s" in result.notes[1]
