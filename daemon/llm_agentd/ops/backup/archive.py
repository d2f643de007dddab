"""The file that `backup` writes and `restore` reads: a gzipped tar that opens with `manifest.json`.

The manifest names each file with its size and SHA-256, so damage is found before anything is touched. Files are read by
the names that it lists, never unpacked by what the tar says of itself: links, devices and paths that lead elsewhere are
refused. Knows no configuration and no daemon.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_agentd import __version__
from llm_agentd.errors import StartError
from llm_agentd.util.timestamps import rfc3339

FORMAT = 1  # a change that older programs cannot read adds one
PROGRAM = "llm-agentd"
MANIFEST = "manifest.json"
MANIFEST_MAX_BYTES = 4 * 2**20  # 20,000 roles; no server has so many
CHUNK_BYTES = 2**20
# What a backup may hold. No hidden files, and no folders but these: `..` would be one.
NAMES = re.compile(
    r"memory\.db|config\.yaml|roles/[^/.\0][^/\0]*\.ya?ml|roles/\.history/[^/.\0][^/\0]*\.json|logs/[a-z]+\.jsonl(\.[1-9])?"
)
DAMAGE = (tarfile.TarError, EOFError, zlib.error, ValidationError, ValueError)


class Packed(BaseModel):
    """One file of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What is in the file, by whom and when it was made."""

    model_config = ConfigDict(frozen=True)  # a later version may say more

    program: str
    format: int
    version: str
    time: str
    files: dict[str, Packed]


def write(target: Path, files: Mapping[str, Path]) -> Manifest:
    """`files`: name in the archive → file on disk. The target (mode 0600) is whole before it has its name.

    Raises OSError, also where the target is there already.
    """
    packed = {name: _measure(path) for name, path in files.items()}
    manifest = Manifest(program=PROGRAM, format=FORMAT, version=__version__, time=rfc3339(time.time()), files=packed)
    handle, unfinished = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)  # O_EXCL, mode 0600
    try:
        with open(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
                _add_bytes(tar, MANIFEST, orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")
                for name, path in files.items():
                    tar.add(path, arcname=name, recursive=False, filter=_without_owner)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, target)  # and not a rename: only a link fails where the name is taken
    finally:
        Path(unfinished).unlink(missing_ok=True)
    return manifest


def read(source: Path, folder: Path) -> Manifest:
    """Checks all of it and copies its files into `folder`, which is the caller's and empty. Raises StartError."""
    try:
        with closing(tarfile.open(source, "r:gz")) as tar:
            manifest = _read_manifest(source, tar)
            _check_room(source, manifest, folder)
            names = set()
            for member in tar:
                if member.name == MANIFEST:
                    continue
                if not member.isreg() or member.name not in manifest.files or member.name in names:
                    raise StartError(f"{source}: {member.name!r} does not belong into a backup; nothing was restored")
                names.add(member.name)
                _copy_out(source, tar, member, manifest.files[member.name], folder)
    except DAMAGE as error:
        raise _damaged(source, str(error)) from None
    except OSError as error:
        raise StartError(f"{source}: cannot be read: {error.strerror or error}; nothing was restored") from None
    if missing := sorted(manifest.files.keys() - names):
        raise _damaged(source, f"{missing[0]} is missing")
    return manifest


def _read_manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    if member is None or member.name != MANIFEST or not member.isreg() or member.size > MANIFEST_MAX_BYTES:
        raise StartError(f"{source} is no backup of llm-agentd: it does not begin with {MANIFEST}")
    facts: Any = orjson.loads(_opened(tar, member).read())
    if not isinstance(facts, dict) or facts.get("program") != PROGRAM:
        raise StartError(f"{source} is no backup of llm-agentd: its {MANIFEST} is of another program")
    if isinstance(facts.get("format"), int) and facts["format"] > FORMAT:
        raise StartError(
            f"{source} was made by a newer llm-agentd ({facts.get('version')}): it is of format {facts['format']}, this"
            f" program reads {FORMAT}; install that version, then restore"
        )
    manifest = Manifest.model_validate(facts)
    for name in manifest.files:
        if not NAMES.fullmatch(name):
            raise StartError(f"{source}: {name!r} does not belong into a backup; nothing was restored")
    return manifest


def _check_room(source: Path, manifest: Manifest, folder: Path) -> None:
    """Before anything is unpacked: a small file may claim to hold terabytes."""
    needed = sum(packed.bytes for packed in manifest.files.values())
    if needed > shutil.disk_usage(folder).free:
        raise StartError(f"{source} holds {needed} bytes, more than are free in {folder.parent}; free space there")


def _copy_out(source: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, packed: Packed, folder: Path) -> None:
    if member.size != packed.bytes:
        raise _damaged(source, f"{member.name} has {member.size} bytes and should have {packed.bytes}")
    target = folder / member.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with _opened(tar, member) as file, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != packed.sha256:
        raise _damaged(source, f"{member.name} is not what was packed")


def _damaged(source: Path, why: str) -> StartError:
    return StartError(f"{source} is damaged, or no backup ({why}); nothing was restored: take another copy of it")


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    assert file is not None  # it is a regular file
    return file


def _measure(path: Path) -> Packed:
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Packed(bytes=file.tell(), sha256=digest.hexdigest())


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    import io

    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o600, int(time.time())
    tar.addfile(info, io.BytesIO(data))


def _without_owner(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Who owned a file on this machine means nothing on another."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info
