"""Roles that are set, changed and tried while the daemon runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import BadRequest, TooLarge
from llm_agentd.roles import Roles
from tests.support.daemon_in_process import InProcess
from tests.support.recording_script import RecordingScript

NPC = {"id": "1", "name": "Mira", "role": "healer"}
WITCH = {"title": "the witch", "persona": "A witch lives alone.", "knowledge": ["Nine cats share the hut."]}


@pytest.fixture
def script() -> RecordingScript:
    return RecordingScript()


@pytest.fixture
def talk(endpoint: str, tmp_path: Path, script: RecordingScript) -> Iterator[Client]:
    """A daemon with a folder for roles."""
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    engine = StubEngine(script=script)
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.client() as client:
        yield client


def test_role_set_while_running_is_in_the_next_prompt(talk: Client, script: RecordingScript, tmp_path: Path) -> None:
    def prompt_of(role: str) -> str:
        talk.think(NPC | {"role": role}, "Hello", cache="off")
        return script.prompts[-1]

    before = talk.roles()
    with pytest.raises(BadRequest):
        prompt_of("witch")
    answer = talk.set_role("witch", WITCH)
    assert answer["role"] == {"name": "witch", **WITCH, "shipped": False, "own": True}
    assert "A witch lives alone." in prompt_of("witch")
    assert "You know: Nine cats share the hut. Of anything else say that you do not know." in prompt_of("witch")
    after = talk.roles()
    assert answer["version"] == after["version"] != before["version"]
    assert [role["name"] for role in after["roles"]] == sorted([r["name"] for r in before["roles"]] + ["witch"])
    assert (tmp_path / "roles" / "witch.yaml").is_file()
    assert talk.info()["roles_version"] == after["version"]
    assert talk.set_role("witch", None)["role"] is None
    with pytest.raises(BadRequest):
        prompt_of("witch")
    with pytest.raises(BadRequest):
        talk.set_role("witch", None)


def test_role_file_changed_by_hand_is_in_the_next_prompt(
    endpoint: str, tmp_path: Path, script: RecordingScript
) -> None:
    now_s = [0.0]
    roles = Roles.load(tmp_path, clock=lambda: now_s[0])
    engine = StubEngine(script=script)
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.client() as client:
        for words, problems in (("A witch is near.", 0), ("A witch is far.", 0), ("", 1)):
            (tmp_path / "witch.yaml").write_text(f"title: the witch\npersona: {words}\n")
            now_s[0] += 1
            client.think(NPC | {"role": "witch"}, "Hello", cache="off")
            assert (words or "A witch is far.") in script.prompts[-1]
            assert len(client.roles()["problems"]) == problems


def test_draft_and_avoid_hold_for_one_request(talk: Client, script: RecordingScript) -> None:
    fields: dict[str, Any] = {"npc": NPC, "player": "Ana", "utterance": "Who are you?", "context": {"time": "evening"}}
    talk.think(draft=WITCH, avoid=["I am a witch."], **fields)
    assert "A witch lives alone." in script.prompts[-1]
    assert "A healer" not in script.prompts[-1]
    prompt = script.prompts[-1].removesuffix("assistant:").rstrip()
    assert prompt.endswith('Ana: Who are you?\n(Do not repeat: "I am a witch."; say something new.)')
    talk.request("think", draft=None, avoid={}, **fields)
    assert "A healer" in script.prompts[-1]
    assert "Do not repeat" not in script.prompts[-1]


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
        ({"op": "think", "npc": NPC, "avoid": ["x"] * 13}, "avoid: List should have at most 12 items"),
        ({"op": "think", "npc": NPC, "avoid": ["x" * 401]}, "avoid.0: String should have at most 400 characters"),
        ({"op": "think", "npc": NPC, "avoid": "x"}, "avoid: "),
        ({"op": "think", "npc": NPC, "advoid": []}, "advoid: unknown field, did you mean 'avoid'?"),
    ],
)
def test_invalid_role_draft_or_avoid_is_refused_by_field(
    talk: Client, tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises((BadRequest, TooLarge), match=re.escape(message)):
        talk.request(**fields)
    assert list(tmp_path.glob("roles/*")) == []


def test_set_role_without_a_folder_is_refused(client: Client) -> None:
    with pytest.raises(BadRequest, match=r"agents\.roles_dir"):
        client.set_role("witch", WITCH)
