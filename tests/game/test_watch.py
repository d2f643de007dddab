"""What an admin sees of a real game, and stops: each request with what came of it, and the master switch.

A real server with the mod, a real daemon with the stub engine, HTTP between them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.server.control import METRICS_KEEP_S
from tests.game.test_admin import Admin, stub

pytestmark = pytest.mark.e2e

STEPS = re.compile(r"^llm_agentd_batch_size_count (\S+)$", re.MULTILINE)


class Watched:
    """A game server, and the client of the daemon that it asks."""

    def __init__(self, admin: Admin, client: Client) -> None:
        self.admin, self.client = admin, client

    def rows_until(self, what: str, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The newest request of the NPC, once the game has told what is waited for."""

        def newest() -> dict[str, Any]:
            return (self.client.recent_requests(npc="Probe", limit=1) or [{}])[0]

        self.admin.log.wait_for(what, lambda: condition(newest()))
        return newest()

    def engine_steps(self) -> float:
        """As it is now: the daemon, a process of its own, tells for a second what it told before."""
        time.sleep(METRICS_KEEP_S + 0.1)
        found = STEPS.search(self.client.metrics())
        assert found
        return float(found[1])


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))  # a switch of its own
    admin = Admin(tmp_path, {"llm_agent.greet": "false", "llm_agent.npc_talk": "off"})
    admin.game.start()
    try:
        admin.wait_for("ready", "")
        roles = tmp_path / "roles"
        with stub(admin, roles) as running, Client(running.endpoint) as client:
            yield Watched(admin, client)
    finally:
        admin.game.stop()
    assert admin.log.errors(daemon_away=True) == []


def test_log_shows_what_an_npc_was_asked_and_answered_and_what_came_of_it(watched: Watched) -> None:
    admin, client = watched.admin, watched.client
    admin.do(think="Have you seen my cow?")
    said = admin.wait_for("reply", "")
    row = watched.rows_until("the request", lambda row: row)
    assert (row["npc_name"], row["role"], row["player"], row["utterance"]) == (
        "Probe", "smith", "Robin", "Have you seen my cow?",
    )  # fmt: skip
    assert (row["outcome"], row["fallback"], row["acted"]) == ("done", None, None)
    assert row["text"].split()[0] == said.split()[0]
    parts = client.recent_request(row["seq"])["parts"]
    assert any("Have you seen my cow?" in part["text"] for part in parts)

    admin.do(wave="Wave at me!")
    admin.wait_for("reply", "")
    row = watched.rows_until("what came of the action", lambda row: row.get("acted"))
    assert row["acted"] == {"ok": False, "message": "Nobody is here to wave at.", "action": "wave"}

    admin.do(think="Fuck off, you bastard!")
    admin.wait_for("code", "filtered")
    row = watched.rows_until("why the line came", lambda row: row.get("fallback"))
    assert (row["outcome"], row["fallback"]) == ("filtered", "filtered")

    kinds = [event["kind"] for event in client.events(after=0)["events"]]
    assert {"npc", "said", "acted", "error", "fallback", "online"} <= set(kinds)
    game = client.stats()["game"]
    assert (game["fallbacks"], game["npcs"]) == ({"filtered": 1}, 1)
    assert 0 < game["step_gap_ms_p99"] < 5000


def test_switched_off_from_the_game_no_model_computes_and_npcs_speak_their_own_lines(watched: Watched) -> None:
    admin, client = watched.admin, watched.client
    admin.do(think="Good morning!")
    admin.wait_for("reply", "")
    admin.do(command="off all")
    admin.wait_for("chat", "No model is called any more")
    assert client.switch()["by"] == "Ada"

    before = watched.engine_steps()
    for words in ("Good morning!", "How is work?", "Wake up!"):
        admin.do(think=words)
        admin.wait_for("code", "switched_off")
        assert admin.wait_for("reply", ""), "a line of the role"
    assert watched.engine_steps() == before > 0
    assert [row["outcome"] for row in client.recent_requests(limit=3)] == ["unavailable"] * 3
    admin.do(command="status")
    admin.wait_for("chat", "all models are switched off")
    assert "All models are switched off" in "\n".join(admin.doctor())

    admin.do(command="on all")
    admin.wait_for("chat", "Models may be called again")
    admin.do(think="How is work?")
    admin.wait_for("reply", "")
    assert admin.shown("code") == []
    assert watched.engine_steps() > before
    assert [entry["after"] for entry in client.audit(limit=2)] == [True, False]
    assert {entry["who"] for entry in client.audit(limit=2)} == {"game"}
