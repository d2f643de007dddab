"""`bench exchanges` in its short form on a real game server; tests/bench/test_exchanges.py has the rules."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import runner
from llm_agentd.bench.result import Options
from llm_agentd.config import load_config

pytestmark = pytest.mark.e2e


def test_bench_exchanges_in_its_short_form_counts_and_writes_what_was_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written, transcript = tmp_path / "exchanges.json", tmp_path / "exchanges.md"
    options = Options(only=("short",), transcript=transcript)
    assert runner.run("exchanges", load_config(sets=["inference.seed=1"]), options, json_file=written) == 0
    figures = orjson.loads(written.read_bytes())["figures"]
    assert figures["exchanges"] == 20
    assert figures["forms_right"] == figures["forms_judged"] == 20
    for kind, judged_min in (("word_and_deed", 15), ("addressee", 19), ("quest_words", 4)):
        judged, right = figures[f"{kind}_judged"], figures[f"{kind}_right"]
        assert judged >= judged_min, kind
        assert right >= judged - 1, kind  # one line of a small model may miss; the long form counts them
    assert "Ida: " in transcript.read_text(encoding="utf-8")
    assert "word and deed agree" in capsys.readouterr().out
