"""`bench growth` at its smallest: a village keeps up, and one that is too large says where the knee is."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from llm_agentd.bench import growth, runner
from llm_agentd.bench.load.clients import Answer
from llm_agentd.bench.load.trace import requests, system_text, timed
from llm_agentd.bench.result import Options
from llm_agentd.config import load_config


def test_npcs_beyond_fifty_are_others_of_the_same_roles() -> None:
    texts = {system_text(npc) for npc in range(200)}
    assert len(texts) == 200
    assert {text.split("\nYou are ")[0] for text in texts} == {
        system_text(npc).split("\nYou are ")[0] for npc in range(50)
    }


def test_the_trace_of_a_small_village_has_its_npcs_alone() -> None:
    assert {request.npc for request in timed(2, 60, npcs=3)} == {0, 1, 2}
    assert next(requests()) == next(requests(npcs=50)), "the village of the other benchmarks stays the same"


def village(npcs: int, wall_s: float, first_s: float) -> growth.Village:
    answers = [Answer(request, True, first_s, first_s, {"prompt": 1}) for request in timed(npcs / 30, 60, npcs=npcs)]
    return growth.Village(npcs, tuple(answers), 60.0, wall_s, 0)


def test_a_village_that_falls_behind_has_passed_the_knee() -> None:
    small, large = village(10, 60.5, 0.1), village(200, 240.0, 90.0)
    assert small.keeps_up
    assert not large.keeps_up
    said = growth._why([small, large], 30 * large.answered_per_s, large.answered_per_s)
    assert f"near {30 * large.answered_per_s:.0f} NPCs" in said
    assert "no knee up to 10" in growth._why([small], 1, 1)


@pytest.mark.slow
def test_it_measures_each_size(tmp_path: Path) -> None:
    config, options = load_config(None, ["model.engine=stub"]), Options(npcs=(60, 120), seconds=3)
    written = tmp_path / "growth.json"
    assert runner.run("growth", config, options, json_file=written, plot_dir=tmp_path) == 0
    figures = orjson.loads(written.read_bytes())["figures"]
    assert figures["120 asked_per_s"] > figures["60 asked_per_s"] > 0
    assert figures["60 spoken_first_text_p95_s"] < 5
    assert (tmp_path / "growth.png").stat().st_size > 10_000
