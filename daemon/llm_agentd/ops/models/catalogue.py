"""The catalogue of instruct models: catalogue.yaml as checked, frozen entries. Pure but for reading that file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

FILE = Path(__file__).with_name("catalogue.yaml")

Positive = Annotated[int, Field(gt=0)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class CatalogueFile(BaseModel):
    """One file of a model. What is None nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$")]
    bytes: Positive | None = None
    sha256: Sha256 | None = None


class Entry(BaseModel):
    """One model. catalogue.yaml says what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: str
    source: Annotated[str, Field(pattern="^(hf|pypi):|^https?://")]
    files: Annotated[tuple[CatalogueFile, ...], Field(min_length=1)]
    license: str
    license_url: str | None = None
    languages: tuple[str, ...] = ()
    languages_words: str = ""
    parameters: Positive
    quantization: str
    context_tokens: Positive
    layers: Positive
    kv_heads: Positive
    head_dim: Positive
    vocabulary: Positive
    checked: Literal["run", "looked up"]
    note: str = ""

    @property
    def file_bytes(self) -> int | None:
        """Of all its files; None where one is not known."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def kv_values_per_token(self) -> int:
        return 2 * self.layers * self.kv_heads * self.head_dim  # keys and values

    def sha256_of(self, file_name: str) -> str | None:
        return next((file.sha256 for file in self.files if file.name == file_name), None)


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, the smallest first."""
    return TypeAdapter(tuple[Entry, ...]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def find(name: str) -> Entry | None:
    return next((entry for entry in entries() if entry.name == name.lower()), None)


def of_file(file_name: str) -> Entry | None:
    """The entry whose first or only file has this name."""
    return next((entry for entry in entries() if entry.files[0].name == file_name), None)
