"""What a header says of number format, parts and the memory of a context."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from llm_agentd.engines import EMBEDDED_MODEL, open_engine
from llm_agentd.engines.gguf import GgufHeader, read_header
from llm_agentd.engines.model_shape import (
    FILE_TYPES,
    is_later_part,
    kv_values_per_token,
    model_files,
    part_names,
    quantization,
    read_model_header,
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
        288 // embedded.metadata["llama.attention.head_count"],
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


@pytest.fixture(scope="module")
def in_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model in two parts; the first one's path."""
    folder = tmp_path_factory.mktemp("parts")
    reader = gguf.GGUFReader(EMBEDDED_MODEL)
    writer = gguf.GGUFWriter(folder / "m.gguf", "llama", split_max_tensors=40)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if field.types[0] == gguf.GGUFValueType.ARRAY:
            writer.add_array(name, field.contents())
        else:
            writer.add_key_value(name, field.contents(), field.types[0])
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder / "m-00001-of-00002.gguf"


def test_model_in_parts_counts_all_of_them(in_parts: Path) -> None:
    whole = read_header(EMBEDDED_MODEL)
    header = read_model_header(in_parts)
    assert header.parameters == whole.parameters > read_header(in_parts).parameters
    assert header.tensor_types == whole.tensor_types


def test_later_part_says_which_to_name(in_parts: Path) -> None:
    with pytest.raises(StartError, match=r"not the first part of its model; name m-00001-of-00002\.gguf"):
        read_model_header(in_parts.with_name("m-00002-of-00002.gguf"))


@pytest.mark.slow
def test_engine_opens_a_model_in_parts(in_parts: Path) -> None:
    engine = open_engine("llama", path=in_parts, max_num_seqs=1)
    info = engine.info
    engine.close()
    assert info.parameters == read_header(EMBEDDED_MODEL).parameters
    assert info.model_bytes == sum(part.stat().st_size for part in model_files(in_parts))
