"""A service that is told to stop in its first second, before it has handlers of its own: no traceback, no failure."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.ops.test_cli import TIMEOUT_S

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]

STARTING = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, these tests are started without it
sys.argv = ["llm-agentd", sys.argv[1], sys.argv[2]]
import llm_agentd.cli
os.kill(os.getpid(), getattr(signal, sys.argv[2]))
print("goes on")
"""


def start(command: str, signal: str, stdin: int) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-c", STARTING, command, signal],
        stdin=stdin,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", ["serve", "http"])
@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_stop_while_it_starts_is_no_failure(command: str, signal: str) -> None:
    assert start(command, signal, subprocess.DEVNULL) == (0, b"", b"")


def test_hangup_of_a_service_is_ignored_and_that_of_a_terminal_stops_it() -> None:
    assert start("serve", "SIGHUP", subprocess.DEVNULL) == (0, b"goes on\n", b"")
    ours, theirs = os.openpty()
    try:
        assert start("serve", "SIGHUP", theirs) == (0, b"", b"")
    finally:
        os.close(ours)
        os.close(theirs)


def test_other_commands_keep_the_signals_that_they_had() -> None:
    assert start("ask", "SIGTERM", subprocess.DEVNULL)[0] == -15


BEGINS_ANEW = """
import os, signal
from llm_agentd.ops import supervise
real = os.execv
def execv(*args):
    os.kill(os.getpid(), signal.SIGTERM)
    real(*args)
os.execv = execv
supervise.supervise([], "tcp://127.0.0.1:1", "info")
"""


def test_stop_while_the_supervisor_begins_anew_is_no_failure() -> None:
    done = subprocess.run([sys.executable, "-c", BEGINS_ANEW], capture_output=True, timeout=TIMEOUT_S, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
