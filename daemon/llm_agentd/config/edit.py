"""Changes one key in the text of a YAML configuration and leaves every other byte, comments included, as it is. Pure.

What it cannot change so (a section in braces, an anchor) it refuses: the caller then names the line to write.
"""

from __future__ import annotations

from typing import Any

import yaml


class EditError(Exception):
    """The text cannot be changed without touching what stands around the key."""


def set_key(text: str, section: str, key: str, value: str | None) -> str:
    """`text` with `section.key` set to `value` (None: null). Raises EditError.

    The key is replaced where it stands, else written as the section's first, else with its section at the end.
    """
    before = _load(text)
    changed = _changed(text, section, key, _scalar(value))
    wanted = {**before, section: {**(before.get(section) or {}), key: value}}
    if _load(changed) != wanted:
        raise EditError("the file is written in a way that this command does not change")
    return changed


def _changed(text: str, section: str, key: str, scalar: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    body = _value(root, section) if isinstance(root, yaml.MappingNode) else None
    if body is None:
        if isinstance(root, yaml.MappingNode) and root.flow_style:
            raise EditError("its settings stand in braces")
        gap = newline if text and not text.endswith("\n") else ""
        return f"{text}{gap}{section}:{newline}  {key}: {scalar}{newline}"
    name, value = body
    if isinstance(value, yaml.MappingNode):
        if value.flow_style:
            raise EditError(f"the section {section} stands in braces")
        return _in_section(text, value, key, scalar, newline)
    at = text.find("\n", name.end_mark.index) + 1 or len(text)  # `model:` with nothing, or null, below it
    gap = "" if text[:at].endswith("\n") else newline
    return f"{text[:at]}{gap}{' ' * (name.start_mark.column + 2)}{key}: {scalar}{newline}{text[at:]}"


def _in_section(text: str, section: yaml.MappingNode, key: str, scalar: str, newline: str) -> str:
    found = _value(section, key)
    if found is not None:
        name, value = found
        start, end = value.start_mark.index, value.end_mark.index
        if start == end:  # `path:` with nothing behind it
            start = end = text.index(":", name.end_mark.index) + 1
            scalar = f" {scalar}"
        return text[:start] + scalar + text[end:]
    first = section.value[0][0].start_mark
    line = first.index - first.column
    return f"{text[:line]}{' ' * first.column}{key}: {scalar}{newline}{text[line:]}"


def _value(mapping: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((name, value) for name, value in mapping.value if name.value == key), None)


def _load(text: str) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise EditError(f"it is not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(loaded or {}, dict):
        raise EditError("it holds no sections")
    return loaded or {}


def _scalar(value: str | None) -> str:
    """As YAML writes it: in quotes where it must be."""
    return str(yaml.safe_dump([value], default_flow_style=True, width=10**6, allow_unicode=True)).strip()[1:-1]
