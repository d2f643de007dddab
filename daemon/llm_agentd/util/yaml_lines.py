"""YAML whose values know their line, for error messages that name the place. Pure; the caller reads the file.

Aliases (`*name`) are refused: with a few lines of them a file could stand for gigabytes, or hold itself.
"""

from __future__ import annotations

from typing import Any

import yaml

# libyaml reads ten times as fast; both name the same lines.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """What is wrong, and the line (from 1), or None where the fault has no place."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class YamlNode:
    """A value and the line of its key; without a key, the line where it begins."""

    __slots__ = ("_loader", "_name", "_node", "line")

    def __init__(self, loader: Any, node: yaml.Node, name: str = "", line: int | None = None) -> None:
        self._loader = loader
        self._node = node
        self._name = name
        self.line = node.start_mark.line + 1 if line is None else line

    def fields(self) -> dict[str, YamlNode] | None:
        """Of a mapping, in order; None for anything else. Raises YamlError where a key is repeated."""
        if not isinstance(self._node, yaml.MappingNode):
            return None
        fields: dict[str, YamlNode] = {}
        for key_node, value_node in self._node.value:
            name, line = str(key_node.value), key_node.start_mark.line + 1
            if name in fields:
                raise YamlError(f"{name} stands here twice; keep one", line)
            fields[name] = YamlNode(self._loader, value_node, name, line)
        return fields

    def items(self) -> list[YamlNode] | None:
        """Of a list, each with its own line; None for anything else."""
        if not isinstance(self._node, yaml.SequenceNode):
            return None
        return [YamlNode(self._loader, node, self._name) for node in self._node.value]

    def item_line(self, index: int) -> int:
        """The line of a list's item; of anything else, the line of the whole."""
        if not isinstance(self._node, yaml.SequenceNode):
            return self.line
        line: int = self._node.value[index].start_mark.line
        return line + 1

    def value(self) -> Any:
        """In plain Python. Raises YamlError."""
        try:
            return self._loader.construct_object(self._node, deep=True)
        except ValueError as error:  # what looks like a date and is none
            raise YamlError(f"{self._name}: {error}; put it in quotes", self.line) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise _invalid(error, self.line) from None


def parse_yaml(text: str) -> YamlNode | None:
    """The document's root; None where it is empty. Raises YamlError."""
    forbidden = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if forbidden:
        line = text.count("\n", 0, forbidden.start()) + 1
        raise YamlError(f"a character that no text holds: {forbidden.group()!r}", line)
    loader = _Loader(text)
    try:
        if "*" in text:
            _refuse_aliases(text)
        node = loader.get_single_node()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _invalid(error, None) from None
    finally:
        loader.dispose()
    return None if node is None else YamlNode(loader, node)


def _refuse_aliases(text: str) -> None:
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise YamlError(
                f"*{event.anchor} is an alias, which is not read here: write out what it stands for, or quote it",
                event.start_mark.line + 1 if event.start_mark else None,
            )


def _invalid(error: Exception, line: int | None) -> YamlError:
    if isinstance(error, yaml.MarkedYAMLError):
        line = error.problem_mark.line + 1 if error.problem_mark else line
        return YamlError(f"not valid YAML: {error.problem}", line)
    return YamlError(f"not valid YAML: {error}", line)
