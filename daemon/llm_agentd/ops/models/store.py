"""The folder of pulled models (`model.dir`): what lies in it, room for more, and how a fetched file gets into it whole.

A file is fetched into `.partial/`, checked there, and renamed into the folder at the end, so that whatever is called
NAME.gguf is whole. `SHA256SUMS` has the digests of all that was pulled; `sha256sum -c SHA256SUMS` checks them.
Main thread of a command; knows no source.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llm_agentd.engines.gguf import read_header
from llm_agentd.engines.model_shape import is_later_part, part_names
from llm_agentd.errors import StartError
from llm_agentd.ops.models.words import size_words
from llm_agentd.util.file_lock import FileLock

SUMS = "SHA256SUMS"
PARTIAL = ".partial"
LOCK = "lock"
# Left free on the disk for everybody else: worlds, logs, the cache.
RESERVE_BYTES = 256 * 1024 * 1024
# The daemon runs as another user than the admin who pulls.
FOLDER_MODE, FILE_MODE = 0o755, 0o644


class ModelStore:
    """`folder` may not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.partial = folder / PARTIAL

    def models(self) -> list[Path]:
        """The models in the folder, each by its first part."""
        return sorted(path for path in self.folder.glob("*.gguf") if not is_later_part(path.name))

    def has(self, name: str) -> bool:
        """Whether the file and, of a model in parts, all of them are there."""
        return all((self.folder / part).is_file() for part in part_names(name))

    def sha256(self, name: str) -> str | None:
        """As it was when the file was pulled."""
        return self._sums().get(name)

    @contextmanager
    def fetching(self) -> Iterator[Path]:
        """The folder for what is being fetched, for this process alone. What is left in it is for the next try."""
        lock = self._lock()
        try:
            yield self.partial
        finally:
            (self.partial / LOCK).unlink(missing_ok=True)
            lock.release()
            if not any(self.partial.iterdir()):
                self.partial.rmdir()

    def _lock(self) -> FileLock:
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            self.partial.mkdir(mode=FOLDER_MODE, exist_ok=True)
            return FileLock(self.partial / LOCK)
        except BlockingIOError:
            raise StartError(
                f"another `llm-agentd model pull` fetches into {self.folder}; wait until it is done"
            ) from None
        except OSError as error:
            raise StartError(
                f"model.dir: {error.filename or self.folder} cannot be written ({error.strerror}); run this as root or"
                " as the daemon's user, or choose another folder with --set model.dir=FOLDER"
            ) from None

    def check_room(self, wanted_bytes: int) -> None:
        """Raises StartError where the disk has not so much left."""
        free = shutil.disk_usage(self.partial).free
        if wanted_bytes + RESERVE_BYTES > free:
            raise StartError(
                f"no room: {size_words(wanted_bytes)} are to come and {size_words(RESERVE_BYTES)} stay free, but the"
                f" disk of {self.folder} has {size_words(free)}; delete models there, or choose another folder with"
                " --set model.dir=FOLDER"
            )

    def add(self, fetched: Path, name: str, sha256: str) -> Path:
        """Renames a whole, checked file into the folder. Raises StartError where it is no whole GGUF file."""
        try:
            read_header(fetched)
        except StartError as error:
            fetched.unlink(missing_ok=True)
            raise StartError(f"{name}: what came is no model: {str(error).removeprefix('model.path: ')}") from None
        target = self.folder / name
        fetched.chmod(FILE_MODE)
        os.replace(fetched, target)
        self._write_sums({**self._sums(), name: sha256})
        return target

    def _sums(self) -> dict[str, str]:
        try:
            lines = (self.folder / SUMS).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}

    def _write_sums(self, sums: dict[str, str]) -> None:
        here = {name: digest for name, digest in sums.items() if (self.folder / name).is_file()}
        new = self.partial / SUMS
        new.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(here.items())), encoding="utf-8")
        new.chmod(FILE_MODE)
        os.replace(new, self.folder / SUMS)
