"""Hugging Face, against a server that answers as the hub's API does, through huggingface_hub's own HF_ENDPOINT."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.hub import choose, find_files
from llm_agentd.ops.models.fetch.pull import pull
from llm_agentd.ops.models.fetch.source import HubSource
from llm_agentd.ops.models.store import ModelStore
from tests.ops.models.conftest import ServeFile, sha256

REVISION = "0123456789abcdef0123456789abcdef01234567"
Hub = Callable[[dict[str, bytes]], None]


@pytest.fixture
def hub(httpserver: HTTPServer, serve_file: ServeFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    """Makes the repository org/repo hold these files."""
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_test")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    def serve(files: dict[str, bytes]) -> None:
        siblings: list[dict[str, Any]] = [{"rfilename": "README.md", "size": 3}]
        for name, data in files.items():
            lfs = {"sha256": sha256(data), "size": len(data), "pointerSize": 134}
            siblings.append({"rfilename": name, "size": len(data), "lfs": lfs})
            serve_file(f"/org/repo/resolve/{REVISION}/{name}", data)
        info = {"id": "org/repo", "modelId": "org/repo", "sha": REVISION, "siblings": siblings, "tags": []}
        for path in ("/api/models/org/repo", "/api/models/org/repo/revision/main"):
            httpserver.expect_request(path).respond_with_json(info)

    return serve


def test_file_is_found_fetched_and_checked(hub: Hub, model: Path, store: ModelStore, httpserver: HTTPServer) -> None:
    hub({"tiny-Q8_0.gguf": model.read_bytes()})
    out = io.StringIO()
    path = pull("hf:org/repo@main:tiny-Q8_0.gguf", store, out=out)
    assert path == store.folder / "tiny-Q8_0.gguf"
    assert path.read_bytes() == model.read_bytes()
    assert f"sha256 {sha256(model.read_bytes())} (as it should be)" in out.getvalue()
    assert store.sha256(path.name) == sha256(model.read_bytes())
    fetched, _ = httpserver.log[-1]
    assert fetched.headers["Authorization"] == "Bearer hf_of_the_test"


def test_parts_of_a_model_all_come(hub: Hub, model: Path, store: ModelStore) -> None:
    names = [f"big-q4_k_m-0000{number}-of-00002.gguf" for number in (1, 2)]
    hub({name: model.read_bytes() for name in names})
    path = pull("hf:org/repo", store, out=io.StringIO())
    assert path.name == names[0]
    assert store.has(path.name)
    assert store.models() == [path]


def test_part_that_is_missing_is_named(hub: Hub, model: Path) -> None:
    hub({"big-q4_k_m-00001-of-00002.gguf": model.read_bytes()})
    with pytest.raises(StartError, match=r"big-q4_k_m-00002-of-00002.gguf, a part of .*, is not there"):
        find_files(HubSource("org/repo"))


def test_other_sha256_than_the_hubs_is_refused(
    hub: Hub, model: Path, store: ModelStore, httpserver: HTTPServer
) -> None:
    data = model.read_bytes()
    siblings = [
        {"rfilename": "m.gguf", "size": len(data), "lfs": {"sha256": "0" * 64, "size": len(data), "pointerSize": 1}}
    ]
    httpserver.expect_request("/api/models/org/repo").respond_with_json(
        {"id": "org/repo", "sha": REVISION, "siblings": siblings, "tags": []}
    )
    hub({"m.gguf": data})
    with pytest.raises(StartError, match=r"its sha256 is .*, not 0000"):
        pull("hf:org/repo", store, out=io.StringIO())
    assert store.models() == []


NAMES = ["m-F16.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-m-f16.gguf"]


@pytest.mark.parametrize(
    ("file", "names", "chosen"),
    [
        (None, NAMES, "m-Q4_K_M.gguf"),
        (None, ["only-F16.gguf", "mmproj-only-f16.gguf"], "only-F16.gguf"),
        (None, ["a.Q5_K_M.gguf", "a.Q8_0.gguf"], "a.Q5_K_M.gguf"),
        ("m-Q8_0.gguf", NAMES, "m-Q8_0.gguf"),
        ("q8_0", NAMES, "m-Q8_0.gguf"),
        (
            "Q4_K_M",
            ["q4/m-q4_k_m-00001-of-00002.gguf", "q4/m-q4_k_m-00002-of-00002.gguf"],
            "q4/m-q4_k_m-00001-of-00002.gguf",
        ),
    ],
)
def test_best_or_named_file_is_chosen(file: str | None, names: list[str], chosen: str) -> None:
    assert choose(HubSource("org/repo", None, file), names) == chosen


@pytest.mark.parametrize(
    ("file", "names", "says"),
    [
        (None, [], "no GGUF file in this repository; look for one of the same name with -GGUF"),
        (
            None,
            ["a-F16.gguf", "b-F16.gguf"],
            r"choose a file with hf:org/repo:FILE; there are: a-F16\.gguf, b-F16\.gguf",
        ),
        ("m-Q8_O.gguf", NAMES, r"no file m-Q8_O\.gguf, did you mean 'm-Q8_0\.gguf'\?; there are"),
    ],
)
def test_unclear_choice_lists_what_there_is(file: str | None, names: list[str], says: str) -> None:
    with pytest.raises(StartError, match=says):
        choose(HubSource("org/repo", None, file), names)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "RepoNotFound", "no such repository, or it is private .*check ORG/REPO"),
        (404, "RepoNotFound", "no such repository"),
        (404, "RevisionNotFound", "it has no revision x; leave out @x"),
        (403, "GatedRepo", "wants consent to a licence: ask for access .*HF_TOKEN"),
        (500, "", "the hub answers .*try again later"),
    ],
)
def test_refusals_of_the_hub_name_the_cure(status: int, code: str, says: str, hub: Hub, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/models/org/repo/revision/x").respond_with_data(
        "{}", status=status, headers={"X-Error-Code": code}
    )
    with pytest.raises(StartError, match=says):
        find_files(HubSource("org/repo", "x"))


def test_hub_out_of_reach_says_what_to_do(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free_port}")
    with pytest.raises(
        StartError, match=r"the hub cannot be reached .*check this machine's network, or fetch it on another"
    ):
        find_files(HubSource("org/repo"))


def test_wrong_name_says_what_is_wanted(hub: Hub) -> None:
    with pytest.raises(StartError, match="want hf:ORG/REPO"):
        find_files(HubSource("org/re..po"))
