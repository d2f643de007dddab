"""Each command in the code blocks of the admin's guides is run as it stands there, in a home with a daemon.

What cannot run here (another machine's package index, a whole game server) is in ELSEWHERE, with the test that runs it.
Only places are put in other ones: ports, and folders of the system. The options of all commands, also those within
sentences, are checked in test_commands_in_docs.py.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.client import Client
from llm_agentd.ops.harness import free_port
from tests.support.make_fixtures import FOLDER as FIXTURES

pytestmark = pytest.mark.slow

REPO = Path(__file__).parents[2]
GUIDES = (
    "README.md",
    *(
        f"docs/{name}.md"
        for name in ("admins", "deployment", "metrics", "models", "moderation", "reliability", "security", "speech")
    ),
    "systemd/README.md",
    "monitoring/README.md",
)
TIMEOUT_S = 240
COMMAND = re.compile(
    r"(?:\$ )?((?:sudo |echo |apt-get |pipx? |uv |python3 |make |runuser |mkdir |install |promtool |systemctl |FAULTS"
    r"|\S*llm-agentd )\S.*)"
)
# A pattern of what is not run here → the test that does, or (without `::`) why none can.
ELSEWHERE = {
    r"make demo": "tests/project/test_wheel.py::test_installed_wheel_has_its_demo",
    r".*make test-faults.*": "tests/faults/test_damage.py::",
    r"llm-agentd bench hit": "tests/bench/test_bench.py::test_hit",
    r"llm-agentd model pull .*": "tests/ops/models/test_hub.py::test_file_is_found_fetched_and_checked",
    r"llm-agentd model use (?!hearthling).*": "tests/ops/models/test_use.py::test_",
    r".*pip install --no-deps \.": "tests/project/test_wheel.py::test_installed_wheel_serves",
    r"(pipx|uv tool) install .*": "wants a package index; docs/deployment.md says what was tried",
    r".*pip install .*": "wants a package index; docs/deployment.md says what was tried",
    r"sudo python3 -m venv /opt/llm-agentd": "writes into the system",
    r"(sudo )?apt-get .*": "writes into the system",
    r"install -m .* /etc/prometheus/": "writes into the system",
    r"promtool .*|(sudo )?systemctl .*": "wants the system's services",
    r"sudo -u llm-agentd llm-agentd token \|.*": "wants the system's Prometheus",
}
STOPPED = re.compile(r"llm-agentd (restore|serve)\b")  # these want that no daemon runs


def commands() -> list[str]:
    """Without comments, each once, in the order of the guides."""
    found: dict[str, None] = {}
    for guide in GUIDES:
        is_code, is_shell = False, False
        for line in (REPO / guide).read_text(encoding="utf-8").splitlines():
            if fence := re.fullmatch(r" *```(\w*)", line):
                is_code, is_shell = not is_code, not fence[1]
            elif is_code and is_shell and (command := COMMAND.fullmatch(re.sub(r"\s+# .*", "", line.strip()))):
                found[command[1]] = None
    return list(found)


def is_elsewhere(command: str) -> bool:
    return any(re.fullmatch(pattern, command) for pattern in ELSEWHERE)


HERE = [command for command in commands() if not is_elsewhere(command)]


class Home:
    """A user's home, with the programs of the guides and a daemon on the stub engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        program = folder / "bin" / "llm-agentd"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m llm_agentd "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPO / "daemon"),
            "LLM_AGENT_HTTP__PORT": str(self.port),
            "LLM_AGENT_MODEL__ENGINE": "stub",
        }
        for place in (".minetest/mods", ".minetest/worlds/NAME", "var/lib/llm-agentd"):
            (folder / place).mkdir(parents=True)
        (folder / ".minetest/worlds/NAME/world.mt").write_text("gameid = minetest\nload_mod_llm_agent = true\n")
        shutil.copyfile(FIXTURES / "memory-v1.db", folder / "var/lib/llm-agentd/memory.db.version-1-20261127T031500Z")
        (folder / "config.yaml").write_text("")
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["llm-agentd", "serve"], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready ")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(TIMEOUT_S) == 0
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", self.here(command)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def here(self, command: str) -> str:
        """With places of this home."""
        command = command.removeprefix("sudo ").replace("runuser -u Debian-minetest -- ", "")
        command = command.replace("/opt/llm-agentd/bin/llm-agentd", "llm-agentd").replace(
            "/var/", f"{self.folder}/var/"
        )
        command = re.sub(r"install-service$", f"install-service --root {self.folder}/root", command)
        use = rf"env -u LLM_AGENT_MODEL__ENGINE \1 --config {self.folder}/config.yaml"  # the stub engine takes no model
        command = re.sub(r"(llm-agentd model use \S+)$", use, command)
        return re.sub(r"(localhost|127\.0\.0\.1):8000", f"127.0.0.1:{self.port}", command)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("guides") / "home")
    try:
        yield home
    finally:
        home.stop()


@pytest.fixture(scope="module")
def serving(home: Home) -> Home:
    """Which Ana has talked with."""
    home.start()
    with Client(f"ipc://{home.folder}/.local/state/llm-agentd/run/zmq") as client:
        client.think({"id": "ID", "name": "Tilda", "role": "smith"}, "Good evening!", player="Ana")
    return home


@pytest.fixture
def stopped(home: Home) -> Home:
    home.stop()
    return home


def test_guides_have_commands() -> None:
    assert len(HERE) > 20
    unused = [pattern for pattern in ELSEWHERE if not any(re.fullmatch(pattern, command) for command in commands())]
    assert unused == []


@pytest.mark.parametrize("where", [where for where in ELSEWHERE.values() if where.startswith("tests/")])
def test_what_runs_elsewhere_is_run_there(where: str) -> None:
    file, _, name = where.partition("::")
    assert (REPO / file).exists()
    assert not name or f"def {name}" in (REPO / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [command for command in HERE if not STOPPED.match(command)])
def test_command_of_the_guides_works(serving: Home, command: str) -> None:
    done = serving.run(command)
    # The doctor's answer is no success where something is wrong, and on a machine without a game something is.
    allowed = (0, 1) if command.startswith("llm-agentd doctor") else (0,)
    assert done.returncode in allowed, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not command.startswith("echo") or done.stdout


@pytest.mark.parametrize("command", [command for command in HERE if STOPPED.match(command) and "restore" in command])
def test_command_that_wants_no_daemon_works(stopped: Home, command: str) -> None:
    if not (stopped.folder / "npc.tar.gz").exists():
        assert stopped.run("llm-agentd backup npc.tar.gz").returncode == 0
    done = stopped.run(command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_serve_of_the_guides_serves(stopped: Home) -> None:
    assert "llm-agentd serve" in HERE
    stopped.start()
