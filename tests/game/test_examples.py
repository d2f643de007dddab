"""The examples of docs/api.md as real mods in a real game server, with the real HTTP adapter and daemon (stub engine).

The checks are in tests/mods/llm_probe_docs, which plays the player. This file then looks into the daemon's cache for
what it was asked. The sheep's mob comes from mobs_redo as Debian packages it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.demo.game import SAY
from tests.support import probe
from tests.support.mods import MODS, mobs_redo

pytestmark = pytest.mark.e2e

EXAMPLES = ("greeter", "innkeeper", "talking_sheep")
# What the prompt of each role's one request must contain.
EXPECTED = {
    "greeter": ("A greeter welcomes", "You are Ines, the greeter.", "(Robin comes near.)"),
    "innkeeper": ("rumours The miller's cow is gone since Monday, Robin died in the wilds", "Robin: Rosa, any news?"),
    "sheep": ("is afraid of dogs", "how is the grass?"),
}


def prompts_of(cache: Path, role: str) -> list[str]:
    """The prompts of a role's requests, from the daemon's cache."""
    args = ["dump", "--format", "jsonl", "--role", role, "--set", f"cache.path={cache}"]
    said = subprocess.run([sys.executable, "-m", "llm_agentd", *args], capture_output=True, text=True, check=True)
    rows = map(json.loads, said.stdout.splitlines())
    return [row["prompt"] for row in rows if row["kind"] == "completion"]


def test_examples_do_what_the_guide_says(tmp_path: Path, repo: Path) -> None:
    mods = [mobs_redo(tmp_path), MODS / "mobs_animal", *(repo / "docs" / "examples" / name for name in EXAMPLES)]
    cache = tmp_path / "cache"
    config = {"model.engine": "stub", "cache.path": cache}
    settings = {"llm_agent.player_cooldown_s": 0}
    lines = probe.run_with_daemon(tmp_path, "llm_probe_docs", settings, config=config, mods=mods)
    prompts = {role: prompts_of(cache, role) for role in EXPECTED}

    spoken = [found.groups() for found in map(SAY.search, lines) if found]
    assert {role for _, _, role, fallback, cache, *_ in spoken if fallback == "false" and cache == "miss"} == {
        "innkeeper",
        "sheep",
    }
    for role, parts in EXPECTED.items():
        assert len(prompts[role]) == 1, role
        assert [part for part in parts if part not in prompts[role][0]] == [], prompts[role][0]
