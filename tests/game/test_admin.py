"""Administration in the game, on a real server with a real daemon: the doctor, role files, the role editor.

The admin has no client: the mod `llm_probe_admin` plays her, does what is written into a file of the world, and logs
what she is shown. Role files and HTTP are real; the daemon runs the stub engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.demo.game import Game
from llm_agentd.ops.harness import daemon, free_port
from tests.support.game_log import GameLog
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

SHOWN = re.compile(r"\[llm_probe_admin\] (chat|form|reply|code|mind|ready) (\[.*\])$")


class Admin:
    """A game server with Ada in it: what she does, and what she is shown."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        self.port = free_port()
        self.token = "of-this-test-alone"
        self.folder = folder
        way = {"llm_agent.url": f"http://127.0.0.1:{self.port}", "llm_agent.token": self.token}
        self.game = Game(folder, settings=way | settings, mods=[MODS / "llm_probe_admin"])
        self.log = GameLog(self.game)
        self._done = 0  # lines up to here are from before the last `do`

    def do(self, **what: Any) -> None:
        """One line for the probe to act on. `shown` begins anew, so that waiting is for what this brings."""
        self.log.read()
        self._done = len(self.log.lines)
        with (self.folder / "world" / "probe.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def shown(self, kind: str, words: str = "") -> list[str]:
        """What she was shown since the last `do`: all of that kind ("chat", "form", "reply") with `words` in it."""
        found = filter(None, map(SHOWN.search, self.log.lines[self._done :]))
        return [text for one in found if one[1] == kind and words in (text := json.loads(one[2])[0])]

    def wait_for(self, kind: str, words: str) -> str:
        """The first of that kind with `words` in it."""
        self.log.wait_for(f"{kind} with {words!r}", lambda: self.shown(kind, words))
        return self.shown(kind, words)[0]

    def doctor(self) -> list[str]:
        """What `/llm doctor` says, line by line."""
        self.do(command="doctor")
        self.log.wait_for("verdict", lambda: self.shown("chat", "All is well") or self.shown("chat", "to mend"))
        return self.shown("chat")


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
        assert admin.log.errors(daemon_away=True) == []


def stub(admin: Admin, roles: Path, **more: object) -> Any:
    """The daemon that `admin`'s server asks; a context."""
    roles.mkdir(exist_ok=True)
    sets = {
        "http.port": admin.port,
        "http.token": admin.token,
        "model.engine": "stub",
        "agents.roles_dir": roles,
        **more,
    }
    return daemon(sets, http=True)


def complaints(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line.startswith("×"))


def test_doctor_names_missing_daemon_wrong_token_and_bad_role_files(start: Start, tmp_path: Path) -> None:
    admin = start(curl_parallel_limit=1)
    said = complaints(admin.doctor())
    assert "Nobody answers" in said
    assert "curl_parallel_limit = 2" in said

    roles = tmp_path / "roles"
    with stub(admin, roles):
        lines = admin.doctor()
        said = complaints(lines)
        assert "Nobody answers" not in said
        assert "engine stub" in said
        assert any(line.startswith("√") and "roles, all in order" in line for line in lines)
        assert any(line.startswith("√") and "version" in line for line in lines)
        (roles / "smith.yaml").write_text("title: the smith\npersona: [no, list]\n")
        # the daemon looks at its folder once a second at most
        admin.log.wait_for("complaint", lambda: "smith.yaml:2" in complaints(admin.doctor()))
        (roles / "smith.yaml").unlink()

    with stub(admin, roles, **{"http.token": "another-one"}):
        assert "llm-agentd token" in complaints(admin.doctor())


def test_admin_who_joins_without_http_permission_is_said_the_setting(start: Start) -> None:
    admin = start(**{"secure.http_mods": "irc"})
    admin.do(join=True)
    line = "secure.http_mods = irc,llm_agent"
    admin.wait_for("chat", line)
    assert line in complaints(admin.doctor())


def test_admin_who_joins_is_welcomed_once_the_daemon_answers(start: Start, tmp_path: Path) -> None:
    admin = start()
    admin.do(join=True)
    admin.wait_for("chat", "/llm doctor")
    with stub(admin, tmp_path / "roles"):
        admin.do(join=True)
        admin.wait_for("chat", "/llm spawn smith")


def test_doctor_names_the_proxy_that_takes_the_calls(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    admin = start()
    with stub(admin, tmp_path / "roles"):
        said = complaints(admin.doctor())
    assert "http_proxy=" in said
    assert "no_proxy=127.0.0.1" in said


def test_role_file_written_while_the_daemon_runs_reaches_the_game(start: Start, tmp_path: Path) -> None:
    admin = start()
    roles = tmp_path / "roles"
    roles.mkdir()
    (roles / "herald.yaml").write_text("title: the herald\npersona: A herald tells news.\n")
    with stub(admin, roles) as running, Client(running.endpoint) as client:
        admin.do(think="Hello")
        admin.wait_for("reply", "")
        admin.do(command="spawn herald Hal")
        said = admin.wait_for("chat", "")
        assert "Hal" in said or "not loaded" in said, said
        (roles / "crier.yaml").write_text("title: the crier\npersona: A crier cries.\n")
        admin.log.wait_for("role", lambda: any(role["name"] == "crier" for role in client.roles()["roles"]))
        admin.do(command="role")
        assert "crier*" in admin.wait_for("chat", "Roles")


def test_role_editor_tries_saves_and_resets_a_role(start: Start, tmp_path: Path) -> None:
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
        assert not list(roles.glob("*.yaml"))

        admin.do(submit={**fields, "greetings": "Hail, {stranger}!", "save": "Save"})
        assert "Well met" not in admin.wait_for("form", "{stranger} is not known")
        assert not list(roles.glob("*.yaml"))

        admin.do(submit={**fields, "save": "Save"})
        admin.wait_for("form", "in force")
        assert "Hail, {player}!" in (roles / "smith.yaml").read_text()
        admin.do(command="role")
        assert "smith*" in admin.wait_for("chat", "Roles")

        admin.do(submit={"reset": "Reset"})
        admin.wait_for("form", "Sure?")
        admin.do(submit={"reset": "Sure?"})
        admin.wait_for("form", "as shipped")
        assert not list(roles.glob("*.yaml"))
