"""What the other side of a benchmark is started with: as many sequences, and as many layers on the GPU, as ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_agentd.bench.reference import bare_loop
from llm_agentd.bench.reference.llama_server import llama_server
from llm_agentd.bench.result import Options
from llm_agentd.config import Config, load_config
from llm_agentd.errors import StartError


def args_of_llama_server(config: Config, options: Options, *, slots: int, folder: Path) -> list[str]:
    """Those of a program that writes them down and ends."""
    written, binary = folder / "args.txt", folder / "llama-server"
    binary.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {written}\nexit 1\n', encoding="utf-8")
    binary.chmod(0o755)
    with pytest.raises(StartError), llama_server(config, options, slots=slots):
        pass
    return written.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("gpu_layers", "expected"), [("all", "999"), ("12", "12"), ("0", "0")])
def test_llama_server_has_the_layers_and_slots_that_are_wanted(tmp_path: Path, gpu_layers: str, expected: str) -> None:
    options = Options(llama_server_binary=tmp_path / "llama-server", sequences=(8, 64), clients=96)
    config = load_config(None, [f"model.gpu_layers={gpu_layers}"])
    args = args_of_llama_server(config, options, slots=64, folder=tmp_path)
    given = dict(zip(args[::2], args[1::2], strict=False))
    assert (given["--n-gpu-layers"], given["--parallel"]) == (expected, "64")
    assert int(given["--ctx-size"]) == 64 * 512
    assert int(given["--threads-http"]) > 96 + 128, "one for each request that is open at once"


def test_bare_loop_opens_the_model_with_the_layers_that_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def binding(_path: Path, *, gpu_layers: int) -> Any:
        opened.append(gpu_layers)
        raise StartError("no model is loaded here")

    monkeypatch.setattr(bare_loop, "open_binding", lambda _name: binding)
    with pytest.raises(StartError):
        bare_loop.BareLoop({"engine": "llama", "path": "none.gguf", "gpu_layers": -1})
    assert opened == [-1]


class _Recorder:
    """A binding that only counts the rows of its decodes."""

    def __init__(self) -> None:
        self.decoded: list[int] = []

    def open_context(self, **_settings: object) -> None: ...

    def decode(self, rows: list[object]) -> None:
        self.decoded.append(len(rows))


@pytest.mark.parametrize(
    ("info", "parts"), [({}, [64, 66]), ({"candidates": [{"rows_max": 31}]}, [24, 24, 24, 24, 24, 10])]
)
def test_bare_loop_computes_no_longer_parts_than_come_out_right(
    monkeypatch: pytest.MonkeyPatch, info: dict[str, Any], parts: list[int]
) -> None:
    binding = _Recorder()
    monkeypatch.setattr(bare_loop, "open_binding", lambda _name: lambda _path, **_settings: binding)
    order = {"engine": "llama", "path": "none.gguf", "gpu_layers": 0, "context_tokens": 512, "threads": 1}
    loop = bare_loop.BareLoop(order | {"max_num_seqs": 8, "max_tokens": 8, "rows_max": bare_loop.rows_max(info)})
    loop.compute(0, list(range(130)), 0, wants_logits=True)
    assert binding.decoded == parts


def test_busy_part_has_twice_as_many_requests_as_places() -> None:
    assert Options().busy_requests == 16
    assert Options(sequences=(8, 64)).busy_requests == 128
