"""What a GGUF header says of a model besides its tensors: number format, parts, and what its context costs in memory.

Pure but for reading headers. For whoever opens a model, and whoever chooses one (`ops/models`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from llm_agentd.engines.gguf import KV_HEADS, GgufHeader, read_header
from llm_agentd.errors import StartError

# llama.cpp's llama_ftype: what `general.file_type` means, and how the files are called.
FILE_TYPES = {
    **{0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S"},
    **{12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K"},
    **{19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL"},
    **{26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16"},
    **{36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE"},
}
FLOAT_TYPES = ("F32", "F16", "BF16")  # not quantized
KV_VALUE_BYTES = {"f16": 2.0, "q8_0": 34 / 32}  # of model.kv_type: 32 values and a scale in 34 bytes
Pooling = Literal["mean", "cls", "last"]
POOLINGS: dict[int, Pooling] = {1: "mean", 2: "cls", 3: "last"}  # llama.cpp's llama_pooling_type
# llama.cpp's name of a part: it finds the others by it, so it must stay as it is.
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)


def quantization(header: GgufHeader) -> str:
    """`Q4_K_M`; empty where the header does not say."""
    return FILE_TYPES.get(header.metadata.get("general.file_type", -1), "")


def kv_values_per_token(header: GgufHeader) -> int:
    """Numbers that the KV cache holds for each token of a sequence; 0 where the header does not say.

    Layers without attention (hybrid models) count as none. A sliding window is not taken off: the engine gives every
    layer the whole context.
    """
    field = _fields(header)
    layers, heads = field("block_count"), field("attention.head_count")
    kv_heads = header.metadata.get(f"{header.architecture}{KV_HEADS}", heads)
    all_kv_heads = sum(kv_heads) if isinstance(kv_heads, list) else kv_heads * layers
    head_dim = field("embedding_length") // heads if heads else 0
    return int(all_kv_heads * (field("attention.key_length", head_dim) + field("attention.value_length", head_dim)))


def pooling_of(header: GgufHeader) -> Pooling | None:
    """How the vectors of a text's tokens become one, of a model for embeddings. None: a model that writes text."""
    return POOLINGS.get(header.metadata.get(f"{header.architecture}.pooling_type", 0))


def layers(header: GgufHeader) -> int:
    return int(_fields(header)("block_count"))


def part_names(name: str) -> tuple[str, ...]:
    """The names of all parts of the model whose one part has this name; the name alone where it is no part."""
    part = _PART.fullmatch(name)
    if part is None:
        return (name,)
    count = int(part["count"])
    return tuple(f"{part['stem']}-{number:05d}-of-{part['count']}.gguf" for number in range(1, count + 1))


def is_later_part(name: str) -> bool:
    return name != part_names(name)[0]


def model_files(path: Path) -> tuple[Path, ...]:
    """The file, or all the parts beside it of which it is one. Raises StartError where one is missing."""
    files = tuple(path.with_name(name) for name in part_names(path.name))
    missing = [file.name for file in files if not file.is_file()]
    if missing and path.is_file():
        raise StartError(
            f"model.path: {path} is one of {len(files)} parts and {', '.join(missing)} is not beside it; fetch it too"
        )
    return files


def read_model_header(path: Path, arrays: Collection[str] = ()) -> GgufHeader:
    """`read_header` of a model that may come in parts: the first part's, with the tensors of all, all checked.

    Raises StartError, also where `path` is a later part: llama.cpp opens a model by its first.
    """
    files = model_files(path)
    if path.name != files[0].name:
        raise StartError(f"model.path: {path} is not the first part of its model; name {files[0].name}")
    header, *others = (read_header(file, arrays if file == files[0] else ()) for file in files)
    return replace(
        header,
        parameters=header.parameters + sum(other.parameters for other in others),
        tensor_types=header.tensor_types.union(*(other.tensor_types for other in others)),
    )


def _fields(header: GgufHeader) -> Any:
    def field(key: str, otherwise: int = 0) -> int:
        value = header.metadata.get(f"{header.architecture}.{key}", otherwise)
        return value if isinstance(value, int) else otherwise

    return field
