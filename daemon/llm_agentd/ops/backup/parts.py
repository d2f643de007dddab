"""The parts of a backup, as an admin names them with `--only`, and the names of their files in the archive. Pure."""

from __future__ import annotations

from enum import StrEnum

MEMORY, CONFIGURATION, ROLES, LOGS = "memory.db", "config.yaml", "roles", "logs"


class Part(StrEnum):
    memory = "memory"
    roles = "roles"
    configuration = "configuration"
    logs = "logs"

    @classmethod
    def of(cls, name: str) -> Part:
        """The part that a file of the archive belongs to."""
        parts = {MEMORY: cls.memory, ROLES: cls.roles, CONFIGURATION: cls.configuration, LOGS: cls.logs}
        return parts[name.split("/")[0]]
