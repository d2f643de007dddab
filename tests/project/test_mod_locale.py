"""The mod's translations and the tool that keeps them: every text once in each language, with its placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tools import mod_locale

GERMAN = mod_locale.tr_name("de")


@pytest.fixture
def files() -> dict[str, str]:
    return mod_locale.read_files(mod_locale.MOD_FOLDER)


def test_every_language_has_every_text(files: dict[str, str]) -> None:
    found = mod_locale.problems(files)
    assert not found, "run: python tools/mod_locale.py --update, then translate\n" + "\n".join(found)


def test_shipped_languages_are_those_checked(files: dict[str, str]) -> None:
    shipped = {name for name in files if name.startswith("locale/")}
    assert shipped == {mod_locale.TEMPLATE, *map(mod_locale.tr_name, mod_locale.LANGUAGES)}


def test_texts_are_found_in_calls_lists_and_role_titles() -> None:
    source = """
        -- S("a comment")
        --[[ S("a long one") ]]
        local text = "S(\\"in a string\\")"
        say(S("plain"), S('single, with "quotes"'), S("in two "
            .. "parts: @1", value))
        local QUICK = {"Who?", "{player}, you?"}
        agent.settings("not ours") call.S("not ours either")
    """
    roles = 'local ROLES = {\n\ttown_crier = {\n\t\tgreeting = {"Hear, {player}!"},\n\t},\n}\n'
    assert mod_locale.texts_of({"a.lua": source, "b.lua": 'S("plain") S("more")', "roles/shipped.lua": roles}) == {
        "a.lua": ["plain", 'single, with "quotes"', "in two parts: @1", "Who?", "{player}, you?"],
        "b.lua": ["more"],
        "roles/shipped.lua": ["the town crier", "Hear, {player}!"],
    }


@pytest.mark.parametrize("source", ["S(line)", 'S("No " .. what)', 'S("@2 of @1", a, b)', 'S("@1 and @1", a)'])
def test_text_put_together_at_run_time_is_refused(source: str) -> None:
    (problem,) = mod_locale.problems({"a.lua": f"\n{source}\n"})
    assert problem.startswith("a.lua:2: ")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda text: text.replace("\nThis is @1.=Das hier ist @1.", ""), "no translation of: This is @1."),
        (lambda text: text.replace("=Das hier ist @1.", "="), "no translation of: This is @1."),
        (lambda text: text + "This is @1.=Dies ist @1.\n", "2 times: This is @1."),
        (lambda text: text + "Gone.=Fort.\n", "no source has any more: Gone."),
        (lambda text: text.replace("=Das hier ist @1.", "=Das hier."), "other placeholders"),
        (lambda text: text.replace("=Das hier ist @1.", "=Das hier ist @1 @1."), "other placeholders"),
        (lambda text: text.replace("=Später, {player}.", "=Später, {spieler}."), "other placeholders"),
        (lambda text: text.replace("=Das hier ist @1.", "=Das hier ist @1. "), "blanks at an end"),
        (lambda text: text.replace("=Das hier ist @1.", "=Das hier\tist @1."), "cannot be printed"),
        (lambda text: text.replace("=Das hier ist @1.", '=Das hier ist "@1".'), "not how de is set"),
        (lambda text: text.replace("=Das hier ist @1.", "=Das hier = @1."), "= is written @="),
        (lambda text: text.replace("# textdomain: llm_agent\n", "", 1), "does not begin with"),
    ],
)
def test_faulty_translation_is_reported(files: dict[str, str], spoil: Callable[[str], str], problem: str) -> None:
    spoilt = spoil(files[GERMAN])
    assert spoilt != files[GERMAN]
    found = mod_locale.problems(files | {GERMAN: spoilt})
    assert any(line.startswith(GERMAN) and problem in line for line in found), found


@pytest.mark.parametrize(
    ("language", "wrong"),
    [
        ("fr", "Quoi?"),
        ("fr", "Quoi ?"),
        ("fr", "Nom : @1"),
        ("fr", "L'œuf"),
        ("es", "Quién?"),
        ("es", "¡Hola"),
        ("ru", 'Он "тут".'),
    ],
)
def test_typesetting_fault_is_reported(files: dict[str, str], language: str, wrong: str) -> None:
    name = mod_locale.tr_name(language)
    spoilt = re.sub(r"(?m)^Title=.*", f"Title={wrong}", files[name])
    assert any(line.endswith(f"Title={wrong}") for line in mod_locale.problems(files | {name: spoilt}))


@pytest.fixture
def mod(tmp_path: Path, files: dict[str, str]) -> Path:
    """A copy, to be changed."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path


def test_update_adds_new_texts_and_drops_old_ones(mod: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = mod_locale.read_files(mod)
    source = mod / "perception" / "places.lua"
    source.write_text(source.read_text().replace('S("@1 is no place any more.", name)', 'S("@1 is = gone.", name)'))
    assert mod_locale.main(["--update"], mod) == 1
    said = capsys.readouterr().out
    assert f"{GERMAN}: dropped: @1 is no place any more.=@1 ist kein Ort mehr." in said
    assert f"{GERMAN}: no translation of: @1 is @= gone." in said
    after = mod_locale.read_files(mod)
    changed = {name: text.replace("@1 is @= gone.=", "@1 is no place any more.=") for name, text in after.items()}
    assert changed[mod_locale.TEMPLATE] == before[mod_locale.TEMPLATE]
    assert changed[GERMAN] == before[GERMAN].replace("=@1 ist kein Ort mehr.", "=")

    assert mod_locale.main(["--update"], mod) == 1
    assert mod_locale.read_files(mod) == after
    for language in mod_locale.LANGUAGES:
        path = mod / mod_locale.tr_name(language)
        path.write_text(path.read_text().replace("@1 is @= gone.=\n", "@1 is @= gone.=@1\n"))
    assert mod_locale.main([], mod) == 0


def test_file_that_is_not_utf8_is_named(mod: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mod / GERMAN).write_bytes("# textdomain: llm_agent\nSay=Schließen\n".encode("latin-1"))
    assert mod_locale.main([], mod) == 1
    assert f"{GERMAN}: is not UTF-8" in capsys.readouterr().err
