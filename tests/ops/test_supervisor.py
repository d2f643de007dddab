"""The supervisor with small child processes in the place of daemon and adapter: starts, restarts, reasons, stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import pytest

from llm_agentd.client import Client
from llm_agentd.config.sections import Zmq
from llm_agentd.errors import AgentdError
from llm_agentd.ops.exit_status import fix, how_it_ended
from llm_agentd.ops.supervisor import RESTART_MAX_S

pytestmark = pytest.mark.slow

WAIT_S = 30.0
# Runs the supervisor as the command line does: a StartError becomes one line on stderr.
SUPERVISE = """
import logging, sys
from llm_agentd.errors import StartError
from llm_agentd.ops.supervisor import Supervisor
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
try:
    commands = [[sys.executable, "-c", code] if code else [] for code in sys.argv[1:3]]
    sys.exit(Supervisor(daemon=commands[0], http=commands[1], watchdog_s=float(sys.argv[3])).run())
except StartError as error:
    print(f"llm-agentd: {error}", file=sys.stderr)
    sys.exit(1)
"""
DAEMON = "import time; print('ready zmq=z model=m engine=e', flush=True); time.sleep(60)"
HTTP = "import time; print('ready http=h', flush=True); time.sleep(60)"


class Supervised:
    """A supervisor over two snippets of Python."""

    def __init__(
        self,
        folder: Path,
        *,
        daemon: str = DAEMON,
        http: str = HTTP,
        code: str = SUPERVISE,
        watchdog_s: float = 600,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._errors = folder / "stderr"
        command = [sys.executable, "-c", code, daemon, http, str(watchdog_s)]
        with self._errors.open("w") as stderr:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, **(environ or {})}
            )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().strip()

    def next_line(self) -> str:
        """ "" where none comes in time: then the supervisor is ended, so that no test waits for ever."""
        assert self.process.stdout is not None
        timer = threading.Timer(WAIT_S, self.process.terminate)
        timer.start()
        line = self.process.stdout.readline().strip()
        timer.cancel()
        return line

    def exit_code(self) -> int:
        return self.process.wait(WAIT_S)

    def errors(self) -> list[str]:
        return self._errors.read_text(encoding="utf-8").splitlines()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    running = Supervised(tmp_path)
    yield running
    running.close()


def dies_by(name: str) -> str:
    return f"import os, signal; os.kill(os.getpid(), signal.{name})"


def test_longest_pause_is_over_before_the_adapter_gives_up() -> None:
    """Else what is open becomes `unavailable` where the daemon was killed a few times in a row."""
    start_max_s = 5.0  # the embedded model takes one, on a machine that does much else
    assert RESTART_MAX_S + start_max_s <= Zmq().retry_s


def test_ready_line_joins_the_facts_of_both_children(supervised: Supervised) -> None:
    assert supervised.first_line == "ready zmq=z http=h model=m engine=e"


def test_daemon_alone_is_ready_by_itself_and_stops_with_exit_code_0(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, http="")
    assert supervised.first_line == "ready zmq=z model=m engine=e"
    supervised.process.terminate()
    assert supervised.exit_code() == 0
    supervised.close()


def test_sigterm_stops_both_children_with_exit_code_0(supervised: Supervised) -> None:
    supervised.process.terminate()
    assert supervised.exit_code() == 0
    assert supervised.errors() == []


@pytest.mark.parametrize(
    ("name", "advice"),
    [("SIGSEGV", "model.engine"), ("SIGABRT", "model.engine"), ("SIGILL", "install it anew"), ("SIGKILL", "memory")],
)
def test_daemon_killed_while_starting_is_named_with_signal_and_cure(name: str, advice: str, tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, daemon=dies_by(name))
    assert supervised.exit_code() == 1
    assert supervised.first_line == ""
    (line,) = supervised.errors()
    assert line.startswith(f"llm-agentd: the daemon process was killed by {name} while it was starting: ")
    assert advice in line
    supervised.close()


def test_http_killed_while_starting_is_named(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, http=dies_by("SIGSEGV"))
    assert supervised.exit_code() == 1
    assert supervised.errors()[0].startswith("llm-agentd: the http process was killed by SIGSEGV")
    supervised.close()


@pytest.mark.parametrize("code", [0, 3, 70])
def test_unexpected_exit_code_while_starting_is_named(code: int, tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, daemon=f"raise SystemExit({code})")
    assert supervised.exit_code() == 1
    (line,) = supervised.errors()
    assert f"the daemon process ended with exit code {code} while it was starting: " in line
    supervised.close()


@pytest.mark.parametrize("code", [1, 2])
def test_child_that_says_why_is_not_talked_over(code: int, tmp_path: Path) -> None:
    daemon = f"import sys; print('llm-agentd: my own reason', file=sys.stderr); raise SystemExit({code})"
    supervised = Supervised(tmp_path, daemon=daemon)
    assert supervised.exit_code() == code
    assert supervised.errors() == ["llm-agentd: my own reason"]
    supervised.close()


def test_daemon_that_dies_later_is_started_again_with_the_reason_in_the_log(tmp_path: Path) -> None:
    marker = tmp_path / "second"
    daemon = f"""
