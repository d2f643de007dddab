"""The systemd units, where they are installed: do they run, do they start with the machine, do they fit this program?

`judge` is pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.service.commands import last_words, output
from llm_agentd.util.terminal_text import plain

SUBJECT = "service"
UNITS = ("llm-agentd.service", "llm-agentd-http.service")
BOOTED = Path("/run/systemd/system")  # sd_booted(3)
RESTARTS_MANY = 3
WRONG_USE = "2"  # the exit code of a wrong configuration, which the units do not retry
# Of `systemctl show`.
KEYS = (
    "ActiveState", "Environment", "ExecMainStatus", "LoadState", "NRestarts", "NeedDaemonReload", "Result",
    "StatusText", "SubState", "UnitFileState", "User",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """Properties as systemd names them. `is_user`: of the user's own manager. `last_line`: of a failed one's log."""

    name: str
    values: dict[str, str]
    is_user: bool = False
    last_line: str = ""

    @property
    def is_installed(self) -> bool:
        return self.values.get("LoadState") == "loaded"

    @property
    def has_failed(self) -> bool:
        """Also while systemd starts it again and again."""
        state, restarts = self.values.get("ActiveState"), self.values.get("NRestarts", "0")
        return state == "failed" or (state == "activating" and restarts != "0") or self.is_waiting

    @property
    def is_waiting(self) -> bool:
        return self.values.get("SubState") == "auto-restart"


@dataclass(frozen=True, slots=True)
class Facts:
    """`units` empty: no systemd runs here."""

    units: tuple[Unit, ...]

    @property
    def user(self) -> str | None:
        """Whom the daemon runs as, where it is a service of the machine."""
        for unit in self.units:
            if unit.is_installed and not unit.is_user and unit.values.get("User"):
                return unit.values["User"]
        return None

    @property
    def environ(self) -> dict[str, str]:
        """What the daemon's unit sets, such as another state folder."""
        words = self.units[0].values.get("Environment", "").split() if self.units else []
        return dict(word.split("=", 1) for word in words if "=" in word)


def look() -> Facts:
    if not BOOTED.is_dir():
        return Facts(())
    units = tuple(_show(name, "--system") for name in UNITS)
    if not any(unit.is_installed for unit in units):
        of_user = _show(UNITS[0], "--user")
        if of_user.is_installed:
            return Facts((of_user,))
    return Facts(units)


def _show(name: str, manager: str) -> Unit:
    printed = output("systemctl", manager, "show", name, f"--property={','.join(KEYS)}")
    values = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    unit = Unit(name, values, is_user=manager == "--user")
    return replace(unit, last_line=last_words(name, is_user=unit.is_user)) if unit.has_failed else unit


def judge(facts: Facts) -> Iterator[Check]:
    if facts.units and not any(unit.values for unit in facts.units):
        yield ok(SUBJECT, "units", "systemd cannot be asked from here: llm-agentd doctor, run by root, asks it")
        return
    if not any(unit.is_installed for unit in facts.units):
        why = "no systemd runs here" if not facts.units else "llm-agentd install-service makes it one"
        yield ok(SUBJECT, "units", f"Not installed as a service ({why})")
        return
    for unit in facts.units:
        if unit.is_installed:
            yield from _judge_unit(unit)
        else:
            yield fail(SUBJECT, unit.name, f"{unit.name} is not installed", "llm-agentd install-service")


def _judge_unit(unit: Unit) -> Iterator[Check]:
    name, values = unit.name, unit.values
    systemctl, journal = _commands(unit)
    state, result = values.get("ActiveState", ""), values.get("Result", "")
    if state == "active":
        yield ok(SUBJECT, name, f"{name} runs: {values.get('StatusText') or values.get('SubState', '')}")
    elif values.get("ExecMainStatus") == WRONG_USE and result == "exit-code":
        found = f"{name} has stopped, and is not tried again before something is mended"
        cure = f"{journal} -n 5 says what; mend it, then {systemctl} restart {name}"
        yield fail(SUBJECT, name, _with_log(found, unit), cure)
    elif unit.has_failed or result not in ("", "success"):
        found = f"{name} does not run ({result}, exit status {values.get('ExecMainStatus', '?')})"
        yield fail(SUBJECT, name, _with_log(found, unit), f"{journal} -n 20 says why; then {systemctl} restart {name}")
    elif state == "activating":
        yield warn(SUBJECT, name, f"{name} is starting", "Wait: a large model takes a minute or more to load.")
    else:
        yield fail(SUBJECT, name, f"{name} is stopped", f"{systemctl} start {name}")
    if values.get("UnitFileState") == "disabled":
        found = f"{name} does not start with the machine"
        yield warn(SUBJECT, f"{name} enabled", found, f"{systemctl} enable {name}")
    if values.get("NeedDaemonReload") == "yes":
        found = f"The file of {name} is newer than what systemd has read"
        yield warn(SUBJECT, f"{name} file", found, f"{systemctl} daemon-reload && {systemctl} restart {name}")
    restarts = values.get("NRestarts", "0")
    if state == "active" and restarts.isdecimal() and int(restarts) >= RESTARTS_MANY:
        found = f"{name} was started again {restarts} times after it failed"
        yield warn(SUBJECT, f"{name} restarts", found, f"{journal} -p warning says why.")


def _with_log(found: str, unit: Unit) -> str:
    return f"{found}. Its last words: {plain(unit.last_line)}" if unit.last_line else found


def _commands(unit: Unit) -> tuple[str, str]:
    manager = " --user" if unit.is_user else ""
    return f"systemctl{manager}", f"journalctl{manager} -u {unit.name}"
