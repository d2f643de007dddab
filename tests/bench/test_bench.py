"""The benchmarks run and say what the contract names; how fast anything is, no test can tell on a noisy machine."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import decode, footprint, grammar, hit, memory, runner
from llm_agentd.bench.result import Options, percentile
from llm_agentd.config import Config, load_config
from llm_agentd.errors import StartError


@pytest.mark.slow
def test_hit_reports_ratios_figures_and_a_plot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hit, "ROUNDS", 1)
    monkeypatch.setattr(hit, "CALLS", 20)
    monkeypatch.setattr(hit, "IDLE_S", 0.1)
    written = tmp_path / "hit.json"
    assert runner.run("hit", Config(), json_file=written, plot_dir=tmp_path) == 0
    report = orjson.loads(written.read_bytes())
    assert report["bench"] == "hit"
    assert {"zmq_vs_echo_p50", "http_vs_bare_p50"} <= set(report["ratios"])
    assert all(ratio > 0 for ratio in report["ratios"].values())
    assert report["figures"]["zmq_echo_p50_us"] > 0
    assert report["machine"]["cpus"] >= 1
    assert (tmp_path / "hit.png").read_bytes().startswith(b"\x89PNG")
    assert "ratio" in capsys.readouterr().out


@pytest.mark.slow
def test_decode_reports_a_ratio_for_each_batch_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "REQUESTS_PER_SEQUENCE", 2)
    written = tmp_path / "decode.json"
    stats = tmp_path / "stats.txt"
    options = Options(sequences=(1, 2), rounds=1)
    assert runner.run("decode", Config(), options, json_file=written, stats_file=stats) == 0
    assert "tokens" in stats.read_text(encoding="utf-8")
    report = orjson.loads(written.read_bytes())
    assert set(report["ratios"]) == {"at_1", "at_2"}
    assert report["figures"]["bare_tokens_per_s_at_1"] > 0


@pytest.mark.slow
def test_grammar_reports_ratios_and_the_first_use_of_a_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "ROUNDS", 1)
    monkeypatch.setattr(grammar, "SEQUENCES", (1, 2))
    monkeypatch.setattr(grammar, "REQUESTS_PER_SEQUENCE", 1)
    monkeypatch.setattr(grammar, "NEW_SCHEMAS", 3)
    written = tmp_path / "grammar.json"
    assert runner.run("grammar", Config(), json_file=written) == 0
    report = orjson.loads(written.read_bytes())
    assert set(report["ratios"]) == {"at_1", "at_2"}
    assert report["figures"]["new_schema_ms_p50"] > 0


def test_unknown_name_and_missing_extra_are_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        StartError, match=r"known: hit, .*, village, growth, restart, warm, ticks, fleet, memory, hearing, mind"
    ):
        runner.run("hits", Config())
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(StartError, match="pip install matplotlib"):
        runner.run("hit", Config(), plot_dir=tmp_path)


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
    assert percentile([7.0], 0.99) == 7


def test_memory_reports_look_ups_and_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SIZES", (20, 200))
    monkeypatch.setattr(memory, "LOOKUPS", 20)
    written = tmp_path / "memory.json"
    assert runner.run("memory", Config(), json_file=written) == 0
    report = orjson.loads(written.read_bytes())
    assert report["ratios"]["lookup_p95"] > 0
    assert report["figures"]["lookup_p95_ms"] > 0
    parts = ("base", "actions_6", "history_5", "memory_2")
    assert all(report["figures"][f"tokens_{part}"] > 0 for part in parts)
    held = report["figures"]
    assert held["idle_supervisor_bytes"] < 20 * 2**20
    assert held["idle_beside_model_bytes"] < 130 * 2**20  # 111 measured; it was 174


def test_memory_with_minutes_says_whether_the_processes_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprint, "SETTLED_S", 0.1)
    result = footprint.measure_growth(load_config(None, ["model.engine=stub"]), minutes=0.1)
    assert result.figures["answered"] > 0
    assert 0.5 < result.ratios["growth"] < 2
    assert result.figures["end_http_bytes"] > 0
