"""`llm-agentd model list` and `info`: tables and lines for people, or one JSON object a line. Pure but for printing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from rich.table import Table

from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError
from llm_agentd.ops.models import catalogue
from llm_agentd.ops.models.catalogue import Entry
from llm_agentd.ops.models.memory_needed import MemoryNeeded, memory_needed
from llm_agentd.ops.models.model_file import ModelFile, read_model
from llm_agentd.ops.models.selection import EMBEDDED, served_model
from llm_agentd.ops.models.store import ModelStore
from llm_agentd.ops.models.words import parameters_words, size_words
from llm_agentd.ops.terminal import cell, console_for
from llm_agentd.util.free_memory import free_bytes, total_bytes
from llm_agentd.util.json_line import json_line

LANGUAGES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A row. `memory_bytes`: with so many NPCs. `state`: served, here, or empty (can be fetched)."""

    name: str
    title: str
    source: str
    parameters: int
    quantization: str
    file_bytes: int | None
    memory_bytes: int | None
    license: str
    languages: tuple[str, ...]
    languages_words: str
    checked: str
    state: str
    note: str = ""
    files: tuple[dict[str, object], ...] = field(default=())


def show_list(config: Config, store: ModelStore, *, npcs: int, as_json: bool, out: TextIO) -> None:
    """The embedded model, the catalogue, and what else lies in the folder."""
    rows = list(_rows(config, store, npcs))
    if as_json:
        for row in rows:
            out.write(json_line(asdict(row)))
        return
    total = total_bytes()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("name", "size", "file", f"memory, {npcs} NPCs", "licence", "languages", "checked", ""):
        table.add_column(
            title, justify="right" if title in ("size", "file") or "NPCs" in title else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(cell(words) for words in _cells(row, total)))
    console_for(out).print(table)
    for line in _legend(config, total):
        print(line, file=out)


def _cells(row: ListedModel, total_bytes: int) -> tuple[str, ...]:
    memory = "?" if row.memory_bytes is None else size_words(row.memory_bytes)
    too_big = row.memory_bytes is not None and row.memory_bytes > total_bytes
    return (
        row.name,
        parameters_words(row.parameters) if row.parameters else "?",
        "?" if row.file_bytes is None else size_words(row.file_bytes),
        memory + (" !" if too_big else ""),
        row.license.removesuffix(" License").removesuffix(" Community").removesuffix(" Terms of Use"),
        row.languages_words,
        row.checked,
        row.state,
    )


def _legend(config: Config, total_bytes: int) -> Iterator[str]:
    free = free_bytes()
    yield ""
    if config.model.engine == "openai":
        servers = ", ".join(f"{one.model} at {one.place}" for one in config.remote.upstreams)
        yield f"served: model.engine is openai, so no file is: {servers}"
    yield (
        f"memory: computed, for batch.size {config.batch.size} and the context as configured; this machine has"
        f" {size_words(total_bytes)}, {size_words(free)} of it free (! = more than it has)"
    )
    yield "checked: run = put through `model use` by the makers; looked up = public facts, never run by them"
    yield "llm-agentd model info NAME says more, model pull NAME fetches one, model use NAME serves it"


def _rows(config: Config, store: ModelStore, npcs: int) -> Iterator[ListedModel]:
    served = None if config.model.engine == "openai" else served_model(config)
    embedded = _read(EMBEDDED_MODEL)
    if embedded is not None:
        yield _of_file(embedded, EMBEDDED, config, npcs, served)
    known = set()
    for entry in catalogue.entries():
        path = store.folder / entry.files[0].name
        known.add(path.name)
        state = "served" if path == served else "here" if store.has(path.name) else ""
        yield _of_entry(entry, config, npcs, state)
    others = [path for path in store.models() if path.name not in known]
    if served is not None and served not in (EMBEDDED_MODEL, *others) and served.name not in known:
        others.append(served)
    for path in others:
        model = _read(path)
        if model is not None:
            yield _of_file(model, path.stem if path.parent == store.folder else str(path), config, npcs, served)


def _read(path: Path) -> ModelFile | None:
    try:
        return read_model(path)
    except StartError:
        return None


def _of_entry(entry: Entry, config: Config, npcs: int, state: str) -> ListedModel:
    memory = entry_memory(entry, npcs, config)
    return ListedModel(
        name=entry.name,
        title=entry.title,
        source=entry.source,
        parameters=entry.parameters,
        quantization=entry.quantization,
        file_bytes=entry.file_bytes,
        memory_bytes=memory.total if memory else None,
        license=entry.license,
        languages=entry.languages,
        languages_words=_short(entry.languages) or entry.languages_words or "?",
        checked=entry.checked,
        state=state,
        note=entry.note,
        files=tuple(file.model_dump(exclude_none=True) for file in entry.files),
    )


def _of_file(model: ModelFile, name: str, config: Config, npcs: int, served: Path | None) -> ListedModel:
    return ListedModel(
        name=name,
        title=model.title,
        source="embedded" if model.path == EMBEDDED_MODEL else str(model.path),
        parameters=model.parameters,
        quantization=model.quantization,
        file_bytes=model.bytes,
        memory_bytes=model.memory_needed(npcs, config).total if model.kv_values_per_token else None,
        license=model.license,
        languages=model.languages,
        languages_words=_short(model.languages) or model.languages_words,
        checked="run" if model.path == EMBEDDED_MODEL else "base model" if model.is_base else "-",
        state="served" if model.path == served else "here",
    )


def entry_memory(entry: Entry, npcs: int, config: Config) -> MemoryNeeded | None:
    """Of a model that is not here yet; None where its size is not known."""
    if entry.file_bytes is None:
        return None
    return memory_needed(
        weights_bytes=entry.file_bytes,
        kv_values_per_token=entry.kv_values_per_token,
        trained_tokens=entry.context_tokens,
        vocabulary=entry.vocabulary,
        npcs=npcs,
        config=config,
    )


def _short(languages: tuple[str, ...]) -> str:
    more = len(languages) - LANGUAGES_SHOWN
    return " ".join(languages[:LANGUAGES_SHOWN]) + (f" +{more}" if more > 0 else "")
