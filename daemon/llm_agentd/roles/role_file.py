"""A role's YAML file: read with the line of each fault, written so that nobody ever reads half of it.

Main thread at start, router thread after. Knows files; what a role may hold stands in role.py.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import yaml

from llm_agentd.roles.role import BadField, Role, check_name, make_role

SUFFIX = ".yaml"
FILE_MAX_BYTES = 64 * 1024  # over all limits of role.py together but the longest scripts; it is read between requests
FILE_MODE = 0o644
HEAD = "# Written by llm-agentd for the game's role editor. Edit it as you like: it is read again at once.\n"

# libyaml reads ten times as fast; both name the same lines.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RoleFileError(Exception):
    """A file that holds no role, as `FILE:LINE: what is wrong`."""


def read(path: Path) -> Role:
    """The role of the file, named as the file is. Raises RoleFileError."""
    if path.suffix != SUFFIX:
        raise RoleFileError(f"{path}: want the ending {SUFFIX}; rename it to {path.stem}{SUFFIX}")
    try:
        name = check_name(path.stem)
    except BadField as error:
        raise RoleFileError(f"{path}: the file's {error}") from None
    loader = _Loader(_text(path))
    try:
        return _role(path, name, loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RoleFileError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RoleFileError(f"{path}:1: not valid YAML: {error}") from None
    finally:
        loader.dispose()


def write(path: Path, role: Role) -> None:
    """Puts the file in its place in one step. Raises OSError. (No fsync: that may take longer than a reply.)"""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(role.fields(), allow_unicode=True, sort_keys=False, width=100)
    handle, name = tempfile.mkstemp(prefix=f".{role.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            stream.write(HEAD + text)
        os.chmod(name, FILE_MODE)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _text(path: Path) -> str:
    try:
        # Not by open() alone: a pipe of that name would block for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise RoleFileError(f"{path}: want a file")
        data = path.read_bytes()
    except OSError as error:
        raise RoleFileError(f"{path}: cannot read it: {error.strerror}") from None
    if len(data) > FILE_MAX_BYTES:
        raise RoleFileError(f"{path}: over {FILE_MAX_BYTES} bytes; a role is a page at most")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RoleFileError(f"{path}:{data.count(10, 0, error.start) + 1}: not UTF-8 text") from None
    bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise RoleFileError(f"{path}:{line}: a character that no text holds: {bad.group()!r}")
    return text


def _role(path: Path, name: str, loader: Any) -> Role:
    node = loader.get_single_node()
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node is not None else 1
        raise RoleFileError(f"{path}:{line}: want fields, such as `title: the {name}` and under it `persona: …`")
    data: dict[str, Any] = {}
    nodes: dict[str, yaml.Node] = {}
    for key, value in node.value:
        field, line = str(key.value), key.start_mark.line + 1
        if field in data:
            raise RoleFileError(f"{path}:{line}: {field} stands here twice; keep one")
        nodes[field] = value
        try:
            data[field] = loader.construct_object(value, deep=True)
        except ValueError as error:  # what looks like a date and is none
            raise RoleFileError(f"{path}:{line}: {field}: {error}; put it in quotes") from None
    try:
        return make_role(name, data)
    except BadField as error:
        raise RoleFileError(f"{path}:{_line(node, nodes, error)}: {error}") from None


def _line(whole: yaml.MappingNode, nodes: dict[str, yaml.Node], error: BadField) -> int:
    """Where the field stands: its list's item, its key, or the file's beginning where it is missing."""
    value = nodes.get(error.field)
    if isinstance(value, yaml.SequenceNode) and error.item is not None:
        line: int = value.value[error.item].start_mark.line
        return line + 1
    keys = (key.start_mark.line for key, _ in whole.value if str(key.value) == error.field)
    return int(next(keys, whole.start_mark.line)) + 1
