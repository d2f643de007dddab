"""Roles: what every NPC of a trade has in common, read from YAML.

The shipped roles lie in `agents/roles/*.yaml`; an admin's own (`agents.roles_dir`) are laid over them.
Read once at start; checked with file and field, so that a typo never becomes a silent NPC.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from llm_agentd.errors import BadRequest, StartError

SHIPPED_DIR = Path(__file__).parent / "roles"


@dataclass(frozen=True, slots=True)
class Role:
    """`title` completes "You are NAME, …"; `text` opens the prompt and is shared by all NPCs of the role."""

    name: str
    title: str
    text: str


class Roles:
    """All known roles by name."""

    def __init__(self, roles: dict[str, Role]) -> None:
        self._roles = roles

    @classmethod
    def load(cls, extra_dir: Path | None = None) -> Roles:
        """Shipped roles, then those in `extra_dir`. Raises StartError naming file and field."""
        roles: dict[str, Role] = {}
        for folder in filter(None, (SHIPPED_DIR, extra_dir)):
            if not folder.is_dir():
                raise StartError(f"agents.roles_dir: {folder} is not a folder; create it or leave the key out")
            for path in sorted(folder.glob("*.yaml")):
                role = _read(path)
                roles[role.name] = role
        return cls(roles)

    def names(self) -> list[str]:
        return sorted(self._roles)

    def get(self, name: str, persona: str | None = None) -> Role:
        """The role called `name`; an unknown one is fine where the mod brings a persona, else BadRequest."""
        role = self._roles.get(name)
        if role is not None:
            return role
        if persona:
            return Role(name=name, title=f"the {name}", text=f"The {name} lives in this world.")
        near = difflib.get_close_matches(name, self._roles, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known roles: {', '.join(self.names())}"
        raise BadRequest(f"npc.role: unknown role {name!r} and no npc.persona to go by; {hint}")


def _read(path: Path) -> Role:
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StartError(f"{path}: not readable YAML: {error}") from error
    if not isinstance(data, dict):
        raise StartError(f"{path}: want a mapping with title and text")
    unknown = sorted(set(data) - {"title", "text"})
    if unknown:
        raise StartError(f"{path}: unknown field {unknown[0]!r}; known: title, text")
    for field in ("title", "text"):
        if not isinstance(data.get(field), str) or not data[field].strip():
            raise StartError(f"{path}: {field}: want a line of text")
    return Role(name=path.stem, title=data["title"].strip(), text=" ".join(data["text"].split()))
