"""The examples of docs/api.md, played: real mods in a real game server, with the real door and daemon (stub engine).

The checks are in tests/mods/llm_probe_docs, which plays the player; here the server is started, its verdict read, and
looked up in the daemon's cache what it was asked. The sheep's mob is made by mobs_redo as Debian packages it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.demo.game import SAY
from llm_agentd.ops.harness import daemon
from tests.support import probe

pytestmark = pytest.mark.e2e

MOBS_REDO = Path("/usr/share/games/minetest/mods/mobs_redo")
EXAMPLES = ("greeter", "innkeeper", "talking_sheep")
# What must stand in the one question that each role was asked.
ASKED = {
    "greeter": ("A greeter welcomes", "You are Ines, the greeter.", "(Robin comes near.)"),
    "innkeeper": ("rumours The miller's cow is gone since Monday, Robin died in the wilds", "Robin: Rosa, any news?"),
    "sheep": ("is afraid of dogs", "how is the grass?"),
}


def asked(cache: Path, role: str) -> list[str]:
    """What the daemon was asked of a role, as it keeps it; it is asked while the daemon runs."""
    args = ["dump", "--format", "jsonl", "--role", role, "--set", f"cache.path={cache}"]
    said = subprocess.run([sys.executable, "-m", "llm_agentd", *args], capture_output=True, text=True, check=True)
    rows = map(json.loads, said.stdout.splitlines())
    return [row["prompt"] for row in rows if row["kind"] == "completion"]


def test_the_examples_do_what_the_guide_says(tmp_path: Path, repo: Path) -> None:
    assert MOBS_REDO.is_dir(), "no mobs_redo; make setup installs it, or: apt-get install -y minetest-mod-mobs-redo"
    mobs = tmp_path / "mobs"  # its folder is not called as the mod is
    mobs.symlink_to(MOBS_REDO)
    mods = [mobs, probe.MODS / "mobs_animal", *(repo / "docs" / "examples" / name for name in EXAMPLES)]
    cache = tmp_path / "cache"
    with daemon({"model.engine": "stub", "cache.path": cache}, http=True) as (_, port, _):
        url = f"http://127.0.0.1:{port}"
        settings = {"llm_agent.url": url, "llm_agent.npc_talk": "off", "llm_agent.player_cooldown_s": 0}
        lines = probe.run(tmp_path, "llm_probe_docs", settings, mods=mods)
        prompts = {role: asked(cache, role) for role in ASKED}

    spoken = [found.groups() for found in map(SAY.search, lines) if found]
    assert {role for _, _, role, fallback, cache, *_ in spoken if fallback == "false" and cache == "miss"} == {
        "innkeeper",
        "sheep",
    }
    for role, parts in ASKED.items():
        assert len(prompts[role]) == 1, role
        assert [part for part in parts if part not in prompts[role][0]] == [], prompts[role][0]
