"""Where the key of a server comes from: a variable of the environment, or a file, read again when it changes.

A key is held here, and by whoever calls the server with it. It is in no repr, and no message says more of it than
where it comes from.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

log = logging.getLogger(__name__)

Stamp: TypeAlias = tuple[int, int, int]

KEY_MAX_BYTES = 16 * 1024  # the longest tokens of clouds have a few thousand characters
OTHERS = 0o007  # rights of a file that let everybody know the key


class KeyProblem(Exception):
    """There is no usable key. The message names where it should be, and the cure."""


class KeySource:
    """`read` on one thread, the rest on any."""

    def __init__(self, *, variable: str | None, file: Path | None, environ: Mapping[str, str]) -> None:
        self._variable = variable
        self._file = file
        self._environ = environ
        self._stamp: Stamp | None = None  # of the file when it was read last
        self._key = ""
        self._problem = ""  # what was wrong with it

    def __repr__(self) -> str:
        return f"KeySource({self.place})"

    @property
    def place(self) -> str:
        """For people: `the variable OPENAI_API_KEY`; "" where the server wants no key."""
        if self._variable:
            return f"the variable {self._variable}"
        return f"the file {self._file}" if self._file else ""

    def read(self) -> str:
        """The key as it is now; "" where none is configured. Raises KeyProblem."""
        if self._variable:
            return self._from_variable(self._variable)
        return self._from_file(self._file) if self._file else ""

    def _from_variable(self, name: str) -> str:
        key = self._environ.get(name, "").strip()
        if not key:
            raise KeyProblem(f"the environment variable {name} is not set where the daemon starts: set it to the key")
        return _checked(key, self.place)

    @property
    def has_changed(self) -> bool:
        """Whether the file is another than was read."""
        try:
            return self._file is not None and _stamp(os.stat(self._file)) != self._stamp
        except OSError:
            return False

    def _from_file(self, file: Path) -> str:
        try:
            status = os.stat(file)
            if _stamp(status) != self._stamp:
                self._take(file, status)
        except OSError as error:
            raise KeyProblem(
                f"the key's file {file} cannot be read: {error.strerror}; write the key into it, as a file that only"
                " the daemon's user can read"
            ) from None
        if self._problem:
            raise KeyProblem(self._problem)
        return self._key

    def _take(self, file: Path, status: os.stat_result) -> None:
        self._problem = ""
        try:
            self._key = self._load(file, status.st_mode)
        except KeyProblem as error:
            self._problem = str(error)
        if self._stamp is not None:
            log.info("the key in %s has changed", file)
        self._stamp = _stamp(status)

    def _load(self, file: Path, mode: int) -> str:
        if os.name == "posix" and mode & OTHERS:
            raise KeyProblem(f"other users can read or write {file}, and so could know the key; run `chmod 600 {file}`")
        with file.open("rb") as stream:
            data = stream.read(KEY_MAX_BYTES + 1)
        return _checked(data.decode("utf-8", "replace").strip(), self.place)


def _stamp(status: os.stat_result) -> Stamp:
    """Changes with what it holds and with its rights, and where another file takes its name."""
    return status.st_ctime_ns, status.st_size, status.st_ino


def _checked(key: str, place: str) -> str:
    """What a header can carry: anything else would fail in each call, with the key in the message."""
    if not key:
        raise KeyProblem(f"{place} is empty: write the key into it")
    if len(key) > KEY_MAX_BYTES or not (key.isascii() and key.isprintable()) or " " in key:
        raise KeyProblem(f"{place} holds more than a key: want one word of plain letters, digits and signs")
    return key
