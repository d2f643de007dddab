"""Roles: what a file may hold and how each fault is told, what changes while it runs, what is written."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_agentd.errors import BadRequest, StartError, TooLarge
from llm_agentd.roles import FIELDS, FieldError, Role, Roles, make_role, role_file
from llm_agentd.roles.registry import REFRESH_EVERY_S
from llm_agentd.roles.role import LINE_MAX_CHARS
from llm_agentd.roles.role_file import RoleFileError

FERRYMAN = """\
title: the ferryman
persona: >
  The ferryman knows the river
  and takes a coin.
knowledge:
  - The ford lies north of Oakford.
  - "Storms: they come from the west."
manner: slow and dry
voice: old_man
actions: [offer_trade, wave]
greetings: ["Mind the step, {player}."]
fallback:
  - The river is loud today, {player}.
quick:
  - Take me across!
language: de
"""


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def tick(self) -> None:
        self.now_s += REFRESH_EVERY_S


@pytest.fixture
def clock() -> Clock:
    return Clock()


def put(folder: Path, name: str, text: str) -> Path:
    """A file as an editor leaves it: another inode each time, so that no clock of a disk is too coarse."""
    folder.mkdir(exist_ok=True)
    fresh = folder / f".{name}.tmp"
    fresh.write_text(text, encoding="utf-8")
    return fresh.rename(folder / f"{name}.yaml")


def short(title: str) -> str:
    return f"title: {title}\npersona: Somebody.\n"


# --- what a file holds -----------------------------------------------------------------------------------------


def test_a_file_with_every_field(tmp_path: Path) -> None:
    put(tmp_path, "ferryman", FERRYMAN)
    assert Roles.load(tmp_path).get("ferryman") == Role(
        name="ferryman",
        title="the ferryman",
        persona="The ferryman knows the river and takes a coin.",
        knowledge=("The ford lies north of Oakford.", "Storms: they come from the west."),
        manner="slow and dry",
        voice="old_man",
        actions=("offer_trade", "wave"),
        greetings=("Mind the step, {player}.",),
        fallback=("The river is loud today, {player}.",),
        quick=("Take me across!",),
        language="de",
    )


def test_title_and_persona_are_enough_and_null_is_nothing(tmp_path: Path) -> None:
    put(tmp_path, "monk", short("the monk") + "knowledge:\nmanner: null\nquick: []\n")
    assert Roles.load(tmp_path).get("monk") == Role("monk", "the monk", "Somebody.")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("title: a\npersona: b\n\ngreetings: hello\n", 4, "greetings: want a list of lines"),
        ("title: a\npersona: b\npersna: c\n", 3, "persna: unknown field, did you mean 'persona'?"),
        ("title: a\npersona: b\nxyz: c\n", 3, "xyz: unknown field; known: title, persona, knowledge"),
        ("# only this\ntitle: a\n", 2, "persona: missing"),
        ("title: a\npersona: ''\n", 2, "persona: missing"),
        ("title: a\npersona: '  '\n", 2, "persona: want a line of text, not an empty one"),
        ("title: a\npersona: b\ntitle: c\n", 3, "title stands here twice"),
        ("title: 7\npersona: b\n", 1, "title: want a line of text (put it in quotes)"),
        ("title: a\npersona: b\nlanguage: no\n", 3, "language: want a line of text (put it in quotes)"),
        ("title: a\npersona: b\nlanguage: German\n", 3, "language: want a language code such as de or pt_BR"),
        ("title: a\npersona: b\nactions:\n  - wave\n  - Say It\n", 5, "actions, item 2: want an action's name"),
        ("title: a\npersona: b\nknowledge:\n- x\n- y: z\n", 5, "knowledge, item 2: want a line of text (put it in"),
        ("title: a\npersona: b\nquick:\n- ''\n", 4, "quick, item 1: want a line of text, not an empty one"),
        ("title: a\npersona: b\nquick: [" + "a, " * 13 + "]", 3, "quick: want at most 12 lines, got 13"),
        ("title: a\npersona: b\nquick: [" + "a" * 61 + "]", 3, "quick, item 1: want at most 60 characters, got 61"),
        ("title: a\npersona: b\ngreetings: ['Hi {name}']\n", 3, "greetings, item 1: {name} is not known"),
        ("title: a\npersona: b\nfallback: ['Hi {player']\n", 3, "fallback, item 1: {player is not known"),
        ("title: a\npersona: b\nvoice: 2024-13-45\n", 3, "voice: month must be in 1..12; put it in quotes"),
        ("title: a\npersona: [b\n", 3, "not valid YAML"),
        ("title: a\n\tpersona: b\n", 2, "not valid YAML"),
        ("title: a\npersona: !!python/name:os.system\n", 2, "not valid YAML"),
        ("title: a\npersona: &p [*p]\n", 2, "not valid YAML"),
        ("title: a\npersona: b\x07\n", 2, "a character that no text holds"),
        ("---\ntitle: a\npersona: b\n---\ntitle: c\n", 4, "not valid YAML"),
        ("- title\n", 1, "want fields, such as `title: the ferryman`"),
        ("", 1, "want fields, such as `title: the ferryman`"),
    ],
)
def test_a_bad_file_stops_the_start_with_file_and_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = put(tmp_path, "ferryman", text)
    with pytest.raises(StartError) as caught:
        Roles.load(tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: {says}")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Ferry Man.yaml", "the file's name: want small letters"),
        ("1st.yaml", "the file's name: want small letters"),
        ("a" * 65 + ".yaml", "the file's name: want small letters"),
        ("ferryman.yml", "rename it to ferryman.yaml"),
    ],
)
def test_a_files_name_is_the_roles(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / name).write_text(FERRYMAN)
    with pytest.raises(StartError, match=says):
        Roles.load(tmp_path)


def test_what_is_no_file_of_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ferryman.yaml"
    os.mkfifo(path)
    with pytest.raises(RoleFileError, match="want a file"):
        role_file.read(path)
    path.unlink()
    path.write_bytes(b"title: a\npersona: \xff\n")
    with pytest.raises(RoleFileError, match=":2: not UTF-8 text"):
        role_file.read(path)
    path.write_bytes(b"#" * 70_000)
    with pytest.raises(RoleFileError, match="over 65536 bytes"):
        role_file.read(path)


def test_hidden_files_are_no_roles(tmp_path: Path) -> None:
    (tmp_path / ".ferryman.yaml").write_text("half a ro")
    (tmp_path / "notes.txt").write_text("not one either")
    assert Roles.load(tmp_path).names() == Roles.load().names()


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"agents\.roles_dir: cannot read .*: No such file"):
        Roles.load(tmp_path / "none")
    assert Roles.load(tmp_path / "none", may_be_missing=True).get("smith").title == "the smith"


def test_an_unknown_role_wants_a_persona() -> None:
    roles = Roles.load()
    assert roles.get("pirate", "Lost a ship.").persona == "The pirate lives in this world."
    with pytest.raises(BadRequest, match=r"unknown role 'smit' .*; did you mean 'smith'\?"):
        roles.get("smit")


def test_text_is_made_one_plain_line() -> None:
    role = make_role("x", {"title": "the\n x\t", "persona": "\x1b(c@#ff0000)Red\x00 hat.", "knowledge": ["a\u2028b"]})
    assert (role.title, role.persona, role.knowledge) == ("the x", "Red hat.", ("a b",))


# --- what changes while it runs --------------------------------------------------------------------------------


def test_files_that_change_come_and_go_are_noticed(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "roles"
    roles = Roles.load(folder, may_be_missing=True, clock=clock)
    versions = [roles.version()]

    def after_a_second() -> str:
        clock.tick()
        versions.append(roles.version())
        return roles.get("smith", "?").title

    put(folder, "smith", short("the great smith"))
    assert roles.get("smith").title == "the smith", "looked more often than once a second"
    assert after_a_second() == "the great smith"
    put(folder, "smith", short("the old smith"))
    assert after_a_second() == "the old smith"
    put(folder, "monk", short("the monk"))
    assert after_a_second() == "the old smith"
    assert roles.get("monk").title == "the monk"
    (folder / "smith.yaml").unlink()
    assert after_a_second() == "the smith"
    (folder / "monk.yaml").unlink()
    folder.rmdir()
    after_a_second()
    assert "monk" not in roles.names()
    assert versions.pop() == versions[0], "the same roles, the same version"
    assert len(set(versions)) == len(versions)


def test_a_file_that_turns_bad_leaves_the_last_good_one(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "smith", short("the great smith"))
    roles = Roles.load(tmp_path, clock=clock)
    version = roles.version()
    put(tmp_path, "smith", "title: the bad smith\n")
    problem = f"{path}:1: persona: missing; want a line of text"
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.tick()
            assert roles.get("smith").title == "the great smith"
        assert roles.listing()["problems"] == [problem]
        assert [record.getMessage().startswith(problem) for record in caplog.records] == [True], "once a change"
        put(tmp_path, "smith", "title: worse\n\n")
        clock.tick()
        roles.names()
        assert len(caplog.records) == 2
    assert roles.version() == version
    put(tmp_path, "smith", short("the mended smith"))
    clock.tick()
    assert roles.get("smith").title == "the mended smith"
    assert roles.listing()["problems"] == []


def test_a_folder_that_cannot_be_read_any_more_changes_nothing(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "roles"
    put(folder, "monk", short("the monk"))
    roles = Roles.load(folder, clock=clock)
    folder.rename(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            clock.tick()
            assert roles.get("monk").title == "the monk"
    assert len(caplog.records) == 1
    assert roles.listing()["problems"][0].startswith("agents.roles_dir: cannot read")


def test_the_listing_shows_what_is_set_and_whose_it_is(tmp_path: Path) -> None:
    put(tmp_path, "smith", FERRYMAN)
    put(tmp_path, "monk", short("the monk"))
    listing = Roles.load(tmp_path).listing()
    roles = {role["name"]: role for role in listing["roles"]}
    assert listing["folder"] == str(tmp_path)
    assert roles["monk"] == {
        "name": "monk", "title": "the monk", "persona": "Somebody.", "shipped": False, "own": True,
    }  # fmt: skip
    assert set(roles["smith"]) == {"name", "shipped", "own", *FIELDS}
    assert (roles["smith"]["shipped"], roles["smith"]["own"]) == (True, True)
    assert (roles["elder"]["shipped"], roles["elder"]["own"]) == (True, False)


# --- what is written -------------------------------------------------------------------------------------------


def test_set_writes_a_file_that_holds_at_once(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "deep" / "roles"
    roles = Roles.load(folder, may_be_missing=True, clock=clock)
    before = roles.version()
    fields = yaml.safe_load(FERRYMAN)
    answer = roles.set("ferryman", fields)
    assert answer["role"] == {"name": "ferryman", **make_role("", fields).fields(), "shipped": False, "own": True}
    assert answer["version"] == roles.version() != before
    assert roles.get("ferryman").language == "de"
    assert [path.name for path in folder.iterdir()] == ["ferryman.yaml"]
    assert Roles.load(folder).listing() == roles.listing()
    roles.set("ferryman", {**fields, "title": "the Ferryman"})  # as many bytes as before, in the same tick of the disk
    assert roles.get("ferryman").title == "the Ferryman"


def test_taking_away_brings_the_shipped_one_back(tmp_path: Path, clock: Clock) -> None:
    roles = Roles.load(tmp_path, clock=clock)
    roles.set("smith", {"title": "the mad smith", "persona": "Mad."})
    answer = roles.set("smith", None)
    assert (answer["role"]["title"], answer["role"]["own"]) == ("the smith", False)
    roles.set("monk", {"title": "the monk", "persona": "Prays."})
    assert roles.set("monk", None)["role"] is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadRequest, match=r"there is no .*smith\.yaml to take away; the shipped one stays"):
        roles.set("smith", None)


def test_a_bad_file_can_be_taken_away(tmp_path: Path, clock: Clock) -> None:
    roles = Roles.load(tmp_path, clock=clock)
    put(tmp_path, "smith", "nonsense")
    clock.tick()
    assert roles.listing()["problems"]
    roles.set("smith", None)
    assert roles.listing()["problems"] == []


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("../smith", {"title": "a", "persona": "b"}, "name: want small letters"),
        ("", None, "name: want small letters"),
        ("smith", {}, "title: missing"),
        (
            "smith",
            {"title": "a", "persona": "b", "greeting": ["x"]},
            "greeting: unknown field, did you mean 'greetings'",
        ),
        ("smith", {"title": "a", "persona": "b", "quick": "x"}, "quick: want a list of lines"),
    ],
)
def test_what_is_wrong_is_named_and_not_written(tmp_path: Path, name: str, fields: Any, says: str) -> None:
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    with pytest.raises(BadRequest, match=says):
        roles.set(name, fields)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_is_named_with_the_cure(tmp_path: Path) -> None:
    roles = Roles.load(tmp_path / "gone", may_be_missing=True)
    (tmp_path / "gone").write_text("a file where the folder should be")
    with pytest.raises(BadRequest, match=r"cannot write .*; give agents\.roles_dir a folder that the daemon may write"):
        roles.set("monk", {"title": "the monk", "persona": "Prays."})


def test_more_roles_than_an_answer_holds_are_said(tmp_path: Path) -> None:
    for number in range(30):
        put(tmp_path, f"r{number}", short("x") + f"knowledge: [{', '.join(['y' * LINE_MAX_CHARS] * 25)}]\n")
    with pytest.raises(TooLarge, match=r"44 roles are .* fit: shorten or remove some"):
        Roles.load(tmp_path).listing()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
slow_machines = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow_machines
@given(fields=st.dictionaries(st.sampled_from([*FIELDS, "titel", "x" * 999]), json_values))
def test_whatever_comes_is_a_role_or_a_short_error(fields: dict[str, Any]) -> None:
    said = ""
    try:
        role = make_role("any", fields)
        assert make_role("any", role.fields()) == role
    except FieldError as error:
        said = str(error)
    assert len(said) < 400


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=LINE_MAX_CHARS)


@slow_machines
@given(title=texts, persona=texts, knowledge=st.lists(texts, max_size=5), language=st.sampled_from(["", "no", "de"]))
def test_what_is_written_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, title: str, persona: str, knowledge: list[str], language: str
) -> None:
    fields = {"title": title, "persona": persona, "knowledge": knowledge, "language": language}
    try:
        role = make_role("any", fields)
    except FieldError:
        return
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    role_file.write(path, role)
    assert role_file.read(path) == role
