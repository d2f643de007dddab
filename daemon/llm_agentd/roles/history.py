"""What an admin's roles were before each change, so that a change can be taken back, also after a restart.

One JSON file a role in the hidden folder `.history` of `agents.roles_dir`, the newest version last. Undone changes stay
in it too, so that nothing that was ever saved is lost by an undo. Router thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from llm_agentd.roles import role_file
from llm_agentd.util.replace_file import replace_file
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import rfc3339

FOLDER = ".history"
VERSIONS_MAX = 20  # of one role: an evening of trying; each is a page at most
FILE_MAX_BYTES = 2**20  # twice what so many of the longest roles take; a file beyond it is not ours

Fields: TypeAlias = Mapping[str, Any] | None  # of a role's file; None: there was none


@dataclass(frozen=True, slots=True)
class Version:
    """What was in force until `time`. `is_undone`: the change that ended it was taken back."""

    time: str
    role: Fields
    is_undone: bool = False

    def view(self) -> dict[str, Any]:
        return {"time": self.time, "role": self.role, "undone": self.is_undone}


class RoleHistory:
    """`folder`: of the roles. Raises OSError where the disk fails; what cannot be read counts as none."""

    def __init__(self, folder: Path, *, now_s: Callable[[], float] = steady_time_s) -> None:
        self._folder = folder / FOLDER
        self._now_s = now_s

    def versions(self, name: str) -> list[Version]:
        """The oldest first."""
        try:
            path = self._path(name)
            if path.stat().st_size > FILE_MAX_BYTES:
                return []
            entries = orjson.loads(path.read_bytes())
            return [Version(str(one["time"]), _fields(one["role"]), bool(one["undone"])) for one in entries]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def add(self, name: str, before: Fields) -> None:
        """Before a change."""
        self._write(name, [*self.versions(name), self._version(before)])

    def last(self, name: str) -> Version | None:
        """What an undo would bring back."""
        return next((version for version in reversed(self.versions(name)) if not version.is_undone), None)

    def undo(self, name: str, before: Fields) -> None:
        """Before the role gets what `last` gave: that is marked, and what was in force until now is kept behind it."""
        versions = self.versions(name)
        at = max(index for index, version in enumerate(versions) if not version.is_undone)
        versions[at] = Version(versions[at].time, versions[at].role, is_undone=True)
        now = self._version(before)
        self._write(name, [*versions, Version(now.time, now.role, is_undone=True)])

    def _version(self, role: Fields) -> Version:
        return Version(rfc3339(self._now_s()), role)

    def _write(self, name: str, versions: list[Version]) -> None:
        role_file.make_folder(self._folder.parent)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        text = orjson.dumps([version.view() for version in versions[-VERSIONS_MAX:]]).decode()
        replace_file(self._path(name), text, is_synced=False)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _fields(value: Any) -> Fields:
    """Raises TypeError for what no role is."""
    if value is not None and not isinstance(value, dict):
        raise TypeError(value)
    return value
