"""What a header says of number format, parts and the memory of a context."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.gguf import GgufHeader, read_header
from llm_agentd.engines.model_shape import (
    FILE_TYPES,
    is_later_part,
    kv_values_per_token,
    model_files,
    part_names,
    quantization,
)
from llm_agentd.errors import StartError


def header(**fields: object) -> GgufHeader:
    metadata = {"general.architecture": "x", **{f"x.{key.replace('__', '.')}": value for key, value in fields.items()}}
    return GgufHeader(3, 0, frozenset(), metadata)


def test_file_types_are_llama_cpps() -> None:
    names = {kind.value: kind.name.removeprefix("MOSTLY_").removeprefix("ALL_") for kind in gguf.LlamaFileType}
    assert {number: names.get(number) for number in FILE_TYPES} == FILE_TYPES


def test_embedded_model_is_read() -> None:
    embedded = read_header(EMBEDDED_MODEL)
    assert quantization(embedded) == "Q8_0"
    heads, dim = (
        embedded.metadata["llama.attention.head_count_kv"],
        256 // embedded.metadata["llama.attention.head_count"],
    )
    assert kv_values_per_token(embedded) == 2 * embedded.metadata["llama.block_count"] * heads * dim


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"block_count": 4, "attention__head_count": 8, "embedding_length": 64}, 2 * 4 * 8 * 8),
        (
            {"block_count": 4, "attention__head_count": 8, "attention__head_count_kv": 2, "embedding_length": 64},
            2 * 4 * 2 * 8,
        ),
        (
            {
                "block_count": 4,
                "attention__head_count": 8,
                "attention__head_count_kv": [0, 2, 0, 2],
                "attention__key_length": 128,
                "attention__value_length": 64,
            },
            4 * (128 + 64),
        ),
        ({}, 0),
    ],
)
def test_kv_values_are_counted_over_the_layers(fields: dict[str, object], values: int) -> None:
    assert kv_values_per_token(header(**fields)) == values


def test_names_of_parts() -> None:
    names = part_names("m-q4-00002-of-00003.gguf")
    assert names == ("m-q4-00001-of-00003.gguf", "m-q4-00002-of-00003.gguf", "m-q4-00003-of-00003.gguf")
    assert [is_later_part(name) for name in names] == [False, True, True]
    assert part_names("m-q4.gguf") == ("m-q4.gguf",)


def test_missing_part_is_named(tmp_path: Path) -> None:
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(b"GGUF")
    with pytest.raises(StartError, match=r"one of 2 parts and m-00002-of-00002\.gguf is not beside it"):
        model_files(tmp_path / "m-00001-of-00002.gguf")
