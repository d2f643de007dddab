"""The service of a whole machine: files, users, units enabled and started; and all of it taken away again.

Idempotent: what is as it should be stays untouched, and only units whose files changed are started anew. An admin's
are the configuration, the drop-ins and the state folder: they are made where they are missing, and never overwritten or
deleted. With a `root` other than / nothing is started, as there is no systemd to do it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TextIO

from llm_agentd.errors import StartError
from llm_agentd.ops.service import files
from llm_agentd.ops.service.commands import run, start
from llm_agentd.ops.service.write import Writer

MACHINE = Path("/")
BOOTED = Path("/run/systemd/system")  # sd_booted(3)
# Where the units see nothing: ProtectHome= and PrivateTmp=.
HIDDEN = (*files.HOMES, "/tmp", "/var/tmp")
LOG = "journalctl -u llm-agentd -u llm-agentd-http -n 30 says more, llm-agentd doctor what to do"


def install(root: Path, *, gpu: bool | None, state: Path | None, out: TextIO | None = None) -> None:
    """Raises StartError, with the cure. `gpu` None, `state` None: as it was, or as shipped."""
    out = out or sys.stdout
    is_live = root == MACHINE
    if is_live:
        _check_machine()
    writer = Writer(root, out)
    before = _state_before(writer)
    folder = before if state is None else _checked_folder(state)
    program = _program(is_live)
    writer.write(files.system_files(program, folder))
    if folder != before:
        _move(writer, before or files.STATE, folder or files.STATE, out)
    _write_drop_ins(writer, gpu, folder)
    options = [] if is_live else [f"--root={root}"]
    run("systemd-sysusers", *options, "llm-agentd.conf", cure="the daemon's users are missing")
    run("systemd-tmpfiles", "--create", *options, "llm-agentd.conf", cure="the rights of /etc/llm_agent are not set")
    for name in files.UNITS:
        writer.link(files.WANTS / name, str(files.UNIT_FOLDER / name))
    if is_live:
        _start(writer)
    print(_next_steps(program, folder, is_live), file=out)


def _check_machine() -> None:
    if os.geteuid() != 0:
        raise StartError("the service of the machine is root's to install: sudo, or --user for one of your own")
    if not BOOTED.is_dir():
        raise StartError(
            "systemd does not run here, so nothing could be started; `llm-agentd serve` runs in a terminal or under"
            " another supervisor, and --root DIR writes the files alone"
        )


def _program(is_live: bool) -> PurePosixPath:
    """The command of the virtual environment that this runs in."""
    program = PurePosixPath(sys.prefix) / "bin" / "llm-agentd"
    for place in (program, PurePosixPath(os.path.realpath(sys.executable))):
        if is_live and any(str(place).startswith(f"{hidden}/") for hidden in HIDDEN):
            raise StartError(
                f"{place} lies where a service sees nothing; install llm-agentd into /opt/llm-agentd, with a Python of"
                " the system (python3 -m venv /opt/llm-agentd), and run install-service from there"
            )
    return program


def _state_before(writer: Writer) -> PurePosixPath | None:
    """The folder that an earlier call chose; None: the usual one."""
    before = writer.read(files.STATE_DROP_IN)
    return files.state_of(before) if before else None


def _checked_folder(wanted: Path) -> PurePosixPath | None:
    if not wanted.is_absolute() or any(char.isspace() or char in '%"\\' for char in str(wanted)):
        raise StartError(f"--state-dir: want a whole path without spaces, such as /srv/llm-agentd, got {wanted}")
    folder = PurePosixPath(wanted)
    return None if folder == files.STATE else folder


def _move(writer: Writer, before: PurePosixPath, folder: PurePosixPath, out: TextIO) -> None:
    """The paths that the configuration names in the old folder; what lies there is the admin's to move."""
    config = writer.read(files.CONFIG) or ""
    if f"{before}/" in config:
        writer.write([files.File(files.CONFIG, config.replace(f"{before}/", f"{folder}/"), mode=0o640)])
    if writer.place(before).is_dir():
        print(
            f"What was kept so far stays in {before}. To take it along, while the service is stopped:"
            f" cp -a {before}/. {folder}/",
            file=out,
        )


def _write_drop_ins(writer: Writer, gpu: bool | None, folder: PurePosixPath | None) -> None:
    if gpu:
        writer.write([files.gpu_drop_in(writer.read(files.GROUPS) or "")])
    elif gpu is False:
        writer.delete([files.GPU_DROP_IN])
    if folder is not None:
        writer.write(files.state_drop_ins(folder))
    else:
        writer.delete([files.STATE_DROP_IN, files.HTTP_STATE_DROP_IN])


def _start(writer: Writer) -> None:
    run("systemctl", "daemon-reload", cure=LOG)
    for name in files.UNITS:
        start(name, is_changed=any(name in str(path) for path in writer.changed), cure=LOG)


def uninstall(root: Path, *, out: TextIO | None = None) -> None:
    """Stops the units and deletes what `install` wrote, less what is the admin's."""
    out = out or sys.stdout
    writer = Writer(root, out)
    is_live = root == MACHINE
    units = [files.UNIT_FOLDER / name for name in files.UNITS]
    if is_live and os.geteuid() != 0:
        raise StartError("the service of the machine is root's to take away: sudo")
    if is_live and BOOTED.is_dir() and any(writer.place(path).exists() for path in units):
        run("systemctl", "disable", "--now", *files.UNITS, cure="stop them by hand, then run this again")
    writer.delete([*(files.WANTS / name for name in files.UNITS), *units, files.SYSUSERS, files.TMPFILES])
    if is_live and BOOTED.is_dir():
        run("systemctl", "daemon-reload", cure="run it by hand")
    kept = [files.CONFIG.parent, *(files.UNIT_FOLDER / f"{name}.d" for name in files.UNITS)]
    kept += [_state_before(writer) or files.STATE, files.CACHE]
    print(_what_stays([str(writer.place(path)) for path in kept if writer.place(path).exists()]), file=out)


def _next_steps(program: PurePosixPath, folder: PurePosixPath | None, is_live: bool) -> str:
    if not is_live:
        return "The files are there; nothing was started."
    state = folder or files.STATE
    return (
        f"The service runs, and starts with the machine.\n"
        f"    settings   {files.CONFIG}, then: systemctl restart llm-agentd llm-agentd-http\n"
        f"    state      {state}\n"
        f"    the mod    {program} install-mod DIR\n"
        f"    all well?  {program} doctor --world DIR"
    )


def _what_stays(kept: list[str]) -> str:
    if not kept:
        return "Nothing of the service is left."
    return f"The service is gone. Configuration, memory and cache stay; to delete them too: rm -r {' '.join(kept)}"
