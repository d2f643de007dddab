"""`llm-agentd model info`: what a model is, line by line, with warnings. Pure but for printing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from llm_agentd.config import Config
from llm_agentd.ops.models import catalogue
from llm_agentd.ops.models.catalogue import Entry
from llm_agentd.ops.models.listing import entry_memory
from llm_agentd.ops.models.memory_needed import MemoryNeeded
from llm_agentd.ops.models.model_file import ModelFile, read_model
from llm_agentd.ops.models.selection import find_model, served_model
from llm_agentd.ops.models.store import ModelStore
from llm_agentd.ops.models.words import parameters_words, size_words
from llm_agentd.util.terminal_text import plain

LABEL_COLUMNS = 14
BASE_MODEL = (
    "this is a base model (its file has no chat template): it goes on with a text instead of answering, and invents"
    " both sides of a talk. Take one whose name says Instruct, Chat or it"
)

Row = tuple[str, str]


def show_info(name: str, config: Config, store: ModelStore, *, npcs: int, out: TextIO) -> None:
    """Of a file, an installed model, or an entry of the catalogue that is not here yet. Raises StartError."""
    entry = catalogue.find(name)
    if entry is not None and not store.has(entry.files[0].name):
        rows = _of_entry(entry, config, npcs)
    else:
        model = read_model(find_model(name, store))
        rows = _of_file(model, config, store, npcs)
    for label, words in rows:
        print(f"{label:<{LABEL_COLUMNS}}{plain(words)}", file=out)


def _of_entry(entry: Entry, config: Config, npcs: int) -> Iterator[Row]:
    yield "model", f"{entry.title} ({entry.name}), not here yet: llm-agentd model pull {entry.name}"
    yield "from", entry.source
    for file in entry.files:
        yield "file", f"{file.name}, {size_words(file.bytes) if file.bytes else 'size not known'}"
        yield "sha256", file.sha256 or "not known"
    yield "size", f"{parameters_words(entry.parameters)} parameters, {entry.quantization}, {entry.layers} layers"
    yield "context", f"{entry.context_tokens:,} tokens"
    yield "languages", ", ".join(entry.languages) or entry.languages_words or "not said"
    yield "licence", entry.license + (f", {entry.license_url}" if entry.license_url else "")
    needed = entry_memory(entry, npcs, config)
    if needed is not None:
        yield from _memory(needed, npcs)
    yield "checked", f"{entry.checked} by the makers of llm-agentd" + (f"; {entry.note}" if entry.note else "")


def _of_file(model: ModelFile, config: Config, store: ModelStore, npcs: int) -> Iterator[Row]:
    header = model.header
    yield "model", model.title + (", served now" if model.path == served_model(config) else "")
    yield "file", str(model.path) + (f" and {model.parts - 1} more parts" if model.parts > 1 else "")
    yield "size", f"{size_words(model.bytes)}, {parameters_words(model.parameters)} parameters, {model.quantization}"
    yield "architecture", f"{header.architecture or 'not said'}, {model.layers} layers, {model.vocabulary:,} words"
    yield "context", f"{header.context_tokens:,} tokens" if header.context_tokens else "not said"
    yield "chat template", "none" if model.is_base else "yes"
    yield "languages", model.languages_words
    yield "licence", model.license
    digest = store.sha256(model.path.name) if model.path.parent == store.folder else None
    if digest is not None:
        yield "sha256", f"{digest} when it was pulled"
    if model.kv_values_per_token:
        yield from _memory(model.memory_needed(npcs, config), npcs)
    for warning in warnings(model, config):
        yield "warning", warning


def _memory(needed: MemoryNeeded, npcs: int) -> Iterator[Row]:
    yield (
        "memory",
        f"about {size_words(needed.total)} with {npcs} NPCs: {size_words(needed.weights)} the model,"
        f" {size_words(needed.contexts)} for what runs at once, {size_words(needed.prompts)} prompts kept,"
        f" {size_words(needed.rest)} the rest",
    )
    if needed.prompts < needed.prompts_wanted:
        yield (
            "",
            f"the prompts of all {npcs} would take {size_words(needed.prompts_wanted)}; with less, first words come"
            " later: cache.kv_max_bytes",
        )


def warnings(model: ModelFile, config: Config) -> Iterator[str]:
    """What an admin should know before players meet it."""
    if model.is_base:
        yield BASE_MODEL
    said = model.header.languages
    if not config.model.languages and said and set(model.languages) - set(said):
        yield (
            f"its file claims {', '.join(said)} alone, so NPCs speak nothing else; add under model: in the"
            f" configuration `languages: [{', '.join(model.languages)}]` (or fewer)"
        )
    limit = config.model.context_tokens
    if limit and model.header.context_tokens and limit > model.header.context_tokens:
        yield f"model.context_tokens is {limit}, more than its {model.header.context_tokens}: the daemon will not start"
