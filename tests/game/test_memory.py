"""Memory end to end: what a real game tells reaches the embedded model's prompt, until the game has it forgotten."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chain import Chain
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e


def test_outcomes_and_turns_reach_the_prompt_until_the_game_forgets_them(tmp_path: Path) -> None:
    settings = {"llm_agent.npc_talk": "off", "llm_agent.deadline_ms": 60_000}
    mods, options = [MODS / "llm_probe_memory"], ["inference.timeout_ms=60000", "model.engine=stub"]
    with Chain(tmp_path, settings=settings, mods=mods, options=options) as chain:
        chain.game.start()
        with chain.client() as client:
            chain.log.wait_for("memory", lambda: "refused" in str(client.memories()))
        (tmp_path / "world" / "remembered").touch()
        chain.log.expect(r"words=Where is my lantern\?")
        before = prompts(tmp_path)
        (tmp_path / "world" / "forget").touch()
        chain.log.expect(r"\[llm_probe\] done")
        after = prompts(tmp_path)
        with chain.client() as client:
            remembered = client.memories()
        assert chain.game.stop() == 0
        chain.log.read()
    assert not chain.log.has("fallback=true")
    (prompt,) = [prompt for prompt in before if prompt.endswith("Ana: Where is my lantern?")]
    assert "memory Ana refused my price" in prompt
    assert "Ana: I hid the lantern under the oak." in prompt  # the last turns stand before the question
    assert chain.log.has("forgotten problem=nil count=3")
    assert [prompt for prompt in after if "lantern" in prompt] == []
    assert [row["said"] for row in remembered] == ["What do you know of me now?"]
    assert not chain.log.errors(daemon_away=True)


def prompts(folder: Path) -> list[str]:
    """All prompts in the daemon's cache. Nothing is served from it here: each question is another."""
    command = [sys.executable, "-m", "llm_agentd", "dump", "--format", "jsonl", "--set", f"cache.path={folder}/cache"]
    kept = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    return [prompt for line in kept if (prompt := json.loads(line)["prompt"])]
