"""Files and folders that other users of the machine must not read, replace or put in our place. Any thread."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from llm_agentd.errors import StartError

log = logging.getLogger(__name__)

FOLDER_MODE = 0o700
# What a secret file must not allow: others anything, its group more than reading, which an admin may want.
OTHERS = 0o037


def keep_secret(path: Path, key: str) -> None:
    """The file is ours, root's or its folder's owner's, and nobody else reads it: where we may, its rights are mended.

    `key`: of the configuration, for errors. Raises StartError, OSError.
    """
    if not hasattr(os, "geteuid"):  # Windows, where the rights of the folder are inherited
        return
    status = path.stat()
    if status.st_uid not in (os.geteuid(), 0, path.parent.stat().st_uid):
        raise StartError(
            f"{key}: {path} belongs to another user, who may have put a token of their own there; delete it, or name"
            " another file"
        )
    if not status.st_mode & OTHERS:
        return
    try:
        path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
    except PermissionError:
        raise StartError(f"{key}: other users may read or write {path}; run `chmod 600 {path}` as its owner") from None
    log.warning(
        "%s: other users could read or write %s; it is closed to them now, but who has read it knows the token:"
        " `llm-agentd token --new` makes another",
        key,
        path,
    )


def make_private_folder(path: Path, key: str) -> None:
    """Makes it for its owner alone, whatever the umask, where it is missing. Raises StartError where others may write
    into one that is there (in a sticky one, such as /tmp, they cannot replace what is ours), OSError.
    """
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    mode = path.stat().st_mode
    if os.name == "posix" and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise StartError(
            f"{key}: others may write into {path}, and could put files of their own in the place of ours; run"
            f" `chmod go-w {path}`, or choose a folder of your own"
        )


def own_as(path: Path, other: Path) -> None:
    """What root makes for the service belongs to the owner of `other`, or it could not use it. Raises OSError."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        status = other.stat()
        os.chown(path, status.st_uid, status.st_gid)
