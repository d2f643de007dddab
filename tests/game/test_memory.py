"""What came of things, from a real game to the prompt of the embedded model, and forgotten on the game's word."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chain import Chain, stopping
from tests.support.game_client import MODS

pytestmark = pytest.mark.e2e


def test_a_real_game_tells_asks_and_forgets(tmp_path: Path) -> None:
    chain = Chain(
        tmp_path,
        settings={"llm_agent.npc_talk": "off", "llm_agent.deadline_ms": 60_000},
        mods=[MODS / "llm_probe_memory"],
        options=["inference.timeout_ms=60000"],
    )

    def said(words: str) -> bool:
        return any(words in line for line in chain.lines)

    with stopping(chain):
        chain.game.start()
        chain.until("answer to the question", lambda: said("words=Where is my lantern?"))
        asked = prompts(tmp_path)
        (tmp_path / "world" / "forget").touch()
        chain.until("end", lambda: said("[llm_probe] done"))
        left = prompts(tmp_path)
        remembered = chain.ask(op="memories")["memories"]
        assert chain.game.stop() == 0
        chain.look()
    assert not said("fallback=true")
    (told,) = [prompt for prompt in asked if prompt.endswith("Ana: Where is my lantern?")]
    assert "memory Ana refused my price" in told
    assert "Ana: I hid the lantern under the oak." in told  # the last turns stand before the question
    assert said("forgotten problem=nil count=3")
    assert [prompt for prompt in left if "lantern" in prompt] == []
    assert [row["said"] for row in remembered] == ["What do you know of me now?"]
    assert not chain.errors()


def prompts(folder: Path) -> list[str]:
    """Those that the daemon's cache has, out of which nothing is served here: each question is another."""
    command = [sys.executable, "-m", "llm_agentd", "dump", "--format", "jsonl", "--set", f"cache.path={folder}/cache"]
    kept = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    return [prompt for line in kept if (prompt := json.loads(line)["prompt"])]
