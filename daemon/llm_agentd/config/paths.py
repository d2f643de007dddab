"""Where the daemon keeps its files: the state folder, and the defaults of the keys that lie in it.

Pure but for reading the environment. Knows no keys and no sections.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FILE = Path("/etc/llm_agent/config.yaml")


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where things survive a restart: systemd's StateDirectory, else the user's (XDG; Windows' AppData)."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    xdg = environ.get("XDG_STATE_HOME", "")
    if xdg.startswith("/"):
        return Path(xdg, "llm-agentd")
    if local := environ.get("LOCALAPPDATA", ""):  # Windows
        return Path(local, "llm-agentd")
    home = environ.get("HOME", "")
    return Path(home, ".local/state/llm-agentd") if home.startswith("/") else Path("/var/lib/llm-agentd")


@dataclass(frozen=True, slots=True)
class StateFile:
    """The default of a path that lies in the state folder; a `default_factory` of pydantic's."""

    name: str

    def __call__(self) -> Path:
        return self.in_folder(os.environ)

    def in_folder(self, environ: Mapping[str, str]) -> Path:
        return state_dir(environ) / self.name
