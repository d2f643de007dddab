"""Administration in the game, on a real server with a real daemon: the doctor, role files, the role editor.

The admin has no client: the mod `llm_probe_admin` plays her, does what is written into a file of the world, and logs
what she is shown. Role files and HTTP are real; the daemon runs the stub engine.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.demo.game import Game
from llm_agentd.ops.harness import daemon
from llm_agentd.ops.harness import free_port as unused_port

pytestmark = pytest.mark.e2e

PROBE_MOD = Path(__file__).parents[1] / "mods" / "llm_probe_admin"
SHOWN = re.compile(r"\[llm_probe_admin\] (chat|form|reply|ready) (\[.*\])$")
WAIT_S = 30
LOOK_EVERY_S = 0.05


class Admin:
    """A game server with Ada in it: what she does, and what she is shown."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        self.port = unused_port()
        self.folder = folder
        url = {"llm_agent.url": f"http://127.0.0.1:{self.port}"}
        self.game = Game(folder, settings=url | settings, mods=[PROBE_MOD])
        self.shown: list[tuple[str, str]] = []  # (chat, form or reply, words)
        self._log: list[str] = []

    def do(self, **what: Any) -> None:
        """Forgets what was shown before, so that waiting is for what this brings."""
        self.look()
        self.shown.clear()
        with (self.folder / "world" / "probe.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def look(self) -> None:
        for line in self.game.new_lines():
            self._log.append(line)
            if found := SHOWN.search(line):
                self.shown.append((found.group(1), json.loads(found.group(2))[0]))

    def wait_for(self, kind: str, words: str) -> str:
        """The first thing of that kind with `words` in it; fails with what was shown instead."""
        deadline_s = time.monotonic() + WAIT_S
        while True:
            self.look()
            for shown_kind, shown in self.shown:
                if shown_kind == kind and words in shown:
                    return shown
            if not self.game.running() or time.monotonic() > deadline_s:
                pytest.fail(f"no {kind} with {words!r}; shown {self.shown}; log ends:\n" + "\n".join(self._log[-10:]))
            time.sleep(LOOK_EVERY_S)

    def doctor(self) -> list[str]:
        """What `/llm doctor` says, line by line."""
        self.do(command="doctor")
        deadline_s = time.monotonic() + WAIT_S
        while not any("All is well" in line or "to mend" in line for _, line in self.shown):
            assert time.monotonic() < deadline_s, self.shown
            time.sleep(LOOK_EVERY_S)
            self.look()
        return [line for kind, line in self.shown if kind == "chat"]

    def errors(self) -> list[str]:
        self.look()
        return [line for line in self._log if "ERROR[" in line and "CurlFetch" not in line]


Start = Callable[..., Admin]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server; `settings` go into its minetest.conf."""
    admins: list[Admin] = []

    def begin(**settings: object) -> Admin:
        admin = Admin(tmp_path, settings)
        admins.append(admin)
        admin.game.start()
        admin.wait_for("ready", "")
        return admin

    yield begin
    for admin in admins:
        assert admin.game.stop() == 0
        assert admin.errors() == []


def stub(admin: Admin, roles: Path, **more: object) -> Any:
    """The daemon that `admin`'s server asks; a context."""
    roles.mkdir(exist_ok=True)
    sets = {"http.port": admin.port, "model.engine": "stub", "agents.roles_dir": roles, **more}
    return daemon(sets, http=True)


def bad(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line.startswith("×"))


def test_the_doctor_tells_away_token_model_and_bad_role_files(start: Start, tmp_path: Path) -> None:
    admin = start(curl_parallel_limit=1)
    told = bad(admin.doctor())
    assert "Nobody answers" in told
    assert "curl_parallel_limit = 2" in told

    roles = tmp_path / "roles"
    with stub(admin, roles):
        lines = admin.doctor()
        told = bad(lines)
        assert "Nobody answers" not in told
        assert "engine stub" in told
        assert any(line.startswith("√") and "roles, all in order" in line for line in lines)
        assert any(line.startswith("√") and "version" in line for line in lines)
        (roles / "smith.yaml").write_text("title: the smith\npersona: [no, list]\n")
        time.sleep(1.1)  # the daemon looks at its folder once a second at most
        assert "smith.yaml:2" in bad(admin.doctor())
        (roles / "smith.yaml").unlink()

    with stub(admin, roles, **{"http.token": "secret"}):
        assert "llm_agent.token" in bad(admin.doctor())


def test_an_admin_hears_at_joining_what_is_missing(start: Start) -> None:
    admin = start(**{"secure.http_mods": "irc"})
    admin.do(join=True)
    line = "secure.http_mods = irc,llm_agent"
    admin.wait_for("chat", line)
    assert line in bad(admin.doctor())


def test_an_admin_is_welcomed_when_all_works(start: Start, tmp_path: Path) -> None:
    admin = start()
    admin.do(join=True)
    admin.wait_for("chat", "/llm doctor")
    with stub(admin, tmp_path / "roles"):
        admin.do(join=True)
        admin.wait_for("chat", "/llm spawn smith")


def test_the_doctor_finds_the_proxy_that_catches_the_calls(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    admin = start()
    with stub(admin, tmp_path / "roles"):
        told = bad(admin.doctor())
    assert "http_proxy=" in told
    assert "no_proxy=127.0.0.1" in told


def test_a_role_file_reaches_the_game(start: Start, tmp_path: Path) -> None:
    admin = start()
    roles = tmp_path / "roles"
    roles.mkdir()
    (roles / "herald.yaml").write_text("title: the herald\npersona: A herald tells news.\n")
    with stub(admin, roles):
        admin.do(think="Hello")
        admin.wait_for("reply", "")
        admin.do(command="spawn herald Hal")
        said = admin.wait_for("chat", "")
        assert "Hal" in said or "not loaded" in said, said
        (roles / "crier.yaml").write_text("title: the crier\npersona: A crier cries.\n")
        time.sleep(1.1)  # as above
        admin.do(command="role")
        assert "crier*" in admin.wait_for("chat", "Roles")


def test_the_editor_tries_saves_and_takes_back_a_role(start: Start, tmp_path: Path) -> None:
    admin = start()
    roles = tmp_path / "roles"
    with stub(admin, roles):
        admin.do(command="role smith")
        form = admin.wait_for("form", "as shipped")
        assert "formspec_version[4]" in form

        fields = {"title": "the master", "persona": "A master smith.", "greetings": "Hail, {player}!\nWell met."}
        admin.do(submit={**fields, "said": "Who are you?", "try": "Try it"})
        admin.wait_for("form", "thinking")
        admin.wait_for("form", "<")
        assert not list(roles.iterdir())

        admin.do(submit={**fields, "greetings": "Hail, {stranger}!", "save": "Save"})
        assert "Well met" not in admin.wait_for("form", "{stranger} is not known")
        assert not list(roles.iterdir())

        admin.do(submit={**fields, "save": "Save"})
        admin.wait_for("form", "in force")
        assert "Hail, {player}!" in (roles / "smith.yaml").read_text()
        admin.do(command="role")
        assert "smith*" in admin.wait_for("chat", "Roles")

        admin.do(submit={"reset": "Reset"})
        admin.wait_for("form", "Sure?")
        admin.do(submit={"reset": "Sure?"})
        admin.wait_for("form", "as shipped")
        assert not list(roles.iterdir())
