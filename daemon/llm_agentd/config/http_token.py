"""The HTTP token: the one that the configuration sets, or one made here and kept in `http.token_file`.

Any thread. The daemon and the HTTP adapter may start at the same instant, and an admin ask for the token before either:
whoever comes first makes it, all others find it whole. Knows files, nothing of HTTP.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from llm_agentd.config.private_files import keep_secret, make_private_folder, own_as
from llm_agentd.config.values import HTTP_TOKEN, OFF
from llm_agentd.errors import StartError
from llm_agentd.util.regular_file import read_regular

TOKEN_BYTES = 24  # 192 random bits, twice what nobody can guess, in 32 characters without padding
FILE_MAX_BYTES = 4096  # a token, or what an admin wrote: a longer one fits no header
KEY = "http.token_file"
COMMAND = "llm-agentd token"


def find_token(configured: str | None, path: Path) -> str | None:
    """The token that clients must give; made where there is none yet. None: none is wanted. Raises StartError.

    `configured`: http.token, `path`: http.token_file.
    """
    if configured is not None:
        return None if configured == OFF else configured
    with _explained(path):
        with suppress(FileNotFoundError):
            return _read(path)
        _keep(path, replace=False)
        return _read(path)


def renew_token(configured: str | None, path: Path) -> str:
    """A new token in the place of the one there. Raises StartError, also where the configuration sets one, which is
    not ours to change. The arguments are those of `find_token`."""
    if configured is not None:
        raise StartError("http.token is set in the configuration: change it there, or take it out to have one made")
    with _explained(path):
        _keep(path, replace=True)
        return _read(path)


def _read(path: Path) -> str:
    data = read_regular(path, FILE_MAX_BYTES)
    make_private_folder(path.parent, KEY)
    keep_secret(path, KEY)
    token = data.decode("ascii", "replace").strip()
    if not HTTP_TOKEN.fullmatch(token):
        raise StartError(f"http.token_file: {path} holds no token; `{COMMAND} --new` makes one")
    return token


def _keep(path: Path, *, replace: bool) -> None:
    """Puts a new token there, readable for its owner alone. Without `replace` one that is there by now stays.

    The file is whole, and on the disk, before it has its name. A hard link gives it the name, since link(2) alone of
    all calls that name a file fails where the name is taken; so of two who make a token at once both use the first's.
    """
    make_private_folder(path.parent, KEY)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # O_EXCL, mode 0600
    try:
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        own_as(Path(name), path.parent)
        if replace:
            os.replace(name, path)
        else:
            with suppress(FileExistsError):
                os.link(name, path)
        _sync_folder(path.parent)
    finally:
        Path(name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """So that the name survives a power cut too. Windows opens no folders, and keeps names by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """An OSError about the token's file becomes a StartError with the cure."""
    try:
        yield
    except OSError as error:
        raise StartError(f"http.token_file: cannot use {path} ({error.strerror}): {_cure(path, error)}") from error


def _cure(path: Path, error: OSError) -> str:
    owner = _owner(path)
    if isinstance(error, PermissionError) and owner is not None:
        return f"it belongs to {owner}; run this as that user, such as: sudo -u {owner} {COMMAND}"
    return "name a file that can be written, in a folder that survives a restart, or set http.token"


def _owner(path: Path) -> str | None:
    """Whose the file is, or the nearest folder above it that can be looked at, where it is another user's."""
    if not hasattr(os, "geteuid"):  # Windows
        return None
    for place in (path, *path.parents):
        with suppress(OSError, KeyError):  # not there, or hidden; a user without a name
            return None if place.stat().st_uid == os.geteuid() else place.owner()
    return None