import os, pathlib, signal, time
print("ready zmq=z model=m engine=e", flush=True)
if pathlib.Path({str(marker)!r}).exists():
    print("second life", flush=True)
    time.sleep(60)
pathlib.Path({str(marker)!r}).touch()
time.sleep(0.5)  # until the other child is ready as well
os.kill(os.getpid(), signal.SIGSEGV)
"""
    supervised = Supervised(tmp_path, daemon=daemon)
    assert supervised.first_line.startswith("ready ")
    assert supervised.process.stdout is not None
    assert supervised.process.stdout.readline() == "second life\n"
    supervised.close()
    assert supervised.errors() == ["WARNING the daemon process was killed by SIGSEGV; starting it again in 0.2 s"]


def test_without_sigterm_children_are_stopped_by_the_end_of_their_stdin(tmp_path: Path) -> None:
    """As on Windows: each child hears of it, and ends in its own way."""
    child = """
import signal, sys, time
from llm_agentd.ops.supervisor import end_with_supervisor
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("stopped", flush=True)))
end_with_supervisor()
print("ready zmq=z model=m engine=e", flush=True)
while True:
    time.sleep(0.05)
"""
    code = SUPERVISE.replace("try:", "from llm_agentd.ops import supervisor\nsupervisor.HAS_SIGTERM = False\ntry:")
    supervised = Supervised(tmp_path, daemon=child, http=child, code=code)
    assert supervised.process.stdout is not None
    supervised.process.terminate()
    assert supervised.process.stdout.read() == "stopped\n" * 2
    assert supervised.exit_code() == 0
    supervised.close()


# Feeds its watchdog once a tenth of a second, in its first life only so often as it is told.
FED = """
import itertools, os, pathlib, sys, time
from llm_agentd.ops import sd_notify
marker = pathlib.Path({marker!r})
first = not marker.exists()
marker.touch()
print("ready zmq=z model=m engine=e", flush=True)
print("first life" if first else "second life", os.environ["WATCHDOG_USEC"], flush=True)
watchdog = sd_notify.Watchdog()
for turn in itertools.count():
    if not first or turn < {turns}:
        watchdog.feed()
    time.sleep(0.1)
