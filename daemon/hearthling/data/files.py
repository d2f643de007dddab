"""Reads the YAML files of `hearthling/data`; each fault is told with its file, its line and the nearest known name.

A text block (`key: |`) is a list with one entry a line; a word list is parted by commas or line ends. Knows nothing of
what the files are about (that is `records.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from llm_agentd.util.did_you_mean import did_you_mean
from llm_agentd.util.yaml_lines import YamlError, YamlNode, parse_yaml

T = TypeVar("T")


class DataError(Exception):
    """What is wrong with the data files: one fault a line, each `FILE, line N: …`."""


class Record(BaseModel):
    """A mapping with a fixed set of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _lines(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        raise ValueError("want a text block: `|` behind the key, then one entry a line")
    return tuple(text for _, text in numbered_lines(value))


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(word for word in split_words(value.replace("\n", ",")) if word)


Lines = Annotated[tuple[str, ...], BeforeValidator(_lines)]  # one entry a line
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]  # parted by commas or line ends, or a list in brackets


def split_words(text: str) -> tuple[str, ...]:
    """`farmer, rain` → farmer and rain."""
    return tuple(word.strip() for word in text.split(","))


def numbered_lines(block: str) -> Iterator[tuple[int, str]]:
    """The entries of a text block, each with its distance in lines from the block's key."""
    first = 1 if "\n" in block else 0
    for number, line in enumerate(block.splitlines(), first):
        if line.strip():
            yield number, line.strip()


class DataFile:
    """One YAML file: its values, and the line of each."""

    def __init__(self, path: Path) -> None:
        """Raises DataError where the file is no YAML, or a key stands in it twice."""
        self.path = path
        try:
            root = parse_yaml(path.read_text(encoding="utf-8"))
            if root is None or root.fields() is None:
                raise YamlError("want keys with values, such as `greeting:`")
            _refuse_repeated_keys(root)
            self.value: dict[str, Any] = root.value()
        except YamlError as error:
            line = f", line {error.line}" if error.line else ""
            raise DataError(f"{path}{line}: {error.reason}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot read it: {error}") from None
        self._root = root

    def fault(self, message: str, *keys: Any, line_in_block: int = 0) -> str:
        """A line for people; `keys` lead to the value that is wrong, as far as they exist."""
        return f"{self.path}, line {self._line(keys) + line_in_block}: {message}"

    def validated(self, kind: type[T]) -> T:
        """The whole file as `kind`. Raises DataError with every fault."""
        try:
            return TypeAdapter(kind).validate_python(self.value)
        except ValidationError as error:
            faults = [self.fault(_message(detail, kind), *detail["loc"]) for detail in error.errors()]
            raise DataError("\n".join(faults)) from None

    def _line(self, keys: tuple[Any, ...]) -> int:
        node, line = self._root, self._root.line
        for key in keys:
            fields = node.fields() or {}
            if key not in fields:
                return node.item_line(key) if isinstance(key, int) else line
            node = fields[key]
            line = node.line
        return line


def _refuse_repeated_keys(node: YamlNode) -> None:
    for child in (node.fields() or {}).values():
        _refuse_repeated_keys(child)


def _message(detail: ErrorDetails, kind: Any) -> str:
    *above, name = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return f"unknown key {name!r}{did_you_mean(str(name), _known_keys(kind, above))}"
    if detail["type"] == "missing":
        return f"the key {name!r} is missing"
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}"


def _known_keys(kind: Any, keys: list[int | str]) -> list[str]:
    """The keys of the record that `keys` lead to within `kind`."""
    for key in keys:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(key)].annotation
        else:  # dict[str, Record]
            kind = get_args(kind)[-1]
    return list(kind.model_fields)
