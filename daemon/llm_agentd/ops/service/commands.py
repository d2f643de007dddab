"""Calling systemd's own commands. A failure is a StartError with what they said, and where to look next."""

from __future__ import annotations

import subprocess
from contextlib import suppress

from llm_agentd.errors import StartError

QUICK_S = 5.0  # for a question
TIMEOUT_S = 360.0  # TimeoutStartSec of the unit is 300: a large model on a slow disk


def run(*command: str, cure: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise StartError(f"{command[0]}: no such command; this machine has no systemd. {cure}") from None
    except subprocess.TimeoutExpired:
        raise StartError(f"{' '.join(command)} did not end in {TIMEOUT_S:.0f} s; {cure}") from None
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        reason = f"{' '.join(command)} failed: {said or f'exit code {done.returncode}'}"
        raise StartError(f"{reason}; {cure}" if cure else reason)


def start(unit: str, *, is_changed: bool, cure: str, is_user: bool = False) -> None:
    """Starts a unit, anew where it has changed; returns when it is ready. A failure is told in its own last words."""
    manager = ["--user"] if is_user else []
    try:
        run("systemctl", *manager, "restart" if is_changed else "start", unit, cure="")
    except StartError as error:
        words = last_words(unit, is_user=is_user) or str(error)
        raise StartError(f"{unit} did not start: {words}; {cure}") from None


def output(*command: str) -> str:
    """What a command prints; "" where it cannot be asked."""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, timeout=QUICK_S, check=False).stdout
    return ""


def last_words(unit: str, *, is_user: bool = False) -> str:
    """The last line that the program of a unit wrote to the journal, and not what systemd wrote of it."""
    field = "_SYSTEMD_USER_UNIT" if is_user else "_SYSTEMD_UNIT"
    return output("journalctl", f"{field}={unit}", "-n", "1", "-o", "cat", "-q", "--no-pager").strip()
