"""The GGUF header reader: it tells whole files from all others, and never trips."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_agentd.engines.gguf import read_header
from llm_agentd.errors import StartError
from tests.support.tiny_gguf import Q8_0, vocabulary, write_tiny_gguf


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_head_of_a_whole_file_is_read(model: Path) -> None:
    header = read_header(model, arrays=("tokenizer.ggml.tokens", "tokenizer.ggml.scores"))
    assert (header.version, header.architecture, header.context_tokens) == (3, "llama", 256)
    assert header.tensor_types == {0, Q8_0}
    assert "<|im_start|>" in header.chat_template
    assert header.metadata["tokenizer.ggml.tokens"] == [text for text, _, _ in vocabulary()]
    assert len(header.metadata["tokenizer.ggml.scores"]) == len(vocabulary())
    assert "tokenizer.ggml.token_type" not in header.metadata
    assert 50_000 < header.parameters < 200_000


def test_file_one_byte_short_is_refused(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[:-1])
    # The last tensor is padded: the file is whole as long as no value is missing.
    padding = len(whole) - len(whole.rstrip(b"\0"))
    if padding:
        read_header(cut)
    cut.write_bytes(whole[: -padding - 1])
    with pytest.raises(StartError, match=r"its tensors need"):
        read_header(cut)


@pytest.mark.parametrize("version", [0, 1, 4, 50_331_648])
def test_unknown_version_is_named(model: Path, tmp_path: Path, version: int) -> None:
    """Version 3 in the other byte order is among them."""
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF" + struct.pack("<I", version) + model.read_bytes()[8:])
    with pytest.raises(StartError, match=f"GGUF version {version}"):
        read_header(other)


@pytest.mark.parametrize(("tensors", "entries"), [(2**60, 1), (1, 2**60)])
def test_nonsense_counts_are_refused_at_once(tmp_path: Path, tensors: int, entries: int) -> None:
    path = tmp_path / "many.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, tensors, entries) + b"\0" * 100)
    with pytest.raises(StartError, match="damaged"):
        read_header(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(4, 9000), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_heads_are_read_or_refused(model: Path, tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(model.read_bytes())
    for at, value in flips:
        damaged[at] = value
    path = tmp_path / "damaged.gguf"
    path.write_bytes(damaged)
    try:
        header = read_header(path, arrays=("tokenizer.ggml.tokens",))
    except StartError:
        return
    assert header.context_tokens >= 0
    assert isinstance(header.chat_template, str)
