"""Writing and deleting the files of a service below a root folder, saying each: nothing is written twice."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TextIO

from llm_agentd.errors import StartError
from llm_agentd.ops.service.files import File, version_of


class Writer:
    """`root`: where the machine's / is. `changed`: paths that were written or deleted."""

    def __init__(self, root: Path, out: TextIO) -> None:
        self._root = root
        self._out = out
        self.changed: list[PurePosixPath] = []

    def place(self, path: PurePosixPath) -> Path:
        return self._root / path.relative_to("/")

    def read(self, path: PurePosixPath) -> str | None:
        try:
            return self.place(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure("read", path, error) from error

    def write(self, files: Iterable[File]) -> None:
        for file in files:
            before = self.read(file.path)
            if before == file.text:
                self.say("unchanged", file.path)
            elif before is not None and file.is_kept:
                self.say("kept", file.path)
            else:
                self._replace(file, before)

    def _replace(self, file: File, before: str | None) -> None:
        place = self.place(file.path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if before is not None and place.suffix == ".service" and version_of(before) is None:
                place.rename(place.with_name(place.name + ".old"))
                self.say("kept as .old, as somebody else wrote it:", file.path)
            handle, name = tempfile.mkstemp(prefix=f".{place.name}-", dir=place.parent)
            with open(handle, "w", encoding="utf-8") as new:
                new.write(file.text)
            os.chmod(name, file.mode)
            os.replace(name, place)  # whole or not at all
        except OSError as error:
            raise self._failure("write", file.path, error) from error
        self._note("wrote", file.path)

    def link(self, path: PurePosixPath, target: str) -> None:
        """As `systemctl enable` does."""
        place = self.place(path)
        try:
            if place.is_symlink():
                return
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        except OSError as error:
            raise self._failure("write", path, error) from error
        self._note("linked", path)

    def delete(self, paths: Iterable[PurePosixPath]) -> None:
        for path in paths:
            place = self.place(path)
            if not place.is_symlink() and not place.exists():
                continue
            try:
                place.unlink()
            except OSError as error:
                raise self._failure("delete", path, error) from error
            self._note("deleted", path)

    def _note(self, what: str, path: PurePosixPath) -> None:
        self.changed.append(path)
        self.say(what, path)

    def say(self, what: str, path: PurePosixPath) -> None:
        print(f"{what} {self.place(path)}", file=self._out)

    def _failure(self, what: str, path: PurePosixPath, error: OSError) -> StartError:
        cure = "run this as root: sudo" if isinstance(error, PermissionError) else "see to that and run it again"
        return StartError(f"cannot {what} {self.place(path)}: {error.strerror}; {cure}")
