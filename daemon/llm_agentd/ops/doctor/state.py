"""The folders and files in which the daemon keeps what survives a restart: rights, disk space, versions.

Looks alone: unlike the daemon it makes no folder and mends no right. `judge` is pure.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from llm_agentd.config import Config, state_dir
from llm_agentd.memory.schema import VERSION, VERSION_MAX
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.models.words import size_words

SUBJECT = "state"
DISK_MIN_BYTES = 64 * 1024 * 1024  # less than that and SQLite, LMDB and the log fail one after the other
USER_VERSION_AT = 60  # in the header of an SQLite file, 4 bytes: https://sqlite.org/fileformat2.html
SQLITE_MAGIC = b"SQLite format 3\0"
OTHERS_WRITE, OTHERS_READ = 0o022, 0o077


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file. `mode` None: it is not there yet, or this user may not look (`problem`)."""

    name: str
    path: Path
    mode: int | None = None
    owner: str = ""
    is_writable: bool = False
    is_secret: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """`user`: whom all of it should belong to. `disk_folder` holds what grows, by `growth_bytes` at most."""

    places: tuple[Place, ...]
    user: str
    disk_folder: Path
    free_bytes: int
    free_inodes: int | None
    is_read_only: bool
    growth_bytes: int
    memory_path: Path
    memory_version: int | None


def look(config: Config, environ: Mapping[str, str], user: str | None) -> Facts:
    """`user`: of the service, where the doctor is run by root; None: the one who looks is the one who runs it, or for
    root whose memory and cache are there already."""
    folder = state_dir(environ)
    agents, cache = config.agents, config.cache
    roles = agents.roles_dir or folder / "roles"
    places = [
        _place("the state folder", folder, is_secret=True),
        _place("cache.path", cache.path),
        _place("agents.memory_path", agents.memory_path, is_secret=True),
        _place("agents.roles_dir", roles),
    ]
    if config.http.token is None:
        places.append(_place("http.token_file", config.http.token_file, is_secret=True))
    disk = _existing(cache.path if cache.enabled else agents.memory_path.parent)
    status = os.statvfs(disk) if hasattr(os, "statvfs") else None
    used = sum(map(_bytes_of, (cache.path, agents.memory_path)))
    bound = int(agents.memory_max_bytes) + (int(cache.max_bytes) + int(cache.kv_max_bytes) if cache.enabled else 0)
    return Facts(
        places=tuple(places),
        user=user or _user(places),
        disk_folder=disk,
        free_bytes=psutil.disk_usage(str(disk)).free,
        free_inodes=status.f_favail if status and status.f_files else None,
        is_read_only=bool(status and status.f_flag & os.ST_RDONLY),
        growth_bytes=max(0, bound - used),
        memory_path=agents.memory_path,
        memory_version=_memory_version(agents.memory_path),
    )


def _user(places: Sequence[Place]) -> str:
    me = _name_of(os.geteuid() if hasattr(os, "geteuid") else 0)
    return next((place.owner for place in places if place.owner), me) if me == "root" else me


def _place(name: str, path: Path, *, is_secret: bool = False) -> Place:
    try:
        status = path.stat()
    except FileNotFoundError:
        return Place(name, path, is_secret=is_secret)
    except OSError as error:
        return Place(name, path, is_secret=is_secret, problem=error.strerror or str(error))
    mode = stat.S_IMODE(status.st_mode)
    return Place(name, path, mode, _name_of(status.st_uid), os.access(path, os.W_OK), is_secret)


def _name_of(uid: int) -> str:
    try:
        import pwd
    except ImportError:  # Windows
        return ""
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there and may be looked at."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            if place.is_dir():
                return place
    return Path("/")


def _bytes_of(path: Path) -> int:
    with suppress(OSError):
        if path.is_dir():
            return sum(file.stat().st_blocks * 512 for file in path.iterdir() if file.is_file())
        return path.stat().st_size
    return 0


def _memory_version(path: Path) -> int | None:
    """None: no file, or none of SQLite's."""
    with suppress(OSError), open(path, "rb") as file:
        head = file.read(USER_VERSION_AT + 4)
        if head.startswith(SQLITE_MAGIC):
            return int.from_bytes(head[USER_VERSION_AT:], "big")
    return None


def judge(facts: Facts) -> Iterator[Check]:
    problems = [check for place in facts.places for check in _judge_place(place, facts.user)]
    yield from problems
    if not problems:
        yield ok(SUBJECT, "rights", f"{facts.places[0].path} and what is in it belong to {facts.user} alone")
    yield _judge_disk(facts)
    if facts.memory_version is not None and VERSION < facts.memory_version <= VERSION_MAX:
        found = (
            f"{facts.memory_path} is of version {facts.memory_version}, written by a newer llm-agentd;"
            f" this one reads {VERSION}, and does not touch it"
        )
        cure = (
            "Install the newer llm-agentd again, or restore the backup of before, or name another agents.memory_path."
        )
        yield fail("memory", "version", found, cure)


def _judge_place(place: Place, user: str) -> Iterator[Check]:
    if place.problem:
        cure = f"Run the doctor as {user} or root, or mend the rights of the folders above it."
        yield warn(SUBJECT, place.name, f"{place.path} cannot be looked at: {place.problem}", cure)
    if place.mode is None:  # made when it is needed
        return
    if place.owner and place.owner not in (user, "root"):
        found = f"{place.path} belongs to {place.owner}, and the daemon runs as {user}"
        yield fail(SUBJECT, place.name, found, f"chown -R {user}: {place.path}")
    elif place.owner == "root" and user != "root" and not place.is_writable:
        found = f"{place.path} belongs to root, so {user} cannot write it"
        yield fail(SUBJECT, place.name, found, f"As root: chown -R {user}: {place.path}")
    elif not place.is_writable:
        yield fail(SUBJECT, place.name, f"{place.path} cannot be written", f"chmod u+w {place.path}")
    if place.mode & OTHERS_WRITE & 0o007 and not place.mode & stat.S_ISVTX:
        yield fail(SUBJECT, place.name, f"Others may write into {place.path}", f"chmod go-w {place.path}")
    elif place.is_secret and place.mode & OTHERS_READ & 0o007:
        found = f"Other users may read {place.path}, which holds what players said or a token"
        yield warn(SUBJECT, place.name, found, f"chmod o= {place.path}")


def _judge_disk(facts: Facts) -> Check:
    free = f"{size_words(facts.free_bytes)} are free at {facts.disk_folder}"
    if facts.is_read_only:
        cure = "Mount it for writing, or name places on another disk: cache.path, agents.memory_path."
        return fail(SUBJECT, "disk", f"The disk of {facts.disk_folder} is read-only", cure)
    if facts.free_bytes < DISK_MIN_BYTES or facts.free_inodes == 0:
        what = "no file can be made (inodes)" if facts.free_inodes == 0 else f"only {free}"
        cure = "Free disk space: until then nothing new is remembered or cached."
        return fail(SUBJECT, "disk", f"The disk is full: {what}", cure)
    if facts.free_bytes < facts.growth_bytes:
        found = f"{free}, and cache and memory may grow by {size_words(facts.growth_bytes)}"
        cure = "Free disk space, or lower cache.max_bytes, cache.kv_max_bytes or agents.memory_max_bytes."
        return warn(SUBJECT, "disk", found, cure)
    return ok(SUBJECT, "disk", free)
