"""`GET /v1/doctor`: the daemon's answers, gathered here, and what the doctor makes of them.

Runs on the event loop; the checks run in a thread, as they look at disks and at systemd. Knows none of them: `examine`
is given by whoever starts the adapter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.errors import AgentdError
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import schema

OPS = ("info", "stats", "roles", "doctor")
KEEP_S = 2.0  # a page that is open in ten windows looks at the disk no more often

# From the `done` records by op, and why there are none ("" where there are), to the answer.
Examine: TypeAlias = Callable[[Mapping[str, Any], str], dict[str, Any]]


def add(app: Application, daemon: DaemonClient, examine: Examine) -> None:
    lock = asyncio.Lock()
    kept: dict[str, Any] = {"until_s": 0.0}

    @app.get(
        "/v1/doctor",
        lambda: {
            "tags": ["facts"],
            "summary": "Every link from the game to the model, and the cure for what is broken",
            "response_model": schema.DoctorAnswer,
            "responses": schema.errors(401, 403),
        },
    )
    async def doctor(_: Request) -> Response:
        """As `llm-agentd doctor --json`, less what only the game's machine knows: its world and minetest.conf."""
        async with lock:
            loop = asyncio.get_running_loop()
            if loop.time() >= kept["until_s"]:
                records, error = await _ask(daemon)
                kept["answer"] = await asyncio.to_thread(examine, records, error)
                kept["until_s"] = loop.time() + KEEP_S
        return json_response(kept["answer"])


async def _ask(daemon: DaemonClient) -> tuple[dict[str, Any], str]:
    if not daemon.is_ready:
        return {}, daemon.reason_not_ready()
    records: dict[str, Any] = {}
    for op in OPS:
        try:
            records[op] = await daemon.request({"op": op})
        except AgentdError as error:
            if op == OPS[0]:
                return {}, error.message
    return records, ""
