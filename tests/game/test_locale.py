"""The mod's words in other languages: all are there, once, with what they must hold; and a real server speaks them."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.demo.game import Game
from tests.support import mod_locale
from tests.support.game_client import player, stage

PROBE_MOD = Path(__file__).parents[1] / "mods" / "llm_probe_locale"
LOGGED = re.compile(r"\[llm_probe_locale\] (\w+) (\{.*\})$")
WAIT_S = 30
LOOK_EVERY_S = 0.05
GERMAN = mod_locale.tr_name("de")


@pytest.fixture
def files() -> dict[str, str]:
    return mod_locale.read(mod_locale.MOD_FOLDER)


def test_every_word_is_there_in_every_language(files: dict[str, str]) -> None:
    found = mod_locale.problems(files)
    assert not found, "run: python tests/support/mod_locale.py --update, then translate\n" + "\n".join(found)


def test_no_language_is_shipped_that_is_not_checked(files: dict[str, str]) -> None:
    shipped = {name for name in files if name.startswith("locale/")}
    assert shipped == {mod_locale.TEMPLATE, *map(mod_locale.tr_name, mod_locale.LANGUAGES)}


def test_words_are_found_wherever_they_stand() -> None:
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
    assert mod_locale.words_of({"a.lua": source, "b.lua": 'S("plain") S("more")', "roles/shipped.lua": roles}) == {
        "a.lua": ["plain", 'single, with "quotes"', "in two parts: @1", "Who?", "{player}, you?"],
        "b.lua": ["more"],
        "roles/shipped.lua": ["the town crier", "Hear, {player}!"],
    }


@pytest.mark.parametrize("source", ["S(line)", 'S("No " .. what)', 'S("@2 of @1", a, b)', 'S("@1 and @1", a)'])
def test_words_that_nobody_could_translate_are_refused(source: str) -> None:
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
def test_a_spoilt_file_is_found(files: dict[str, str], spoil: Callable[[str], str], problem: str) -> None:
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
def test_typesetting_of_other_languages_is_checked(files: dict[str, str], language: str, wrong: str) -> None:
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


def test_an_update_takes_new_words_in_and_old_ones_out(mod: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = mod_locale.read(mod)
    source = mod / "perception" / "places.lua"
    source.write_text(source.read_text().replace('S("This is @1.", here)', 'S("Here is = @1.", here)'))
    assert mod_locale.main(["--update"], mod) == 1
    said = capsys.readouterr().out
    assert f"{GERMAN}: dropped: This is @1.=Das hier ist @1." in said
    assert f"{GERMAN}: no translation of: Here is @= @1." in said
    after = mod_locale.read(mod)
    changed = {name: text.replace("Here is @= @1.=", "This is @1.=") for name, text in after.items()}
    assert changed[mod_locale.TEMPLATE] == before[mod_locale.TEMPLATE]
    assert changed[GERMAN] == before[GERMAN].replace("=Das hier ist @1.", "=")

    assert mod_locale.main(["--update"], mod) == 1
    assert mod_locale.read(mod) == after
    for language in mod_locale.LANGUAGES:
        path = mod / mod_locale.tr_name(language)
        path.write_text(path.read_text().replace("Here is @= @1.=\n", "Here is @= @1.=@1\n"))
    assert mod_locale.main([], mod) == 0


def test_a_file_of_other_bytes_is_told(mod: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mod / GERMAN).write_bytes("# textdomain: llm_agent\nSay=Schließen\n".encode("latin-1"))
    assert mod_locale.main([], mod) == 1
    assert f"{GERMAN}: is not UTF-8" in capsys.readouterr().err


class Door:
    """A door whose daemon is away: notes what it is asked, and answers 503."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))).get("requests", []))
                self.do_GET()

            def do_GET(self) -> None:
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


@pytest.mark.e2e
def test_a_real_server_speaks_the_players_language(tmp_path: Path, files: dict[str, str], door: Door) -> None:
    game = Game(tmp_path, settings={"llm_agent.url": f"http://127.0.0.1:{door.port}"}, mods=[PROBE_MOD])
    game.start()
    logged: list[tuple[str, dict[str, Any]]] = []
    lines: list[str] = []
    try:
        deadline_s = time.monotonic() + WAIT_S
        while sum(kind == "reply" for kind, _ in logged) < 2:
            for line in game.new_lines():
                lines.append(line)
                if found := LOGGED.search(line):
                    logged.append((found.group(1), json.loads(found.group(2))))
            assert game.running(), "\n".join(lines[-20:])
            assert time.monotonic() < deadline_s, "\n".join(lines[-20:])
            time.sleep(LOOK_EVERY_S)
    finally:
        game.stop()

    german = dict(mod_locale.read_tr(files[GERMAN]))
    translated = dict(logged)["translated"]
    assert translated["argument"]["de"] == "Ada ist zu weit weg, um dich zu hören."
    assert translated["nested"] == {
        "de": "Ada, Schmied", "es": "Ada, herrero", "fr": "Ada, forgeron", "ru": "Ada, кузнец", "en": "Ada, the smith",
    }  # fmt: skip
    assert translated["equals"]["de"].endswith("Richtig wäre etwa: llm_agent.url = http://127.0.0.1:8000")
    assert dict(logged)["told"]["text"].startswith("NPCs sprechen nun diese Sprache mit dir: de.")

    replies = {value["player"]: value for kind, value in logged if kind == "reply"}
    english = next(key for key in german if key.replace("{player}", "Robin") == replies["Robin"]["text"])
    assert english in mod_locale.words_of(files)["roles/shipped.lua"]
    assert replies["Lena"]["text"] in {value.replace("{player}", "Lena") for value in german.values()}
    assert replies["Lena"]["text"] not in {key.replace("{player}", "Lena") for key in german}
    assert {request["player"]: request.get("lang") for request in door.asked} == {"Lena": "de", "Robin": None}
    assert not [line for line in lines if "Malformed translation" in line]


@pytest.mark.e2e
def test_a_real_client_is_told_in_its_language(tmp_path: Path) -> None:
    """Most is translated by the client; the dialog's remarks by the server, which the client has told its language."""
    remark = "Die NPCs sind auf diesem Server ausgeschaltet"
    german = {"language": "de"}
    with (
        stage(tmp_path, {"llm_agent.greet": "false"}) as (game, log),
        player(tmp_path, game, log, settings=german) as client,
    ):
        client.chat("/stage smith")
        log.expect(r"\[llm_stage\] scene smith")
        client.wait_still()
        client.chat("/llm off")
        client.wait_still()
        client.form("llm_agent:dialog", client.use, having=remark)
    assert game.stop() == 0
    assert log.errors() == []
