"""What is installed where: the files of the folder `systemd`, fitted to this program and this machine. Pure but for
reading them.

The shipped files are whole and valid as they are, for an admin who copies them by hand: they name the program
`/opt/llm-agentd/bin/llm-agentd` and, in drop-ins, the state folder `/srv/llm-agentd`. Here these two are replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from llm_agentd import __version__
from llm_agentd.errors import StartError

PACKAGE_DIR = Path(__file__).resolve().parents[2]
SHIPPED_PROGRAM = "/opt/llm-agentd/bin/llm-agentd"
SHIPPED_STATE = "/srv/llm-agentd"
STATE = PurePosixPath("/var/lib/llm-agentd")  # the daemon's StateDirectory
CACHE = PurePosixPath("/var/cache/llm-agentd-http")  # the adapter's CacheDirectory: sentences that were spoken
UNITS = ("llm-agentd.service", "llm-agentd-http.service")
USER_UNIT = "llm-agentd-user.service"
UNIT_FOLDER = PurePosixPath("/etc/systemd/system")
CONFIG = PurePosixPath("/etc/llm_agent/config.yaml")
SYSUSERS = PurePosixPath("/etc/sysusers.d/llm-agentd.conf")
GROUPS = PurePosixPath("/etc/group")
TMPFILES = PurePosixPath("/etc/tmpfiles.d/llm-agentd.conf")
WANTS = UNIT_FOLDER / "multi-user.target.wants"
GPU_DROP_IN = UNIT_FOLDER / f"{UNITS[0]}.d" / "gpu.conf"
STATE_DROP_IN = UNIT_FOLDER / f"{UNITS[0]}.d" / "state.conf"
HTTP_STATE_DROP_IN = UNIT_FOLDER / f"{UNITS[1]}.d" / "state.conf"
HEAD = "# Written by `llm-agentd install-service` {version}, and by the next one anew: changes belong into `{edit}`.\n"
HEAD_PATTERN = re.compile(r"# Written by `llm-agentd install-service` (\S+),")
HOMES = ("/home", "/root", "/run/user")


@dataclass(frozen=True, slots=True)
class File:
    """To be at `path` (of the machine, or below `--root`). `is_kept`: an admin's, once it is there."""

    path: PurePosixPath
    text: str
    mode: int = 0o644
    is_kept: bool = False


def shipped(name: str, package_dir: Path = PACKAGE_DIR) -> str:
    """A file of `systemd/`: in the package, or in a checkout beside it. Raises StartError."""
    for place in (package_dir / "systemd", package_dir.parents[1] / "systemd"):
        if (place / name).is_file():
            return (place / name).read_text(encoding="utf-8")
    raise StartError(f"systemd/{name} is missing beside {package_dir}; install llm-agentd again")


def system_files(program: PurePosixPath, state: PurePosixPath | None) -> list[File]:
    """All but the drop-ins. `state`: a folder of the admin's in place of /var/lib/llm-agentd."""
    units = [File(UNIT_FOLDER / name, unit(name, program, f"systemctl edit {name}")) for name in UNITS]
    tmpfiles = shipped("llm-agentd.tmpfiles.conf")
    config = shipped("config.yaml")
    if state is not None:
        tmpfiles += f"d {state} 0700 llm-agentd llm-agentd -\n"
        config = config.replace(str(STATE), str(state))
    return [
        *units,
        File(SYSUSERS, shipped("llm-agentd.sysusers.conf")),
        File(TMPFILES, tmpfiles),
        File(CONFIG, config, mode=0o640, is_kept=True),
    ]


def unit(name: str, program: PurePosixPath, edit: str) -> str:
    head = HEAD.format(version=__version__, edit=edit)
    return head + shipped(name).replace(SHIPPED_PROGRAM, str(program))


def version_of(text: str) -> str | None:
    """Of the program that wrote a unit; None: somebody else did."""
    found = HEAD_PATTERN.match(text)
    return found[1] if found else None


def gpu_drop_in(groups_file: str) -> File:
    """`groups_file`: /etc/group of the machine; a unit with a group that is not in it would not start."""
    there = {line.partition(":")[0] for line in groups_file.splitlines()}
    text = shipped("drop-ins/gpu.conf")
    wanted = re.search(r"^SupplementaryGroups=(.*)\n", text, re.MULTILINE)
    assert wanted is not None
    groups = [group for group in wanted[1].split() if group in there]
    line = f"SupplementaryGroups={' '.join(groups)}\n" if groups else ""
    return File(GPU_DROP_IN, text.replace(wanted[0], line))


def state_drop_ins(state: PurePosixPath) -> list[File]:
    daemon, adapter = (
        shipped(f"drop-ins/{name}").replace(SHIPPED_STATE, str(state)) for name in ("state.conf", "http-state.conf")
    )
    if any(str(state).startswith(f"{home}/") for home in HOMES):
        # ProtectHome=true of the unit would hide it: this shows the one folder, and nothing else of the homes.
        daemon += f"ProtectHome=tmpfs\nBindPaths={state}\n"
    return [File(STATE_DROP_IN, daemon), File(HTTP_STATE_DROP_IN, adapter)]


def state_of(drop_in: str) -> PurePosixPath | None:
    """The folder that a drop-in of `state_drop_ins` names."""
    found = re.search(r"^Environment=STATE_DIRECTORY=(/\S+)$", drop_in, re.MULTILINE)
    return PurePosixPath(found[1]) if found else None
