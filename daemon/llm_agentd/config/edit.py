"""Changes one key in the text of a YAML configuration and leaves every other byte, comments included, as it is. Pure.

What it cannot change so (a section in braces, an anchor, a list with comments inside) it refuses: the caller then names
the line to write.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

INDENT = 2  # columns of a new section's keys
_COMMENT = re.compile(r"(?:^|\s)#")


class EditError(Exception):
    """The text cannot be changed without touching what stands around the key."""


def set_key(text: str, key: str, value: Any) -> str:
    """`text` with `section.key` set to `value` (None: null). Raises EditError.

    The key is replaced where it stands, else written as the section's last, else with its section at the end: a comment
    above a key stays above that key.
    """
    path = key.split(".")
    changed = _set(text, path, _flow(value), "\r\n" if "\r\n" in text else "\n")
    return _checked(changed, _with(_load(text), path, value))


def remove_key(text: str, key: str) -> str:
    """`text` without the line of `section.key`; a comment behind its value stays. Raises EditError."""
    path = key.split(".")
    node: yaml.Node | None = _compose(text)
    for depth, name in enumerate(path):
        found = _find(node, name)
        if found is None:
            return text
        _refuse_braces(node, path[:depth])
        name_node, node = found
    assert node is not None
    line = name_node.start_mark.index - name_node.start_mark.column
    end = _end(text, node, name_node)
    _refuse_comments(text, node, end)
    line_end = text.find("\n", end) + 1 or len(text)
    rest = text[end:line_end]
    comment = text[line : name_node.start_mark.index] + rest.lstrip() if rest.strip() else ""
    return _checked(text[:line] + comment + text[line_end:], _without(_load(text), path))


# -- where to change ---------------------------------------------------------------------------------


def _set(text: str, path: list[str], flow: str, newline: str) -> str:
    node: yaml.Node | None = _compose(text)
    name_node: yaml.Node | None = None
    for depth, name in enumerate(path):
        _refuse_braces(node, path[:depth])
        if not isinstance(node, yaml.MappingNode):
            return _below(text, name_node, node, _lines(path[depth:], flow), newline)
        found = _find(node, name)
        if found is None:
            return _behind(text, node if depth else None, _lines(path[depth:], flow), newline)
        name_node, node = found
    assert node is not None
    assert name_node is not None
    start, end = node.start_mark.index, _end(text, node, name_node)
    _refuse_comments(text, node, end)
    if _is_flush(node, name_node):  # `path:` and below it, in the same column, `- x`: a list on one line goes behind it
        start = _colon(text, name_node)
        if _COMMENT.search(text[start : node.start_mark.index]):
            raise EditError("there is a comment between the key and its value, which would be lost")
        return text[:start] + f" {flow}" + text[end:]
    if start == end:  # `path:` with nothing behind it
        start = end = _colon(text, name_node)
        flow = f" {flow}"
    return text[:start] + flow + text[end:]


def _below(text: str, name: yaml.Node | None, value: yaml.Node | None, lines: list[str], newline: str) -> str:
    """Under `model:` with nothing, or null, behind it; `name` None: into a file without settings."""
    if name is None:
        return _append(text, len(text), 0, lines, newline)
    if value is not None and value.tag != "tag:yaml.org,2002:null":
        raise EditError(f"the section {name.value} holds no keys")
    return _append(text, text.find("\n", name.end_mark.index) + 1, name.start_mark.column + INDENT, lines, newline)


def _behind(text: str, section: yaml.MappingNode | None, lines: list[str], newline: str) -> str:
    """As the section's last key; `section` None: at the end of the file."""
    if section is None:
        return _append(text, len(text), 0, lines, newline)
    first, (last, value) = section.value[0][0].start_mark, section.value[-1]
    return _append(text, text.find("\n", _end(text, value, last)) + 1, first.column, lines, newline)


def _append(text: str, at: int, column: int, lines: list[str], newline: str) -> str:
    at = at or len(text)
    gap = "" if not at or text[:at].endswith("\n") else newline
    return text[:at] + gap + "".join(f"{' ' * column}{line}{newline}" for line in lines) + text[at:]


def _lines(path: list[str], flow: str) -> list[str]:
    """`[variants, infer]`, `1` → `variants:`, `  infer: 1`."""
    lines = [f"{' ' * INDENT * depth}{name}:" for depth, name in enumerate(path)]
    lines[-1] += f" {flow}"
    return lines


def _end(text: str, node: yaml.Node, name: yaml.Node) -> int:
    """Where the value ends. PyYAML ends a block where the next one begins, behind comments that are not its own."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1], last[0]) if isinstance(last, tuple) else _end(text, last, last)
    if isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index:
        return _colon(text, name) if name is not node else int(node.end_mark.index)
    start, end = node.start_mark.index, node.end_mark.index
    return int(start + len(text[start:end].rstrip()))


def _is_flush(node: yaml.Node, name: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode) and node.start_mark.column == name.start_mark.column


def _colon(text: str, name: yaml.Node) -> int:
    return text.index(":", name.end_mark.index) + 1


def _find(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((name, value) for name, value in pairs if name.value == key), None)


# -- what is refused ---------------------------------------------------------------------------------


def _refuse_braces(node: yaml.Node | None, path: list[str]) -> None:
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        raise EditError(f"the section {'.'.join(path)} stands in braces" if path else "its settings stand in braces")


def _refuse_comments(text: str, node: yaml.Node, end: int) -> None:
    if isinstance(node, yaml.CollectionNode) and _COMMENT.search(text[node.start_mark.index : end]):
        raise EditError("there are comments inside its value, which would be lost")


def _checked(changed: str, wanted: dict[str, Any]) -> str:
    """Raises EditError where `changed` says anything else than is wanted."""
    if _load(changed) != wanted:
        raise EditError("the file is written in a way that is not changed from here")
    return changed


def _with(settings: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    name, *rest = path
    below = settings.get(name)
    return {**settings, name: _with(below if isinstance(below, dict) else {}, rest, value) if rest else value}


def _without(settings: dict[str, Any], path: list[str]) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {key: value for key, value in settings.items() if key != name}
    return {**settings, name: _without(settings[name], rest) or None}


def _compose(text: str) -> yaml.Node | None:
    _load(text)  # says what is wrong with it
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _load(text: str) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise EditError(f"it is not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(loaded or {}, dict):
        raise EditError("it holds no sections")
    return loaded or {}


def _flow(value: Any) -> str:
    """As YAML writes it on one line: in quotes where it must be."""
    return str(yaml.safe_dump([value], default_flow_style=True, width=10**6, allow_unicode=True)).strip()[1:-1]
