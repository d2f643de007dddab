"""The folder of models: what lies in it, what gets into it, and by whom."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.pull import pull
from llm_agentd.ops.models.store import RESERVE_BYTES, ModelStore
from tests.ops.models.conftest import ServeFile, sha256

Usage = namedtuple("Usage", "total used free")


def test_path_is_copied_and_can_be_read_by_others(model: Path, store: ModelStore) -> None:
    path = pull(str(model), store, out=io.StringIO())
    assert path.read_bytes() == model.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o644
    assert store.folder.stat().st_mode & 0o777 == 0o755
    assert store.models() == [path]


def test_sums_are_what_sha256sum_reads(model: Path, store: ModelStore) -> None:
    pull(str(model), store, out=io.StringIO())
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=store.folder, capture_output=True, text=True)
    assert checked.stdout == f"{model.name}: OK\n"


def test_address_comes_into_the_folder(model: Path, store: ModelStore, serve_file: ServeFile) -> None:
    data = model.read_bytes()
    url = serve_file("/some/where/m-Q8_0.gguf", data, breaks_at=[1000])
    path = pull(url, store, sha256=sha256(data), out=io.StringIO())
    assert path == store.folder / "m-Q8_0.gguf"
    assert path.read_bytes() == data
    assert not store.partial.exists()


def test_address_of_a_part_brings_all(model: Path, store: ModelStore, serve_file: ServeFile) -> None:
    first = serve_file("/m-00001-of-00002.gguf", model.read_bytes())
    serve_file("/m-00002-of-00002.gguf", model.read_bytes())
    assert pull(first, store, out=io.StringIO()).name == "m-00001-of-00002.gguf"
    assert len(list(store.folder.glob("*.gguf"))) == 2


def test_other_sha256_is_refused_and_nothing_stays(model: Path, store: ModelStore, serve_file: ServeFile) -> None:
    url = serve_file("/m.gguf", model.read_bytes())
    with pytest.raises(StartError, match=r"its sha256 is [0-9a-f]{64}, not 0{64}: .*leave the file alone"):
        pull(url, store, sha256="0" * 64, out=io.StringIO())
    assert list(store.folder.glob("*")) == []


def test_file_cut_off_at_its_source_is_refused(model: Path, store: ModelStore, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/m.gguf").respond_with_data(model.read_bytes()[:-5000])
    with pytest.raises(StartError, match=r"m\.gguf: what came is no model: .*damaged or cut off"):
        pull(httpserver.url_for("/m.gguf"), store, out=io.StringIO())
    assert store.models() == []


def test_full_disk_is_named_with_what_is_missing(
    model: Path, store: ModelStore, serve_file: ServeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = model.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, RESERVE_BYTES + size - 1))
    with pytest.raises(StartError, match=r"no room: .* are to come .*delete models there, or choose another folder"):
        pull(serve_file("/m.gguf", model.read_bytes()), store, out=io.StringIO())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, RESERVE_BYTES + size))
    assert pull(serve_file("/m.gguf", model.read_bytes()), store, out=io.StringIO()).is_file()


def test_two_at_once_do_not_mix(model: Path, store: ModelStore) -> None:
    with store.fetching(), pytest.raises(StartError, match="another `llm-agentd model pull` fetches into"):
        pull(str(model), store, out=io.StringIO())
    assert pull(str(model), store, out=io.StringIO()).is_file()


def test_folder_that_cannot_be_made_names_the_cure(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"model\.dir: .* cannot be written .*as root or as the daemon's user"):
        pull(str(model), ModelStore(tmp_path / "file" / "models"), out=io.StringIO())


def test_file_that_is_not_there_says_what_can_be_given(store: ModelStore) -> None:
    with pytest.raises(StartError, match=r"/nowhere/m\.gguf: there is no such file; want a name of"):
        pull("/nowhere/m.gguf", store, out=io.StringIO())


def test_model_in_the_folder_is_not_copied_onto_itself(model: Path, store: ModelStore) -> None:
    path = pull(str(model), store, out=io.StringIO())
    with pytest.raises(StartError, match=r"lies in the folder of models already; llm-agentd model use"):
        pull(str(path), store, out=io.StringIO())
    assert path.is_file()


def test_entry_of_the_catalogue_that_is_there_is_not_fetched(store: ModelStore) -> None:
    store.folder.mkdir()
    (store.folder / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF")
    out = io.StringIO()
    pull("smollm2-135m", store, out=out)
    assert "is there already; delete it to fetch it anew" in out.getvalue()
