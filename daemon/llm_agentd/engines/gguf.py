"""Reads the header of a GGUF file: metadata, and whether the file is whole.

Native loaders may abort the process, or die of a bus error later, on a file that is cut off or no model at all;
so every file passes here first. Reads the header only, through a memory map, with every count bounded. Pure but for
the file; runs in whatever thread opens an engine; knows nothing of any engine.
"""

from __future__ import annotations

import mmap
import stat
import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from llm_agentd.errors import StartError

MAGIC = b"GGUF"
VERSIONS = (2, 3)  # 1 counted in 32 bits; current llama.cpp no longer reads it
LANGUAGES = "general.languages"
KV_HEADS = ".attention.head_count_kv"  # behind the architecture; an array where layers differ
PROMPT_FORM = "llm_agentd.prompt_form"  # how prompts must be written; our own key
TOPICS_FORM = "topics"  # its value in a model that is told topics and placeholders (prompt/moment.py)
ALIGNMENT_BYTES = 32  # unless general.alignment says otherwise
# Bounds against nonsense counts in a broken header; real models stay a hundred times below.
ENTRIES_MAX = 100_000
ARRAY_MAX = 20_000_000
RANK_MAX = 4  # ggml's own
STRING_MAX_BYTES = 16 * 1024 * 1024

# GGUF value types: struct code of each scalar.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# ggml tensor types: (values a block, bytes a block). A type that is not here is only checked for where it starts.
_BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82)},
    **{23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17)},
}


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the header of a model file says.

    `tensor_types` are ggml's numbers; `metadata` holds scalars, strings and those arrays that were asked for.
    """

    version: int
    parameters: int
    tensor_types: frozenset[int]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def context_tokens(self) -> int:
        """The length the model was trained for; 0 if it does not say."""
        return _whole(self.metadata.get(f"{self.architecture}.context_length"), 0)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages it was made for; none if it does not say."""
        given = self.metadata.get(LANGUAGES)
        return tuple(str(code) for code in given) if isinstance(given, list) else ()

    @property
    def prompt_form(self) -> str:
        return str(self.metadata.get(PROMPT_FORM, ""))

    @property
    def chat_template(self) -> str:
        return str(self.metadata.get("tokenizer.chat_template", ""))


class _Broken(Exception):
    """The header says something that cannot be."""


def read_header(path: Path, arrays: Collection[str] = ()) -> GgufHeader:
    """The header of the model at `path`, after a check that the file holds all tensors it lists.

    `arrays`: metadata keys whose arrays are wanted. Raises StartError, with the path and the fix, for anything that
    is not a whole GGUF file.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise StartError(f"model.path: {path} is a folder; name the GGUF file in it")
        if not stat.S_ISREG(mode):
            raise StartError(f"model.path: {path} is not a regular file; name a GGUF file")
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
            if start != MAGIC:
                raise StartError(f"model.path: {path} is not a GGUF file (it starts with {start!r}); {_cure(start)}")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(data, frozenset(arrays)).header()
    except FileNotFoundError as error:
        raise StartError(f"model.path: there is no file {path}; name a GGUF file") from error
    except OSError as error:
        raise StartError(
            f"model.path: {path} cannot be read ({error.strerror}); give the daemon's user the right to read it"
        ) from error
    except (_Broken, struct.error, UnicodeDecodeError) as error:
        raise StartError(f"model.path: {path} is damaged or cut off ({error}); fetch or make it again") from error


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and value >= 0 else otherwise


def _cure(start: bytes) -> str:
    if start in (b"tjgg", b"fmgg", b"lmgg"):
        return "it is an older GGML file: convert it with llama.cpp's convert_llama_ggml_to_gguf.py"
    return "name a model in GGUF format"


class _Reader:
    """A cursor over the mapped file."""

    def __init__(self, data: mmap.mmap, arrays: frozenset[str]) -> None:
        self._data = data
        self._size = len(data)
        self._at = len(MAGIC)
        self._arrays = arrays

    def header(self) -> GgufHeader:
        version = self._scalar("I")
        if version not in VERSIONS:
            raise _Broken(f"GGUF version {version}; {' and '.join(map(str, VERSIONS))} can be read")
        tensors, entries = self._count(ENTRIES_MAX), self._count(ENTRIES_MAX)
        metadata: dict[str, Any] = {}
        for _ in range(entries):
            key = self._string()
            value = self._value(
                self._scalar("I"), wanted=key in self._arrays or key == LANGUAGES or key.endswith(KV_HEADS)
            )
            if value is not None:
                metadata[key] = value
        parameters, types = self._tensors(tensors, metadata)
        return GgufHeader(version, parameters, types, metadata)

    def _tensors(self, count: int, metadata: dict[str, Any]) -> tuple[int, frozenset[int]]:
        """Checks that the tensors' data lie inside the file; returns how many values they hold, and their types."""
        values = ends_at = 0
        types: set[int] = set()
        for _ in range(count):
            name = self._string()
            rank = self._scalar("I")
            if rank > RANK_MAX:
                raise _Broken(f"tensor {name} has {rank} dimensions")
            dimensions = [self._scalar("Q") for _ in range(rank)]
            kind, offset = self._scalar("I"), self._scalar("Q")
            types.add(kind)
            size = prod(dimensions)
            block_values, block_bytes = _BLOCKS.get(kind, (1, 0))
            if size % block_values:
                raise _Broken(f"tensor {name} has {size} values, not whole blocks")
            values += size
            ends_at = max(ends_at, offset + size // block_values * block_bytes)
        alignment = _whole(metadata.get("general.alignment"), ALIGNMENT_BYTES) or ALIGNMENT_BYTES
        needs = self._at + -self._at % alignment + ends_at
        if needs > self._size:
            raise _Broken(f"{self._size:,} bytes, its tensors need {needs:,}")
        return values, frozenset(types)

    def _value(self, kind: int, *, wanted: bool) -> Any:
        """The value under the cursor; None for an array nobody wants (the cursor passes it)."""
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            raise _Broken(f"unknown value type {kind}")
        item, count = self._scalar("I"), self._count(ARRAY_MAX)
        if item == _STRING:
            if wanted:
                return [self._string() for _ in range(count)]
            for _ in range(count):
                self._skip_string()
            return None
        if item not in _SCALARS:
            raise _Broken(f"array of unknown type {item}")
        code = f"<{count}{_SCALARS[item]}"
        size = struct.calcsize(code)
        if self._at + size > self._size:
            raise _Broken("ends inside its metadata")
        values = list(struct.unpack_from(code, self._data, self._at)) if wanted else None
        self._at += size
        return values

    def _scalar(self, code: str) -> Any:
        (value,) = struct.unpack_from("<" + code, self._data, self._at)
        self._at += struct.calcsize("<" + code)
        return value

    def _count(self, most: int) -> int:
        count: int = self._scalar("Q")
        if count > most:
            raise _Broken(f"{count} entries where at most {most} make sense")
        return count

    def _string(self) -> str:
        start = self._at + 8
        self._skip_string()
        # Some vocabularies hold pieces that are not UTF-8.
        return self._data[start : self._at].decode(errors="surrogateescape")

    def _skip_string(self) -> None:
        length: int = self._scalar("Q")
        if length > STRING_MAX_BYTES or self._at + length > self._size:
            raise _Broken("ends inside its metadata")
        self._at += length
