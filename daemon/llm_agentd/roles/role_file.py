"""Reads and writes the YAML file of a role. Errors name file and line; a reader never sees a half-written file.

Main thread at the start of the daemon, router thread later. Knows files; `role.py` validates the fields.
"""

from __future__ import annotations

import stat
from pathlib import Path

import yaml

from llm_agentd.roles.role import FieldError, Role, check_name, make_role
from llm_agentd.util.replace_file import replace_file
from llm_agentd.util.yaml_lines import YamlError, YamlNode, parse_yaml

SUFFIX = ".yaml"
FILE_MAX_BYTES = 64 * 1024  # more than the limits of role.py add up to; it is read between two requests
HEAD = "# Written by llm-agentd for the game's role editor. Edit it as you like: it is read again at once.\n"


class RoleFileError(Exception):
    """`FILE:LINE: what is wrong`."""


def read(path: Path) -> Role:
    """The role in the file; its name is the file's. Raises RoleFileError."""
    if path.suffix != SUFFIX:
        raise RoleFileError(f"{path}: want the ending {SUFFIX}; rename it to {path.stem}{SUFFIX}")
    try:
        name = check_name(path.stem)
    except FieldError as error:
        raise RoleFileError(f"{path}: the file's {error}") from None
    try:
        return _role(path, name, parse_yaml(_text(path)))
    except YamlError as error:
        raise RoleFileError(f"{path}:{error.line or 1}: {error.reason}") from None


def write(path: Path, role: Role) -> None:
    """Replaces the file in one step, which keeps the rights that an admin gave it. Raises OSError. Without fsync, which
    may take longer than a reply.
    """
    make_folder(path.parent)
    text = yaml.safe_dump(role.fields(), allow_unicode=True, sort_keys=False, width=100)
    replace_file(path, HEAD + text, is_synced=False)


def make_folder(path: Path) -> None:
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)  # whatever the umask: what others put there NPCs would say


def _text(path: Path) -> str:
    try:
        # Checked first: open() of a named pipe would block until somebody writes to it.
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
    except FieldError as error:
        raise RoleFileError(f"{path}:{_line(root, fields, error)}: {error}") from None


def _line(root: YamlNode, fields: dict[str, YamlNode], error: FieldError) -> int:
    """The line of the list item or of the key; the first line where the field is missing."""
    node = fields.get(error.field, root)
    return node.line if error.item is None else node.item_line(error.item)
