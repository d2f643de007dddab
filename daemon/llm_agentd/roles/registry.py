"""The roles that NPCs can have: the shipped ones, and an admin's own laid over them.

Own roles lie in `agents.roles_dir`, a file each, and are read again when they change: whoever asks for a role makes
`Roles` look, once a second at most. At start a bad file stops the start; later it leaves the last good version in
force and is told of. Router thread, after the start.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from llm_agentd.errors import BadRequest, StartError, TooLarge
from llm_agentd.roles import role_file
from llm_agentd.roles.role import BadField, Role, check_name, make_role
from llm_agentd.roles.role_file import SUFFIX, RoleFileError
from llm_agentd.util.did_you_mean import nearest

log = logging.getLogger(__name__)

SHIPPED_DIR = Path(__file__).parent / "shipped"
LOOK_EVERY_S = 1.0  # an admin does not notice a second, and a look at a folder of twenty costs 0.1 ms
VERSION_BYTES = 6
LISTING_MAX_BYTES = 240 * 1024  # a record of the wire holds 256 KiB; about 80 long roles
ENDINGS = (SUFFIX, ".yml")  # the second is a slip, and told of

Signature: TypeAlias = tuple[int, int, int]  # a file with another one is read again
NEVER_SEEN: Signature = (0, 0, 0)


class Roles:
    """All known roles by name. `own_dir` None: the shipped ones and no more."""

    def __init__(self, own_dir: Path | None, *, may_be_missing: bool, clock: Callable[[], float]) -> None:
        self.own_dir = own_dir
        self._may_be_missing = may_be_missing
        self._clock = clock
        self._shipped = _shipped()
        self._own: dict[str, Role] = {}  # by file name, as the next two
        self._seen: dict[str, Signature] = {}
        self._bad: dict[str, str] = {}  # what is wrong with the file
        self._bad_folder = ""
        self._look_s = 0.0
        self._merge()

    @classmethod
    def load(
        cls,
        own_dir: Path | None = None,
        *,
        may_be_missing: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> Roles:
        """As at the daemon's start. Raises StartError naming file, line and field."""
        roles = cls(own_dir, may_be_missing=may_be_missing, clock=clock)
        for problem in roles._catch_up():
            raise StartError(problem)
        return roles

    # -- to read ---------------------------------------------------------------------------------

    def names(self) -> list[str]:
        self._look()
        return sorted(self._all)

    def get(self, name: str, persona: str | None = None) -> Role:
        """The role called `name`; an unknown one is fine where the mod brings a persona, else BadRequest."""
        self._look()
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
        self._look()
        return self._version

    def listing(self) -> dict[str, Any]:
        """What the op `roles` answers. Raises TooLarge where one record cannot hold it."""
        self._look()
        listing = {
            "roles": [self._view(name) for name in sorted(self._all)],
            "version": self._version,
            "problems": self.problems(),
            "folder": str(self.own_dir or ""),
        }
        size = len(orjson.dumps(listing))
        if size > LISTING_MAX_BYTES:
            raise TooLarge(f"{len(self._all)} roles are {size} bytes; {LISTING_MAX_BYTES} fit: shorten or remove some")
        return listing

    def problems(self) -> list[str]:
        """What is wrong with the admin's own files, as `FILE:LINE: …`."""
        return [*filter(None, [self._bad_folder]), *(self._bad[name] for name in sorted(self._bad))]

    # -- to write --------------------------------------------------------------------------------

    def set(self, name: str, fields: Mapping[str, Any] | None) -> dict[str, Any]:
        """Writes the admin's own file of a role, or with None takes it away. Raises BadRequest naming the field."""
        if self.own_dir is None:
            raise BadRequest("agents.roles_dir: this daemon has no folder for roles")
        try:
            path = self.own_dir / (check_name(name) + SUFFIX)
            role = None if fields is None else make_role(name, fields)
        except BadField as error:
            raise BadRequest(str(error)) from None
        try:
            if role is not None:
                role_file.write(path, role)
            else:
                path.unlink()
        except FileNotFoundError:
            known = "; the shipped one stays" if name in self._shipped else ""
            raise BadRequest(f"name: there is no {path} to take away{known}") from None
        except OSError as error:
            raise BadRequest(
                f"cannot write {path}: {error.strerror}; give agents.roles_dir a folder that the daemon may write to"
            ) from None
        self._seen[path.name] = NEVER_SEEN  # to be read again, even where the disk's clock has not moved on
        for problem in self._catch_up():
            log.warning("%s", problem)
        return {"role": self._view(name) if name in self._all else None, "version": self._version}

    # -- inside ----------------------------------------------------------------------------------

    def _view(self, name: str) -> dict[str, Any]:
        marks = {"shipped": name in self._shipped, "own": name + SUFFIX in self._own}
        return {"name": name, **self._all[name].fields(), **marks}

    def _look(self) -> None:
        """Before each answer: takes in what changed since the last look, once in `LOOK_EVERY_S`."""
        if self.own_dir is None or self._clock() < self._look_s:
            return
        for problem in self._catch_up():
            log.warning("%s; what was in force before stays", problem)

    def _catch_up(self) -> list[str]:
        """Reads what is new or other in the folder; returns the problems that are new."""
        self._look_s = self._clock() + LOOK_EVERY_S
        try:
            files = {} if self.own_dir is None else _files(self.own_dir)
        except OSError as error:
            if not (self._may_be_missing and isinstance(error, FileNotFoundError)):
                before, cure = self._bad_folder, "create the folder or leave the key out"
                self._bad_folder = f"agents.roles_dir: cannot read {self.own_dir}: {error.strerror}; {cure}"
                return [] if before == self._bad_folder else [self._bad_folder]
            files = {}
        self._bad_folder = ""
        if files == self._seen:
            return []
        changed = sorted(name for name in files.keys() | self._seen.keys() if files.get(name) != self._seen.get(name))
        for file_name in changed:
            self._take(file_name, exists=file_name in files)
        self._seen = files
        self._merge()
        return [self._bad[name] for name in changed if name in self._bad]

    def _take(self, file_name: str, *, exists: bool) -> None:
        self._bad.pop(file_name, None)
        if not exists:
            self._own.pop(file_name, None)
            return
        try:
            self._own[file_name] = role_file.read(Path(self.own_dir or "", file_name))
        except RoleFileError as error:
            self._bad[file_name] = str(error)

    def _merge(self) -> None:
        self._all = {**self._shipped, **{role.name: role for role in self._own.values()}}
        views = orjson.dumps([self._view(name) for name in sorted(self._all)])
        self._version = hashlib.blake2b(views, digest_size=VERSION_BYTES).hexdigest()


def _files(folder: Path) -> dict[str, Signature]:
    """The folder's role files. Hidden ones are no one's roles: editors and `write` keep unfinished work there."""
    found: dict[str, Signature] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ENDINGS) and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # it went away just now
                    facts = entry.stat()
                    found[entry.name] = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
    return found


@cache
def _shipped() -> dict[str, Role]:
    """Part of the program: read once a process, and a bad one is a bug."""
    roles = map(role_file.read, sorted(SHIPPED_DIR.glob("*" + SUFFIX)))
    return {role.name: role for role in roles}
