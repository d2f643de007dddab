"""A role's YAML file: read with the line of each fault, written so that nobody ever reads half of it.

Main thread at start, router thread after. Knows files; what a role may hold stands in role.py.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import yaml

from llm_agentd.roles.role import BadField, Role, check_name, make_role
from llm_agentd.util.yaml_lines import YamlError, YamlNode, parse_yaml

SUFFIX = ".yaml"
FILE_MAX_BYTES = 64 * 1024  # over all limits of role.py together but the longest scripts; it is read between requests
FILE_MODE = 0o644
HEAD = "# Written by llm-agentd for the game's role editor. Edit it as you like: it is read again at once.\n"


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
    try:
        return _role(path, name, parse_yaml(_text(path)))
    except YamlError as error:
        raise RoleFileError(f"{path}:{error.line or 1}: {error.reason}") from None


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
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RoleFileError(f"{path}:{data.count(10, 0, error.start) + 1}: not UTF-8 text") from None


def _role(path: Path, name: str, root: YamlNode | None) -> Role:
    fields = root.fields() if root is not None else None
    if root is None or fields is None:
        line = root.line if root is not None else 1
        raise RoleFileError(f"{path}:{line}: want fields, such as `title: the {name}` and under it `persona: …`")
    try:
        return make_role(name, {field: node.value() for field, node in fields.items()})
    except BadField as error:
        raise RoleFileError(f"{path}:{_line(root, fields, error)}: {error}") from None


def _line(root: YamlNode, fields: dict[str, YamlNode], error: BadField) -> int:
    """Where the field stands: its list's item, its key, or the file's beginning where it is missing."""
    node = fields.get(error.field, root)
    return node.line if error.item is None else node.item_line(error.item)