"""
# The real daemon with the real loops, on a stub engine whose step hangs for one prompt.
HANGING = """
import sys
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.ops import serve
serve.open_engine = lambda *_, **__: StubEngine(hang_mark="hang for ever")
from llm_agentd.cli import main
sys.argv = ["llm-agentd", "serve", *{options!r}]
main()
"""


def test_daemon_whose_loop_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    daemon = FED.format(marker=str(tmp_path / "second"), turns=20)
    with closing(Supervised(tmp_path, daemon=daemon, watchdog_s=1.5)) as supervised:
        ready = "ready zmq=z http=h model=m engine=e"
        assert {supervised.first_line, supervised.next_line()} == {ready, "first life 1500000"}
        assert supervised.next_line() == "second life 1500000"
        with pytest.raises(subprocess.TimeoutExpired):  # one that feeds its watchdog is left alone
            supervised.process.wait(3)
    silent, killed = supervised.errors()
    assert silent.startswith("ERROR the engine loop of the daemon process is silent for ")
    assert killed.startswith("WARNING the daemon process was killed by SIGKILL; starting it again")


def test_daemon_is_not_watched_before_it_is_ready(tmp_path: Path) -> None:
    daemon = "import time; time.sleep(2.5); print('ready zmq=z model=m engine=e', flush=True); time.sleep(60)"
    with closing(Supervised(tmp_path, daemon=daemon, watchdog_s=1.0)) as supervised:
        assert supervised.first_line.startswith("ready ")


def test_real_daemon_whose_engine_hangs_serves_again(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/zmq"
    options = ["--set", f"zmq.endpoint={endpoint}", "--set", "http.enabled=false", "--set", "cache.enabled=false"]
    options += ["--set", f"agents.memory_path={tmp_path}/memory.db", "--set", f"agents.audit_path={tmp_path}/audit.log"]
    with closing(Supervised(tmp_path, daemon=HANGING.format(options=options), watchdog_s=2.0)) as supervised:
        assert supervised.first_line.startswith("ready "), supervised.errors()
        with Client(endpoint, timeout_s=WAIT_S) as client:
            assert client.infer("Hello", deadline_ms=20_000).text
            first = client.info()["pid"]
            with pytest.raises((AgentdError, TimeoutError)):
                client.infer("Please hang for ever", deadline_ms=1000, timeout_s=1.5)
        ends_s = time.monotonic() + WAIT_S
        second = first
        while second == first:
            assert time.monotonic() < ends_s
            with suppress(AgentdError, TimeoutError), Client(endpoint, timeout_s=1.0) as client:
                second = client.info()["pid"]
        with Client(endpoint, timeout_s=WAIT_S) as client:
            assert client.infer("Hello again", deadline_ms=20_000).text
    assert any("engine loop of the daemon process is silent" in line for line in supervised.errors())


def test_under_systemd_ready_and_the_watchdog_are_its_own_and_the_children_report_to_it(tmp_path: Path) -> None:
    http = "import os, time; print('ready', 'NOTIFY_SOCKET' in os.environ, flush=True); time.sleep(60)"
    environ = {"NOTIFY_SOCKET": f"{tmp_path}/notify", "WATCHDOG_USEC": "3000000"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{tmp_path}/notify")
        systemd.settimeout(WAIT_S)
        with closing(Supervised(tmp_path, http=http, environ=environ)) as supervised:
            assert supervised.first_line == "ready zmq=z False model=m engine=e"
            wanted = {"READY=1\nSTATUS=ready zmq=z False model=m engine=e", "WATCHDOG=1"}
            heard: set[str] = set()
            while heard != wanted:
                heard.add(systemd.recv(1000).decode())
                assert heard <= wanted
        while not systemd.recv(1000).startswith(b"STOPPING=1"):
            pass


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-int(signal.SIGSEGV), "was killed by SIGSEGV"),
        (-int(signal.SIGRTMIN) - 1, f"was killed by signal {int(signal.SIGRTMIN) + 1}"),
    ],
)
def test_exit_status_in_words(status: int, words: str) -> None:
    assert how_it_ended(status) == words
    assert fix(status)


def test_supervisor_loads_none_of_what_its_children_need() -> None:
    """It lives as long as they do and only waits: with them it held 46 MiB."""
    code = "import sys, llm_agentd.ops.supervise; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "typer", "yaml", "numpy", "zmq", "asyncio", "lmdb"} & set(loaded)
