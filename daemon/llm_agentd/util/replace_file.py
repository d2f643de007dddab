"""A text file in the place of another, in one step: who reads it sees the old or the new, never a half. Any thread."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, text: str, *, mode: int = 0o600, is_synced: bool = True) -> None:
    """It keeps the old file's mode and owner; `mode`: of one that is new. What `path` links to is replaced, not the
    link. `is_synced` False: without fsync, which may take longer than a reply. Raises OSError, and leaves nothing
    behind then.
    """
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    new = Path(name)
    try:
        with open(handle, "wb") as stream:
            stream.write(text.encode())
            if is_synced:
                stream.flush()
                os.fsync(stream.fileno())
        if path.is_file():
            old = path.stat()
            mode = old.st_mode & 0o7777
            with suppress(OSError, AttributeError):  # only root may give files away; Windows has no such call
                os.chown(new, old.st_uid, old.st_gid)
        new.chmod(mode)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
