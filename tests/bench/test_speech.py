"""`bench speech` runs and says what it measured; how fast anything is, no test can tell on a noisy machine."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import runner
from llm_agentd.bench.speech import beside, engine_cost, first_sound
from llm_agentd.bench.speech.first_sound import Reply
from llm_agentd.bench.speech.lines import sentences
from llm_agentd.config import Config


def test_no_sentence_is_said_twice() -> None:
    lines = list(sentences())
    assert len(set(lines)) == len(lines) == 22_050
    lengths = [len(line.split()) for line in lines[:100]]
    assert min(lengths) < 10 < 20 < max(lengths)


def test_ratio_is_the_median_of_the_replies() -> None:
    assert first_sound.ratio([Reply(0.1, 1.0), Reply(0.2, 1.0), Reply(9.0, 1.0)]) == pytest.approx(0.2)


@pytest.mark.slow
def test_speech_reports_ratios_each_engine_and_a_plot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine_cost, "SENTENCES", 3)
    monkeypatch.setattr(engine_cost, "HITS", 3)
    monkeypatch.setattr(first_sound, "REPLIES", 2)
    monkeypatch.setattr(beside, "ROUNDS", 1)
    monkeypatch.setattr(beside, "REQUESTS", 12)
    monkeypatch.setattr(beside, "WARMUP_REQUESTS", 2)
    written = tmp_path / "speech.json"
    assert runner.run("speech", Config(), json_file=written, plot_dir=tmp_path) == 0
    report = orjson.loads(written.read_bytes())
    assert set(report["ratios"]) == {"first_sound", "tokens_per_s_with_speech", "spoken_first_text_with_speech"}
    assert report["ratios"]["first_sound"] > 0  # of two replies: beside other work the short one may take longer
    figures = report["figures"]
    for engine in ("hibari", "espeak-ng"):
        assert 0 < figures[f"{engine}_hit_ms"] < figures[f"{engine}_sentence_ms"]
        assert figures[f"{engine}_rss_bytes"] > 10 * 2**20
        assert 1_000 < figures[f"{engine}_ogg_bytes_a_second"] < 20_000
    assert figures["sound_s_a_second"] > 0
    assert (tmp_path / "speech.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert "first sound of a reply" in shown
    assert max(map(len, shown.splitlines())) <= 120
