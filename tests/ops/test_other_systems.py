"""The daemon and its adapter without what only Linux has: tests/support/other_system takes it away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from llm_agentd.ops.harness import free_port

pytestmark = pytest.mark.slow

OTHER_SYSTEM = Path(__file__).parents[1] / "support" / "other_system"
WAIT_S = 60.0
EXPECTED = (  # on stderr: what a system without Unix sockets cannot have
    "WARNING llm_agentd.ops.supervisor: a daemon that hangs will not be noticed",
    "INFO llm_agentd.server.socket.endpoint: any user of this machine can connect",
)


class Elsewhere:
    """Commands of llm-agentd, as they run on another system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.port = free_port()
        path = os.pathsep.join([str(OTHER_SYSTEM), os.environ.get("PYTHONPATH", "")])
        self.environment = {**os.environ, "PYTHONPATH": path.strip(os.pathsep), "LOCALAPPDATA": str(folder / "data")}
        for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
            self.environment.pop(name, None)
        self.options = ["--set", f"zmq.endpoint={self.endpoint}", "--set", f"http.port={self.port}"]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "llm_agentd", *words]

    def run(self, *words: str) -> str:
        done = subprocess.run(
            self.command(*words), env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=WAIT_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self, *sets: str) -> subprocess.Popen[str]:
        command = self.command("serve", *self.options)
        for option in ("model.engine=stub", "model.cpu_priority=nice", *sets):
            command += ["--set", option]
        self.errors = self.folder / "stderr"
        serving = subprocess.Popen(
            command,
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=self.errors.open("a"),
            text=True,
        )
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("ready "), self.errors.read_text()
        return serving


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path)


@pytest.fixture
def serving(elsewhere: Elsewhere) -> Iterator[subprocess.Popen[str]]:
    process = elsewhere.serve()
    yield process
    process.kill()
    process.wait(WAIT_S)
    assert process.stdout is not None
    process.stdout.close()


def test_serve_answers_ask_and_http_without_what_linux_has(
    elsewhere: Elsewhere, serving: subprocess.Popen[str]
) -> None:
    assert elsewhere.run("ask", "Who are you?", "--role", "smith", *elsewhere.options).strip()
    token = elsewhere.run("token", *elsewhere.options).strip()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{elsewhere.port}/info", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=WAIT_S) as answer:
        assert answer.status == 200
    assert "entries" in elsewhere.run("dump", "--stats", *elsewhere.options)
    assert (elsewhere.folder / "data" / "llm-agentd" / "memory.db").is_file()
    refuses_a_second_daemon(elsewhere)
    serving.terminate()
    assert serving.wait(WAIT_S) == 0
    assert all(line.startswith(EXPECTED) for line in elsewhere.errors.read_text().splitlines())


def refuses_a_second_daemon(elsewhere: Elsewhere) -> None:
    """The lock on the state that the first one uses."""
    command = elsewhere.command("serve", "--set", "http.enabled=false", "--set", "model.engine=stub")
    command += ["--set", f"zmq.endpoint=tcp://127.0.0.1:{free_port()}"]
    done = subprocess.run(
        command, env=elsewhere.environment, cwd=elsewhere.folder, capture_output=True, text=True, timeout=WAIT_S
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "another" in done.stderr


def test_children_end_with_a_supervisor_that_is_killed(serving: subprocess.Popen[str]) -> None:
    children = psutil.Process(serving.pid).children()
    assert len(children) == 2
    serving.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, WAIT_S)
    assert alive == []
