"""Where the daemon keeps its files: the state folder, and the defaults of the keys that lie in it.

Pure but for reading the environment. Knows no keys and no sections.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llm_agentd.util.state_dir import state_dir

__all__ = ["CONFIG_MODE", "SYSTEM_FILE", "StateFile", "state_dir"]
SYSTEM_FILE = Path("/etc/llm_agent/config.yaml")
CONFIG_MODE = 0o644  # of a new one: the adapter reads it as a user of its own; secrets have files of their own


@dataclass(frozen=True, slots=True)
class StateFile:
    """The default of a path that lies in the state folder; a `default_factory` of pydantic's."""

    name: str

    def __call__(self) -> Path:
        return self.in_folder(os.environ)

    def in_folder(self, environ: Mapping[str, str]) -> Path:
        return state_dir(environ) / self.name
