"""The service of one user, on a machine of their own: one unit of the user's systemd. As machine.py, in small."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TextIO

from llm_agentd.config.paths import state_dir
from llm_agentd.config.private_files import make_private_folder
from llm_agentd.errors import StartError
from llm_agentd.ops.service import files
from llm_agentd.ops.service.commands import output, run, start
from llm_agentd.ops.service.machine import MACHINE
from llm_agentd.ops.service.write import Writer

NAME = files.UNITS[0]  # one unit, which runs both
PLAIN = f"{NAME}.d/plain.conf"
# systemd.exec(5), "Process Exit Codes": USER, CAPABILITIES, NAMESPACE.
NO_NAMESPACES = ("217", "218", "226")
SHIPPED_STATE = "%h/.local/state/llm-agentd"
LOG = "journalctl --user -u llm-agentd -n 30 says more; where it speaks of a bus, log in as this user first"
AFTER_LOGOUT = "    It stops when you log out; to have it run without you: loginctl enable-linger"


def install_for_user(root: Path, environ: Mapping[str, str] = os.environ, out: TextIO | None = None) -> None:
    out = out or sys.stdout
    writer = Writer(root, out)
    folder = _folder(environ)
    state = state_dir(environ)
    writer.write([files.File(folder / NAME, _unit(state))])
    writer.link(folder / "default.target.wants" / NAME, str(folder / NAME))
    if root != MACHINE:
        print("The files are there; nothing was started.", file=out)
        return
    make_private_folder(state, "the state folder")
    run("systemctl", "--user", "daemon-reload", cure=LOG)
    try:
        start(NAME, is_changed=bool(writer.changed), cure=LOG, is_user=True)
    except StartError:
        if not _needs_plain():
            raise
        print("this system gives users no namespaces; the service goes without what needs them:", file=out)
        writer.write([files.File(folder / PLAIN, files.shipped("drop-ins/user-plain.conf"))])
        run("systemctl", "--user", "daemon-reload", cure=LOG)
        start(NAME, is_changed=True, cure=LOG, is_user=True)
    print(f"llm-agentd runs, and starts when you log in: systemctl --user status llm-agentd\n{AFTER_LOGOUT}", file=out)


def _needs_plain() -> bool:
    """The unit did not get as far as our program: systemd could not set up what it was told to."""
    return output("systemctl", "--user", "show", NAME, "--property=ExecMainStatus", "--value").strip() in NO_NAMESPACES


def uninstall_for_user(root: Path, environ: Mapping[str, str] = os.environ, out: TextIO | None = None) -> None:
    out = out or sys.stdout
    writer = Writer(root, out)
    folder = _folder(environ)
    is_there = writer.place(folder / NAME).exists()
    if root == MACHINE and is_there:
        run("systemctl", "--user", "disable", "--now", NAME, cure=LOG)
    # The next call finds out anew whether the drop-in is needed.
    writer.delete([folder / "default.target.wants" / NAME, folder / NAME, folder / PLAIN])
    if root == MACHINE and is_there:
        run("systemctl", "--user", "daemon-reload", cure=LOG)
    print(f"The service is gone; what it kept stays in {state_dir(environ)}", file=out)


def _folder(environ: Mapping[str, str]) -> PurePosixPath:
    config = environ.get("XDG_CONFIG_HOME", "")
    if not config.startswith("/"):
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            raise StartError("HOME is not set, so nobody knows where your systemd looks for units")
        config = f"{home}/.config"
    return PurePosixPath(config, "systemd", "user")


def _unit(state: Path) -> str:
    program = PurePosixPath(sys.prefix) / "bin" / "llm-agentd"
    text = files.unit(files.USER_UNIT, program, f"systemctl --user edit {NAME}")
    return text.replace(SHIPPED_STATE, str(state))
