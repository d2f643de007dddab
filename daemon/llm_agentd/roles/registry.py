"""All roles that NPCs can have: the shipped ones, and an admin's, which override those of the same name.

An admin's roles are files in `agents.roles_dir`. They are read again when they change: each lookup checks the folder,
at most once a second. Of an invalid file the last valid version stays in force, at the start the shipped role of that
name, if there is one; the log and the op `roles` name the problem. Router thread, after the start.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from llm_agentd.errors import BadRequest, StartError, TooLarge
from llm_agentd.roles import role_file
from llm_agentd.roles.history import RoleHistory
from llm_agentd.roles.role import FieldError, Role, check_name, make_role
from llm_agentd.roles.role_file import SUFFIX, RoleFileError
from llm_agentd.speech import voices
from llm_agentd.util.did_you_mean import nearest

log = logging.getLogger(__name__)

SHIPPED_DIR = Path(__file__).parent / "shipped"
REFRESH_EVERY_S = 1.0  # an admin does not notice a second; checking a folder of twenty files costs 0.1 ms
VERSION_BYTES = 6
LISTING_MAX_BYTES = 240 * 1024  # about 80 long roles; a record of the wire holds 256 KiB
SUFFIXES = (SUFFIX, ".yml")  # the second is read in order to say that it is the wrong one

Signature: TypeAlias = tuple[int, int, int]  # mtime, size, inode: a file is read again when one of them changes
NO_SIGNATURE: Signature = (0, 0, 0)  # of no file


class Roles:
    """By name. `roles_dir` None: the shipped roles only."""

    def __init__(self, roles_dir: Path | None, *, may_be_missing: bool, clock: Callable[[], float]) -> None:
        self.roles_dir = roles_dir
        self._may_be_missing = may_be_missing
        self._clock = clock
        self._shipped = _shipped()
        # By file name:
        self._custom: dict[str, Role] = {}
        self._signatures: dict[str, Signature] = {}
        self._file_problems: dict[str, str] = {}
        self._file_notes: dict[str, list[str]] = {}
        self._folder_problem = ""
        self._listing: dict[str, Any] | None = None  # until something changes: it is dear to make
        self._refresh_at_s = 0.0
        self._history = RoleHistory(roles_dir) if roles_dir is not None else None
        self._merge()

    @classmethod
    def load(
        cls,
        roles_dir: Path | None = None,
        *,
        may_be_missing: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> Roles:
        """`may_be_missing`: the folder need not exist. Raises StartError where the folder cannot be read."""
        roles = cls(roles_dir, may_be_missing=may_be_missing, clock=clock)
        problems = roles._reload_changed()
        if roles._folder_problem:
            raise StartError(roles._folder_problem)
        for problem in problems:  # one broken file must not keep a whole village from its other roles
            log.warning("%s", problem)
        return roles

    # -- reading ---------------------------------------------------------------------------------

    def names(self) -> list[str]:
        self._refresh_if_due()
        return sorted(self._all)

    def get(self, name: str, persona: str | None = None) -> Role:
        """The role called `name`. An unknown name gives a role made of `persona`; without one raises BadRequest."""
        self._refresh_if_due()
        role = self._all.get(name)
        if role is not None:
            return role
        if persona:
            return Role(name=name, title=f"the {name}", persona=f"The {name} lives in this world.")
        near = nearest(name, self._all)
        hint = f"did you mean {near!r}?" if near else f"known roles: {', '.join(sorted(self._all))}"
        raise BadRequest(f"npc.role: unknown role {name!r} and no npc.persona to go by; {hint}")

    def version(self) -> str:
        """Changes when any role does."""
        self._refresh_if_due()
        return self._version

    def listing(self) -> dict[str, Any]:
        """The answer of the op `roles`. Raises TooLarge where it does not fit into one record."""
        self._refresh_if_due()
        if self._listing is None:
            self._listing = self._make_listing()
        return self._listing

    def _make_listing(self) -> dict[str, Any]:
        listing = {
            "roles": [self._view(name) for name in sorted(self._all)],
            "version": self._version,
            "problems": self.problems(),
            "notes": self.notes(),
            "folder": str(self.roles_dir or ""),
        }
        size = len(orjson.dumps(listing))
        if size > LISTING_MAX_BYTES:
            raise TooLarge(f"{len(self._all)} roles are {size} bytes; {LISTING_MAX_BYTES} fit: shorten or remove some")
        return listing

    def problems(self) -> list[str]:
        """What is wrong with the folder and its files, as `FILE:LINE: …`."""
        return [
            *filter(None, [self._folder_problem]),
            *(self._file_problems[name] for name in sorted(self._file_problems)),
        ]

    def notes(self) -> list[str]:
        """What is passed over in files that are in force, as `FILE: …`."""
        return [note for name in sorted(self._file_notes) for note in self._file_notes[name]]

    # -- writing ---------------------------------------------------------------------------------

    def set(self, name: str, fields: Mapping[str, Any] | None) -> dict[str, Any]:
        """Writes the file of a role, or deletes it (`fields` None). Raises BadRequest naming the field."""
        history = self._require_history()
        role = self._checked(name, fields)
        self._reload_changed()  # what was written by hand a moment ago is kept too
        before = self._own(name)
        if role is None and before is None and not self._path(name).exists():
            hint = "; the shipped one stays" if name in self._shipped else ""
            raise BadRequest(f"name: there is no {self._path(name)} to take away{hint}")
        if before != (role and role.fields()):
            with _explained(self._path(name)):
                history.add(name, before)
        return self._write(name, role)

    def undo(self, name: str) -> dict[str, Any]:
        """Takes the last change of a role back that was not taken back yet. Raises BadRequest where there is none."""
        history = self._require_history()
        self._checked(name, None)
        self._reload_changed()
        version = history.last(name)
        if version is None:
            raise BadRequest(f"name: nothing is left to undo of {name}")
        role = self._checked(name, version.role)
        with _explained(self._path(name)):
            history.undo(name, self._own(name))
        return self._write(name, role)

    def history(self, name: str) -> list[dict[str, Any]]:
        """What an admin's role was before each change, the newest first. Raises BadRequest."""
        history = self._require_history()
        self._checked(name, None)
        return [version.view() for version in reversed(history.versions(name))]

    def own_fields(self, name: str) -> dict[str, Any] | None:
        """Of an admin's own role; None where there is none."""
        self._refresh_if_due()
        return self._own(name)

    # -- inside ----------------------------------------------------------------------------------

    def _require_history(self) -> RoleHistory:
        if self._history is None:
            raise BadRequest("agents.roles_dir: this daemon has no folder for roles")
        return self._history

    def _checked(self, name: str, fields: Mapping[str, Any] | None) -> Role | None:
        try:
            check_name(name)
            return None if fields is None else make_role(name, fields)
        except FieldError as error:
            raise BadRequest(str(error)) from None

    def _path(self, name: str) -> Path:
        return Path(self.roles_dir or "", name + SUFFIX)

    def _own(self, name: str) -> dict[str, Any] | None:
        role = self._custom.get(name + SUFFIX)
        return role.fields() if role is not None else None

    def _write(self, name: str, role: Role | None) -> dict[str, Any]:
        path = self._path(name)
        with _explained(path):
            if role is not None:
                role_file.write(path, role)
            else:
                path.unlink(missing_ok=True)
        self._signatures[path.name] = NO_SIGNATURE  # read it again, even if the disk's clock has not moved on
        for problem in self._reload_changed():
            log.warning("%s", problem)
        view = self._view(name) if name in self._all else None
        return {"role": view, "version": self._version, "notes": _notes(role) if role is not None else []}

    def _view(self, name: str) -> dict[str, Any]:
        origin = {"shipped": name in self._shipped, "own": name + SUFFIX in self._custom}
        return {"name": name, **self._all[name].fields(), **origin}

    def _refresh_if_due(self) -> None:
        """Before each lookup: reads what changed, at most once in REFRESH_EVERY_S."""
        if self.roles_dir is None or self._clock() < self._refresh_at_s:
            return
        for problem in self._reload_changed():
            log.warning("%s; what was in force before stays", problem)

    def _reload_changed(self) -> list[str]:
        """Reads the files that changed or are new; returns the problems that are new."""
        self._refresh_at_s = self._clock() + REFRESH_EVERY_S
        try:
            files = {} if self.roles_dir is None else _files(self.roles_dir)
        except OSError as error:
            if not (self._may_be_missing and isinstance(error, FileNotFoundError)):
                before, advice = self._folder_problem, "create the folder or leave the key out"
                self._listing = None
                self._folder_problem = f"agents.roles_dir: cannot read {self.roles_dir}: {error.strerror}; {advice}"
                return [] if before == self._folder_problem else [self._folder_problem]
            files = {}
        if self._folder_problem:
            self._folder_problem, self._listing = "", None
        if files == self._signatures:
            return []
        self._listing = None
        changed = sorted(
            name for name in files.keys() | self._signatures.keys() if files.get(name) != self._signatures.get(name)
        )
        for file_name in changed:
            self._reload(file_name, exists=file_name in files)
        self._signatures = files
        self._merge()
        return [self._file_problems[name] for name in changed if name in self._file_problems]

    def _reload(self, file_name: str, *, exists: bool) -> None:
        self._file_problems.pop(file_name, None)
        if not exists:
            self._custom.pop(file_name, None)
            self._file_notes.pop(file_name, None)
            return
        path = Path(self.roles_dir or "", file_name)
        try:
            role = role_file.read(path)
        except RoleFileError as error:
            self._file_problems[file_name] = str(error)
            return
        self._custom[file_name] = role
        self._file_notes[file_name] = [f"{path}: {note}" for note in _notes(role)]
        for note in self._file_notes[file_name]:
            log.warning("%s", note)

    def _merge(self) -> None:
        self._all = {**self._shipped, **{role.name: role for role in self._custom.values()}}
        views = orjson.dumps([self._view(name) for name in sorted(self._all)])
        self._version = hashlib.blake2b(views, digest_size=VERSION_BYTES).hexdigest()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """An OSError becomes a BadRequest with the cure."""
    try:
        yield
    except OSError as error:
        raise BadRequest(
            f"cannot write {path}: {error.strerror}; give agents.roles_dir a folder that the daemon may write to"
        ) from None


def _notes(role: Role) -> list[str]:
    """No error: a role from another version, or for another engine's voices, must stay in force."""
    return [f"voice: {problem}; it is passed over" for problem in voices.problems(role.voice)]


def _files(folder: Path) -> dict[str, Signature]:
    """The role files of the folder. Hidden ones are skipped: editors and `role_file.write` use them for unfinished
    work.
    """
    found: dict[str, Signature] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIXES) and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # deleted since the scan
                    status = entry.stat()
                    found[entry.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


@cache
def _shipped() -> dict[str, Role]:
    """Read once a process. They are a part of the program: an invalid one is a bug."""
    roles = map(role_file.read, sorted(SHIPPED_DIR.glob("*" + SUFFIX)))
    return {role.name: role for role in roles}
