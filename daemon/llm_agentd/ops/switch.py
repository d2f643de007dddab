"""`llm-agentd switch`: the master switch of a running daemon, from the terminal. Main thread; knows the client."""

from __future__ import annotations

import getpass
from typing import Any, TextIO

from llm_agentd.client import Client, CurveFiles

CONNECT_S = 2.0  # a daemon on this machine answers within milliseconds, even at full load


def switch(endpoint: str, on: bool | None, out: TextIO, *, curve: CurveFiles | None = None) -> int:
    """`on` None: how it stands is told. Returns 0. Raises AgentdError in the daemon's own words."""
    change: dict[str, Any] = {} if on is None else {"on": on, "by": _who(), "via": "cli"}
    with Client(endpoint, connect_timeout_s=CONNECT_S, curve=curve) as client:
        state = client.request("switch", **change)["switch"]
    since = f" since {state['since']}" if state["since"] else ""
    by = f", by {state['by']}" if state["by"] else ""
    what = "models may be called" if state["on"] else "no model is called, for anybody"
    print(f"{'on' if state['on'] else 'off'}{since}{by}: {what}", file=out)
    return 0


def _who() -> str | None:
    """Of the terminal; None where the system does not know, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
