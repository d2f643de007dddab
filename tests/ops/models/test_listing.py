"""`model list` and `model info`: what is there, what is served, and what speaks against a model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config import load_config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError
from llm_agentd.ops.models.catalogue import entries
from llm_agentd.ops.models.describe import show_info
from llm_agentd.ops.models.fetch.pull import pull
from llm_agentd.ops.models.listing import show_list
from llm_agentd.ops.models.store import ModelStore
from tests.support.tiny_gguf import write_tiny_gguf


def rows(store: ModelStore, *sets: str, npcs: int = 50) -> dict[str, dict[str, Any]]:
    out = io.StringIO()
    show_list(load_config(sets=sets), store, npcs=npcs, as_json=True, out=out)
    return {row["name"]: row for row in map(json.loads, out.getvalue().splitlines())}


def info(name: str, store: ModelStore, *sets: str) -> str:
    out = io.StringIO()
    show_info(name, load_config(sets=sets), store, npcs=50, out=out)
    return out.getvalue()


def test_list_has_the_embedded_model_and_the_whole_catalogue(store: ModelStore) -> None:
    listed = rows(store)
    assert list(listed) == ["hearthling", *(entry.name for entry in entries())]
    assert listed["hearthling"]["state"] == "served"
    assert listed["hearthling"]["parameters"] > 1_000_000
    assert all(row["memory_bytes"] > row["file_bytes"] for row in listed.values())


def test_memory_is_for_the_npcs_that_are_named(store: ModelStore) -> None:
    few, many = rows(store, npcs=1), rows(store, npcs=50)
    assert all(few[name]["memory_bytes"] < many[name]["memory_bytes"] for name in few)


def test_what_is_here_and_what_is_served_is_marked(model: Path, store: ModelStore) -> None:
    path = pull(str(model), store, out=io.StringIO())
    assert rows(store)[path.stem]["state"] == "here"
    listed = rows(store, f"model.path={path}")
    assert listed[path.stem]["state"] == "served"
    assert listed["hearthling"]["state"] == "here"
    assert rows(store, f"model.path={model}")[str(model)]["state"] == "served"  # from outside the folder


def test_no_file_is_served_where_the_model_is_on_a_server(model: Path, store: ModelStore) -> None:
    upstreams = '[{"base_url": "https://example.org/v1", "model": "qwen"}]'
    sets = [f"remote.upstreams={upstreams}", f"model.path={model}", "model.engine=openai"]
    assert "served" not in {row["state"] for row in rows(store, *sets).values()}
    out = io.StringIO()
    show_list(load_config(sets=sets), store, npcs=10, as_json=False, out=out)
    assert "served: model.engine is openai, so no file is: qwen at example.org" in out.getvalue()


def test_table_is_for_people(store: ModelStore) -> None:
    out = io.StringIO()
    show_list(load_config(), store, npcs=10, as_json=False, out=out)
    said = out.getvalue()
    assert "memory, 10 NPCs" in said
    assert "served" in said.splitlines()[1]
    assert "looked up = public facts, never run by them" in said
    assert max(map(len, said.splitlines())) < 160


def test_broken_file_in_the_folder_does_not_break_the_list(store: ModelStore) -> None:
    store.folder.mkdir()
    (store.folder / "broken.gguf").write_text("no model")
    assert "broken" not in rows(store)


def test_info_of_a_file(store: ModelStore) -> None:
    said = info(str(EMBEDDED_MODEL), store)
    for words in (
        "hearthling, served now",
        "Q8_0",
        "1,024 tokens",
        "chat template yes",
        "licence       MIT",
        "with 50 NPCs",
    ):
        assert words in said
    assert "warning" not in said


def test_info_of_a_pulled_file_has_its_sha256(model: Path, store: ModelStore) -> None:
    path = pull(str(model), store, out=io.StringIO())
    assert f"sha256        {store.sha256(path.name)} when it was pulled" in info(path.stem, store)


def test_info_of_an_entry_that_is_not_here(store: ModelStore) -> None:
    said = info("qwen2.5-7b", store)
    for words in ("not here yet: llm-agentd model pull qwen2.5-7b", "00002-of-00002.gguf", "looked up by the makers"):
        assert words in said


def test_base_model_is_warned_of(store: ModelStore, tmp_path: Path) -> None:
    said = info(str(write_tiny_gguf(tmp_path / "base.gguf", template=None)), store)
    assert "chat template none" in said
    assert "warning       this is a base model" in said


def test_context_that_is_too_large_is_warned_of(model: Path, store: ModelStore) -> None:
    said = info(str(model), store, "model.context_tokens=512")
    assert "model.context_tokens is 512, more than its 256: the daemon will not start" in said


def test_file_that_is_no_model_says_so(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_text("<html>")
    with pytest.raises(StartError, match="is not a GGUF file"):
        info(str(tmp_path / "x.gguf"), store)
