"""`bench warm` at its smallest: what is computed beforehand need not be computed while a player waits."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import runner, warm
from llm_agentd.bench.result import Options
from llm_agentd.config import load_config

pytestmark = pytest.mark.slow


def test_a_prepared_line_has_few_tokens_left_to_compute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "TYPING_S", 0.2)
    monkeypatch.setattr(warm, "PERSONAS", 1)
    written = tmp_path / "warm.json"
    assert runner.run("warm", load_config(None, ["model.engine=stub"]), Options(rounds=1), json_file=written) == 0
    report = orjson.loads(written.read_bytes())
    assert set(report["ratios"]) == {"first_text", "first_text_of_first_line", "first_text_of_later_lines"}
    figures = report["figures"]
    assert 0 < figures["warmed_computed_tokens"] < figures["cold_computed_tokens"]
