"""The catalogue is complete, consistent and honest about what was run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from llm_agentd.config import load_config
from llm_agentd.engines.model_shape import is_later_part, part_names
from llm_agentd.ops.models import catalogue
from llm_agentd.ops.models.catalogue import Entry, entries
from llm_agentd.ops.models.fetch import source
from llm_agentd.ops.models.fetch.source import HubSource, WheelSource
from llm_agentd.ops.models.listing import entry_memory


def test_entries_are_of_the_promised_classes() -> None:
    assert 12 <= len(entries()) <= 20
    smallest, largest = entries()[0], entries()[-1]
    assert smallest.parameters < 500_000_000
    assert 7_000_000_000 < largest.parameters < 9_000_000_000
    assert [entry.parameters for entry in entries()] == sorted(entry.parameters for entry in entries())


def test_names_and_files_are_unique() -> None:
    names = [entry.name for entry in entries()]
    files = [file.name for entry in entries() for file in entry.files]
    assert len(set(names)) == len(names)
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_entry_is_consistent(entry: Entry) -> None:
    parsed = source.parse(entry.source)
    assert isinstance(parsed, (HubSource, WheelSource))
    assert tuple(file.name for file in entry.files) == part_names(entry.files[0].name)
    assert not is_later_part(entry.files[0].name)
    if isinstance(parsed, HubSource):
        assert parsed.file == entry.files[0].name
        assert entry.quantization.lower() in entry.files[0].name.lower()
    assert entry.languages or entry.languages_words
    assert bool(entry.license_url) != (entry.license in ("Apache-2.0", "MIT"))
    bits = 8 * (entry.file_bytes or 0) / entry.parameters
    assert 4 < bits < 9, "size and parameters do not go together"


def test_what_was_run_has_its_sha256() -> None:
    run = [entry for entry in entries() if entry.checked == "run"]
    assert run
    assert all(file.bytes and file.sha256 for entry in run for file in entry.files)


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1},
        {"source": "somewhere"},
        {"checked": "surely"},
        {"parameters": 0},
        {"files": []},
        {"files": [{"name": "../x.gguf"}]},
        {"files": [{"name": "x.gguf", "sha256": "abc"}]},
    ],
)
def test_bad_entry_is_refused(change: dict[str, object]) -> None:
    good = yaml.safe_load(catalogue.FILE.read_text(encoding="utf-8"))[0]
    TypeAdapter(Entry).validate_python(good)
    with pytest.raises(ValidationError):
        TypeAdapter(Entry).validate_python({**good, **change})


def test_memory_grows_with_npcs_until_the_cache_is_full() -> None:
    config = load_config()
    entry = catalogue.find("llama3.2-1b")
    assert entry is not None
    one, some, many = (entry_memory(entry, npcs, config) for npcs in (1, 10, 1000))
    assert one is not None
    assert some is not None
    assert many is not None
    per_token = 2 * 16 * 8 * 64 * 2  # keys and values of 16 layers with 8 heads of 64 numbers of 2 bytes
    assert one.contexts == per_token * 2048 * config.batch.size
    assert some.prompts == 10 * one.prompts
    assert many.prompts == config.cache.kv_max_bytes < many.prompts_wanted
    assert one.total < some.total < many.total


def test_smaller_context_and_kv_type_take_less() -> None:
    entry = catalogue.find("llama3.2-1b")
    assert entry is not None
    whole = entry_memory(entry, 1, load_config())
    small = entry_memory(
        entry, 1, load_config(sets=["model.context_tokens=1024", "model.kv_type=q8_0", "batch.size=4"])
    )
    assert whole is not None
    assert small is not None
    assert small.contexts == pytest.approx(whole.contexts / 4 * 34 / 64)


def test_table_in_the_guide_is_the_catalogue(repo: Path) -> None:
    guide = (repo / "docs" / "models.md").read_text(encoding="utf-8")
    rows = {found[1]: found[0] for found in re.finditer(r"^\| `([a-z0-9.-]+)` \|.*$", guide, re.MULTILINE)}
    assert set(rows) == {entry.name for entry in entries()}
    for entry in entries():
        for words in (entry.title, entry.license, entry.quantization, entry.checked):
            assert words in rows[entry.name], entry.name
