"""Which model is served, under which names it may be asked for, and what clients are told of it.

Runs on the event loop. The daemon is asked once: a daemon serves one model as long as it lives.
"""

from __future__ import annotations

import time
from pathlib import PurePath
from typing import Any

from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.error_shape import UnknownModel

ANY = "default"  # for whoever does not care
OWNER = "llm-agentd"


class ServedModel:
    """`find` before anything is asked of the model."""

    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon
        self._created_s = int(time.time())
        self._of: tuple[object, dict[str, Any]] | None = None  # a daemon, and what it says of itself

    async def find(self, name: str | None) -> dict[str, Any]:
        """The daemon's facts. None, `default`, the model's id and the name of its file are all the one model there is.

        Raises UnknownModel for others, Unavailable where no daemon has ever said what it serves.
        """
        facts = await self._facts()
        if name is None or name in _names(facts):
            return facts
        raise UnknownModel(
            f"model: {name[:200]!r} is not served here; want {facts['model']!r}, or {ANY!r} for whatever is served"
        )

    async def view(self, name: str | None = None) -> dict[str, Any]:
        """As `/v1/models` lists it. Raises as `find`."""
        facts = await self.find(name)
        return {
            "id": facts["model"],
            "object": "model",
            "created": self._created_s,
            "owned_by": OWNER,
            "max_model_len": facts["context_tokens"],  # as vLLM calls it; other servers read it there
        }

    async def _facts(self) -> dict[str, Any]:
        """Those of the last daemon while there is none: a request may wait for the next one, which serves the same."""
        if self._of is not None and (self._of[0] == self._daemon.instance or not self._daemon.is_ready):
            return self._of[1]
        facts: dict[str, Any] = (await self._daemon.request({"op": "info"}))["info"]
        self._of = self._daemon.instance, facts
        return facts


def _names(facts: dict[str, Any]) -> set[str]:
    file = PurePath(facts.get("path") or "")
    return {ANY, facts["model"], file.name, file.stem} - {""}
