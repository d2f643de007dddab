"""The folder in which the daemon keeps what survives a restart. Pure but for the environment that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


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
