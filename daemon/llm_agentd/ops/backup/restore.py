"""`llm-agentd restore FILE`: brings back what `backup` saved, or a copy of the memory that a migration kept.

In this order, so that nothing is lost: all of the file is checked; the daemon's locks are taken, so that none runs or
starts meanwhile; what goes where is laid beside its place, with the owner and the rights of what is there; then names
are changed, and changed back where one of them fails. What was there before keeps a name of its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from llm_agentd.config import load_config
from llm_agentd.config.private_files import own_as
from llm_agentd.errors import StartError
from llm_agentd.memory import salvage
from llm_agentd.memory.migrate import copy_database
from llm_agentd.memory.schema import NewerVersionError
from llm_agentd.ops.backup import archive
from llm_agentd.ops.backup.parts import CONFIGURATION, MEMORY, ROLES, Part
from llm_agentd.ops.backup.places import Places, explained
from llm_agentd.server.audit_log import FILE_NAME as AUDIT_LOG
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.keep_aside import keep_aside
from llm_agentd.util.regular_file import open_regular

REPLACED = "replaced"  # NAME.replaced-TIME is what was there before
ELSEWHERE = "; or name with --config where the configuration goes, or leave it out: --only memory --only roles"
FILE_MODE, FOLDER_MODE = 0o600, 0o700  # of what was not there before


def restore(
    source: Path,
    *,
    config_file: Path | None,
    sets: Sequence[str],
    only: Sequence[Part],
    out: TextIO,
) -> int:
    """`only`: the parts wanted; none = all that the file holds. Returns 0. Raises StartError with the cure."""
    with explained("restore", source), tempfile.TemporaryDirectory(prefix="llm-agentd-restore-") as name:
        staged = Path(name)
        made = _unpack(source, staged)
        wanted = _wanted(source, staged, only)
        places = _places(source, staged if CONFIGURATION in wanted else None, config_file, sets)
        with _no_daemon(places, config_file, sets), ExitStack() as undo:
            swaps = [_prepare(staged / file, places.target(file), undo) for file in wanted]
            for swap in swaps:
                swap.apply(undo)
            undo.pop_all()
        for swap in swaps:
            swap.fresh.parent.rmdir()
        _note(places.logs[AUDIT_LOG], source, [Part.of(file).value for file in wanted])
    print(f"restored from {source}, {made}:", file=out)
    for file, swap in zip(wanted, swaps, strict=True):
        kept = f" (before: {swap.kept})" if swap.kept else ""
        print(f"  {Part.of(file).value:13} {swap.target}{kept}", file=out)
    return 0


def _note(log: Path, source: Path, parts: Sequence[str]) -> None:
    """In the log of changes, also in one that was just restored."""
    audit = AuditLog(log)
    audit.start()
    audit.note("restore", str(source), after=", ".join(dict.fromkeys(parts)), who="cli")
    audit.stop()
    if log.exists():
        own_as(log, log.parent)


# -- checking -------------------------------------------------------------------------------------


def _unpack(source: Path, folder: Path) -> str:
    """Checks all of it; returns who made it when, as words. Raises StartError."""
    if not source.exists():
        raise StartError(f"{source}: no such file; name what `llm-agentd backup` made")
    with open_regular(source) as file:
        is_memory = file.read(len(salvage.MAGIC)) == salvage.MAGIC
    if is_memory:
        made = "a copy of the memory alone"
        _copy_memory(source, folder)
    else:
        manifest = archive.read(source, folder)
        made = f"made {manifest.time} by llm-agentd {manifest.version}"
    if (folder / MEMORY).exists():
        _check_memory(source, folder / MEMORY)
    return made


def _copy_memory(source: Path, folder: Path) -> None:
    """With its WAL, should it have one. From a copy, as SQLite would leave files beside the original."""
    for suffix in ("", "-wal"):
        if (part := Path(f"{source}{suffix}")).exists():
            shutil.copyfile(part, folder / f"given{suffix}")
    try:
        with closing(sqlite3.connect(folder / "given")) as connection:
            copy_database(connection, folder / MEMORY)
    except sqlite3.Error as error:
        raise StartError(f"{source} is damaged ({error}); nothing was restored") from None


def _check_memory(source: Path, path: Path) -> None:
    """An older version is fine: the daemon brings it up to date at its start."""
    try:
        damage = salvage.find_damage(path)
    except NewerVersionError as error:
        raise StartError(
            f"{source} holds a memory of a newer llm-agentd ({error}): install that version, or take an older backup;"
            " nothing was restored"
        ) from None
    if damage:
        raise StartError(f"{source} holds a damaged memory ({damage}); nothing was restored")


def _wanted(source: Path, staged: Path, only: Sequence[Part]) -> list[str]:
    """Names in the archive that are restored, the roles as the one folder that they are. The configuration last: with
    it alone in place a daemon would find its old files.
    """
    found = [MEMORY, ROLES, *sorted(f"logs/{path.name}" for path in staged.glob("logs/*")), CONFIGURATION]
    wanted = [name for name in found if (staged / name).exists() and (not only or Part.of(name) in only)]
    missing = sorted(set(only) - {Part.of(name) for name in wanted})
    if missing or not wanted:
        raise StartError(f"{source} holds no {missing[0].value if missing else 'files'}; nothing was restored")
    return wanted


def _places(source: Path, staged: Path | None, config_file: Path | None, sets: Sequence[str]) -> Places:
    """As the configuration that will be in force says: that of the archive where it is restored."""
    if staged is None:
        return Places.of(load_config(config_file, sets), config_file)
    try:
        return Places.of(load_config(staged / CONFIGURATION, sets), config_file)
    except StartError as error:
        why = str(error).replace(str(staged / CONFIGURATION), f"{CONFIGURATION} of {source}")
        raise StartError(f"{why}; mend that, or leave it out: --only memory --only roles --only logs") from None


# -- nobody else meanwhile ------------------------------------------------------------------------


@contextmanager
def _no_daemon(places: Places, config_file: Path | None, sets: Sequence[str]) -> Iterator[None]:
    """Holds what a daemon locks, by the configuration that is restored and by the present one. Raises StartError."""
    found = {_locks(places)}
    with suppress(StartError):  # the present one may be what is broken
        path = config_file if config_file is None or config_file.exists() else None
        found.add(_locks(Places.of(load_config(path, sets), config_file)))
    with ExitStack() as held:
        for lock in sorted({lock for locks in found for lock in locks}):
            if not lock.parent.is_dir():
                continue
            try:
                held.enter_context(FileLock(lock))
            except BlockingIOError:
                raise StartError(
                    f"the daemon runs and would write into what is restored ({lock} is held): stop it first, such as"
                    " with systemctl stop llm-agentd; nothing was restored"
                ) from None
            own_as(lock, lock.parent)  # made by root, it would keep the daemon out
        yield


def _locks(places: Places) -> tuple[Path, Path]:
    return Path(f"{places.memory}.lock"), places.cache / "daemon.lock"


# -- putting it in place --------------------------------------------------------------------------


@dataclass(slots=True)
class _Swap:
    """`fresh` lies beside `target`, on the same file system: only names change from here on."""

    fresh: Path
    target: Path
    suffixes: Sequence[str] = ("",)
    kept: Path | None = field(default=None, init=False)

    def apply(self, undo: ExitStack) -> None:
        """Leaves with `undo` how to take it back."""
        if any(Path(f"{self.target}{suffix}").exists() for suffix in self.suffixes):
            self.kept = keep_aside(self.target, REPLACED, self.suffixes)
            undo.callback(self._bring_back, self.kept)
        self.fresh.rename(self.target)
        undo.callback(self.target.rename, self.fresh)

    def _bring_back(self, kept: Path) -> None:
        for suffix in self.suffixes:
            part = Path(f"{kept}{suffix}")
            if part.exists():
                part.rename(f"{self.target}{suffix}")


def _prepare(staged: Path, target: Path, undo: ExitStack) -> _Swap:
    """A copy beside its place; `undo` deletes it where it does not get there."""
    with explained("restore", target, ELSEWHERE if staged.name == CONFIGURATION else ""):
        if not target.parent.is_dir():
            target.parent.mkdir(mode=FOLDER_MODE, parents=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        fresh = folder / target.name
        if staged.is_dir():
            shutil.copytree(staged, fresh, copy_function=shutil.copyfile)
            for path in fresh.rglob("*"):
                _own(path, target.parent, FOLDER_MODE if path.is_dir() else FILE_MODE)
            _own(fresh, target if target.exists() else target.parent, FOLDER_MODE, as_is=target.exists())
        else:
            shutil.copyfile(staged, fresh)
            _own(fresh, target if target.exists() else target.parent, FILE_MODE, as_is=target.exists())
        _sync(fresh)
    return _Swap(fresh, target, salvage.SUFFIXES if staged.name == MEMORY else ("",))


def _own(path: Path, like: Path, mode: int, *, as_is: bool = False) -> None:
    """The owner of `like`, where root does it, and `mode`, or with `as_is` also the mode of `like`."""
    own_as(path, like)
    path.chmod(stat.S_IMODE(like.stat().st_mode) if as_is else mode)


def _sync(path: Path) -> None:
    for file in (path, *path.rglob("*")):
        if file.is_file():
            with open(file, "rb") as handle:
                os.fsync(handle.fileno())
