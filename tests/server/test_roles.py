"""Roles that are set, changed and tried while the daemon runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import BadRequest
from llm_agentd.roles import Roles
from tests.support.daemon_in_process import InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}
WITCH = {"title": "the witch", "persona": "A witch lives alone.", "knowledge": ["Nine cats share the hut."]}


@pytest.fixture
def echo(endpoint: str, tmp_path: Path) -> Iterator[Client]:
    """A daemon with a folder for roles whose engine answers with the prompt it was given."""
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    engine = StubEngine(script=lambda text: [text.encode()])
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.client() as client:
        yield client


def test_role_set_while_running_is_in_the_next_prompt(echo: Client, tmp_path: Path) -> None:
    def prompt_of(role: str) -> str:
        return echo.think(NPC | {"role": role}, "Hello").text

    before = echo.roles()
    with pytest.raises(BadRequest):
        prompt_of("witch")
    answer = echo.set_role("witch", WITCH)
    assert answer["role"] == {"name": "witch", **WITCH, "shipped": False, "own": True}
    assert "A witch lives alone." in prompt_of("witch")
    assert "You know: Nine cats share the hut. Of anything else say that you do not know." in prompt_of("witch")
    after = echo.roles()
    assert answer["version"] == after["version"] != before["version"]
    assert [role["name"] for role in after["roles"]] == sorted([r["name"] for r in before["roles"]] + ["witch"])
    assert (tmp_path / "roles" / "witch.yaml").is_file()
    assert echo.info()["roles_version"] == after["version"]
    assert echo.set_role("witch", None)["role"] is None
    with pytest.raises(BadRequest):
        prompt_of("witch")
    with pytest.raises(BadRequest):
        echo.set_role("witch", None)


def test_role_file_changed_by_hand_is_in_the_next_prompt(endpoint: str, tmp_path: Path) -> None:
    now_s = [0.0]
    roles = Roles.load(tmp_path, clock=lambda: now_s[0])
    engine = StubEngine(script=lambda text: [text.encode()])
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.client() as client:
        for words, problems in (("A witch is near.", 0), ("A witch is far.", 0), ("", 1)):
            (tmp_path / "witch.yaml").write_text(f"title: the witch\npersona: {words}\n")
            now_s[0] += 1
            text = client.think(NPC | {"role": "witch"}, "Hello").text
            assert (words or "A witch is far.") in text
            assert len(client.roles()["problems"]) == problems


def test_draft_and_avoid_hold_for_one_request(echo: Client) -> None:
    fields: dict[str, Any] = {"npc": NPC, "player": "Ana", "utterance": "Who are you?", "context": {"time": "evening"}}
    text = echo.think(draft=WITCH, avoid=["I am a witch."], **fields).text
    assert "A witch lives alone." in text
    assert "A healer" not in text
    prompt = text.removesuffix("assistant:").rstrip()
    assert prompt.endswith('Ana: Who are you?\n(Do not repeat: "I am a witch."; say something new.)')
    plain = str(echo.request("think", draft=None, avoid={}, **fields)["text"])
    assert "A healer" in plain
    assert "Do not repeat" not in plain


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"op": "set_role", "name": "witch"}, "role: missing"),
        ({"op": "set_role", "role": WITCH}, "name: missing"),
        ({"op": "set_role", "name": "Witch", "role": WITCH}, "name: want small letters"),
        ({"op": "set_role", "name": "witch", "role": []}, "title: missing"),
        ({"op": "set_role", "name": "witch", "role": WITCH | {"manner": 3}}, "manner: want a line of text"),
        ({"op": "set_role", "name": "witch", "rol": WITCH}, "rol"),
        ({"op": "roles", "name": "witch"}, "name: unknown field"),
        ({"op": "think", "npc": NPC, "draft": {}}, "draft.title: missing"),
        ({"op": "think", "npc": NPC, "draft": "witch"}, "draft: "),
        ({"op": "think", "npc": NPC, "draft": WITCH | {"tilte": "x"}}, "draft.tilte: unknown field, did you mean"),
        ({"op": "think", "npc": NPC, "avoid": ["x"] * 6}, "avoid: List should have at most 5 items"),
        ({"op": "think", "npc": NPC, "avoid": ["x" * 401]}, "avoid.0: String should have at most 400 characters"),
        ({"op": "think", "npc": NPC, "avoid": "x"}, "avoid: "),
        ({"op": "think", "npc": NPC, "advoid": []}, "advoid: unknown field, did you mean 'avoid'?"),
    ],
)
def test_invalid_role_draft_or_avoid_is_refused_by_field(
    echo: Client, tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequest, match=re.escape(message)):
        echo.request(**fields)
    assert list(tmp_path.glob("roles/*")) == []


def test_set_role_without_a_folder_is_refused(client: Client) -> None:
    with pytest.raises(BadRequest, match=r"agents\.roles_dir"):
        client.set_role("witch", WITCH)
