"""`bench hearing`: what it counts, and a run of two lines with the real engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest

from llm_agentd.bench import hearing, runner
from llm_agentd.bench.hearing import FLATTERY, RATIOS_DB, read_lines
from llm_agentd.bench.hearing.noise import KINDS, mixed
from llm_agentd.bench.hearing.score import names_in, word_errors
from llm_agentd.bench.result import Options
from llm_agentd.config import Config
from llm_agentd.speech.sound_file import RATE_HZ
from llm_agentd.speech.types import Sound


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("Torvik, follow me.", "torvik follow me", 0),
        ("Three loaves, please.", "3 loaves please", 0),
        ("Torvik, follow me.", "Tor vik follow me", 2),
        ("Stop.", "", 1),
        ("", "Thank you.", 2),
        ("Where is the well?", "Where is the whale", 1),
    ],
)
def test_word_errors_are_words_wrong_left_out_or_put_in(said: str, heard: str, errors: int) -> None:
    assert word_errors(said, heard) == errors


def test_names_count_as_whole_words() -> None:
    assert names_in("Old Tom and Rowan's dog", ("Old Tom", "Tom", "Rowan", "Rowa")) == {"Old Tom", "Tom"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ratio_db", RATIOS_DB)
def test_noise_is_as_much_quieter_as_is_said(kind: str, ratio_db: int) -> None:
    tone = Sound((0.1 * np.sin(np.arange(2 * RATE_HZ) * 0.1)).astype(np.float32), RATE_HZ)
    others = [Sound(np.random.default_rng(n).standard_normal(9_000).astype(np.float32), RATE_HZ) for n in range(3)]
    added = mixed(tone, kind, ratio_db, others, seed=1).samples - tone.samples
    assert 20 * np.log10(np.std(tone.samples) / np.std(added)) == pytest.approx(ratio_db, abs=0.5)


def test_lines_are_of_all_kinds_and_have_names_that_are_near() -> None:
    lines, names = read_lines()
    assert len(lines) == 60
    assert sum(line.is_command for line in lines) == 20
    assert len({line.text for line in lines}) == 60
    assert sum(bool(names_in(line.text, names)) for line in lines) >= 20
    assert [line.is_command for line in read_lines(3)[0]] == [True, False, False]


@pytest.mark.slow
def test_two_lines_by_all_voices_and_engines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "RATIOS_DB", (5,))
    monkeypatch.setattr(hearing, "NOISE_S", (1.0,))
    written = tmp_path / "hearing.json"
    assert runner.run("hearing", Config(), Options(lines=2), json_file=written) == 0
    figures = orjson.loads(written.read_bytes())["figures"]
    assert figures["whisper_wer_hibari"] < 0.2 < figures["pocketsphinx_wer_5_db"]
    assert figures["whisper_commands_right_clean"] > 0.6
    assert figures["whisper_names_right"] >= figures["whisper_names_right_bare"]
    assert (figures["whisper_made_up"], figures["whisper_spoiled"]) == (0, 0)
    assert figures["whisper_s_per_s"] > 0
    said = " ".join(capsys.readouterr().out.split())
    assert FLATTERY in said
    assert "pocketsphinx, flite" in said
