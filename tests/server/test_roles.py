"""Roles that are set, changed and tried while the daemon runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.roles import Roles
from tests.support.daemon_in_process import InProcess
from tests.support.raw_peer import RawPeer

NPC = {"id": "1", "name": "Mira", "role": "healer"}
WITCH = {"title": "the witch", "persona": "A witch lives alone.", "knowledge": ["Nine cats share the hut."]}


@pytest.fixture
def echo(endpoint: str, tmp_path: Path) -> Iterator[RawPeer]:
    """A daemon with a folder for roles whose engine answers with the prompt it was given."""
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    engine = StubEngine(script=lambda text: [text.encode()])
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.peer() as client:
        yield client


def test_role_set_while_running_is_in_the_next_prompt(echo: RawPeer, tmp_path: Path) -> None:
    def asked(role: str) -> str:
        text: str = echo.request(op="think", npc=NPC | {"role": role}, utterance="Hello").get("text", "")
        return text

    before = echo.request(op="roles")
    assert asked("witch") == ""
    answer = echo.request(op="set_role", name="witch", role=WITCH)
    assert answer["role"] == {"name": "witch", **WITCH, "shipped": False, "own": True}
    assert "A witch lives alone." in asked("witch")
    assert "You know: Nine cats share the hut. Of anything else say that you do not know." in asked("witch")
    after = echo.request(op="roles")
    assert answer["version"] == after["version"] != before["version"]
    assert [role["name"] for role in after["roles"]] == sorted([r["name"] for r in before["roles"]] + ["witch"])
    assert (tmp_path / "roles" / "witch.yaml").is_file()
    assert echo.request(op="info")["info"]["roles_version"] == after["version"]
    gone = echo.request(op="set_role", name="witch", role=None)
    assert (gone["event"], gone["role"]) == ("done", None)
    assert asked("witch") == ""
    assert echo.request(op="set_role", name="witch", role=None)["code"] == "bad_request"


def test_role_file_changed_by_hand_is_in_the_next_prompt(endpoint: str, tmp_path: Path) -> None:
    now_s = [0.0]
    roles = Roles.load(tmp_path, clock=lambda: now_s[0])
    engine = StubEngine(script=lambda text: [text.encode()])
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.peer() as client:
        for words, problems in (("A witch is near.", 0), ("A witch is far.", 0), ("", 1)):
            (tmp_path / "witch.yaml").write_text(f"title: the witch\npersona: {words}\n")
            now_s[0] += 1
            text = client.request(op="think", npc=NPC | {"role": "witch"}, utterance="Hello")["text"]
            assert (words or "A witch is far.") in text
            assert len(client.request(op="roles")["problems"]) == problems


def test_draft_and_avoid_hold_for_one_request(echo: RawPeer) -> None:
    fields = {"npc": NPC, "player": "Ana", "utterance": "Who are you?", "context": {"time": "evening"}}
    text = echo.request(op="think", draft=WITCH, avoid=["I am a witch."], **fields)["text"]
    assert "A witch lives alone." in text
    assert "A healer" not in text
    asked = text.removesuffix("assistant:").rstrip()
    assert asked.endswith('Ana: Who are you?\n(Do not repeat: "I am a witch."; say something new.)')
    plain = echo.request(op="think", draft=None, avoid={}, **fields)["text"]
    assert "A healer" in plain
    assert "Do not repeat" not in plain


@pytest.mark.parametrize(
    ("fields", "says"),
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
    echo: RawPeer, tmp_path: Path, fields: dict[str, object], says: str
) -> None:
    answer = echo.request(**fields)
    assert answer["code"] == "bad_request"
    assert says in answer["message"]
    assert list(tmp_path.glob("roles/*")) == []


def test_set_role_without_a_folder_is_refused(client: RawPeer) -> None:
    assert "agents.roles_dir" in client.request(op="set_role", name="witch", role=WITCH)["message"]
