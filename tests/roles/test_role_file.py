"""The file of a role: every field is read, every fault is named with its line, what is written reads the same."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_agentd.roles import FieldError, Role, Roles, make_role, role_file
from llm_agentd.roles.role import LINE_MAX_CHARS
from llm_agentd.roles.role_file import RoleFileError
from tests.roles.files import FERRYMAN, put, short


def test_file_with_every_field_is_read(tmp_path: Path) -> None:
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


def test_title_and_persona_are_enough_and_null_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "monk", short("the monk") + "knowledge:\nmanner: null\nquick: []\n")
    assert Roles.load(tmp_path).get("monk") == Role("monk", "the monk", "Somebody.")


@pytest.mark.parametrize(
    ("text", "line", "message"),
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
        ("title: a\npersona: b\nvoice: 2024-13-45\n", 3, "voice: month must be in 1..12"),
        ("title: a\npersona: [b\n", 3, "not valid YAML"),
        ("title: a\n\tpersona: b\n", 2, "not valid YAML"),
        ("title: a\npersona: !!python/name:os.system\n", 2, "not valid YAML"),
        ("title: a\npersona: &p [*p]\n", 2, "*p is an alias"),
        ("title: a\npersona: b\x07\n", 2, "a character that no text holds"),
        ("---\ntitle: a\npersona: b\n---\ntitle: c\n", 4, "not valid YAML"),
        ("- title\n", 1, "want fields, such as `title: the ferryman`"),
        ("", 1, "want fields, such as `title: the ferryman`"),
    ],
)
def test_invalid_file_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = put(tmp_path, "ferryman", text)
    (problem,) = Roles.load(tmp_path).problems()
    assert problem.startswith(f"{path}:{line}: {message}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Ferry Man.yaml", "the file's name: want small letters"),
        ("1st.yaml", "the file's name: want small letters"),
        ("a" * 65 + ".yaml", "the file's name: want small letters"),
        ("ferryman.yml", "rename it to ferryman.yaml"),
    ],
)
def test_invalid_file_name_is_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text(FERRYMAN)
    (problem,) = Roles.load(tmp_path).problems()
    assert re.search(message, problem)


def test_named_pipe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ferryman.yaml"
    os.mkfifo(path)
    with pytest.raises(RoleFileError, match="want a file"):
        role_file.read(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"title: a\npersona: \xff\n", ":2: not UTF-8 text", id="not UTF-8"),
        pytest.param(b"#" * 70_000, "over 65536 bytes", id="too large"),
    ],
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "ferryman.yaml"
    path.write_bytes(data)
    with pytest.raises(RoleFileError, match=message):
        role_file.read(path)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=LINE_MAX_CHARS)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=TEXTS, persona=TEXTS, knowledge=st.lists(TEXTS, max_size=5), language=st.sampled_from(["", "no", "de"]))
def test_written_file_reads_the_same(
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


def test_folder_is_made_for_its_owner_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        role_file.write(tmp_path / "roles" / "zz.yaml", Role("zz", "the zz", "A zz is here."))
    finally:
        os.umask(before)
    assert (tmp_path / "roles").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "roles" / "zz.yaml").stat().st_mode & 0o777 == 0o600


def test_file_keeps_the_rights_that_an_admin_gave_it(tmp_path: Path) -> None:
    path = tmp_path / "zz.yaml"
    path.write_text("title: the zz\n")
    path.chmod(0o664)
    role_file.write(path, Role("zz", "the zz", "A zz is here."))
    assert path.stat().st_mode & 0o777 == 0o664
