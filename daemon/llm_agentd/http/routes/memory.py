"""The routes of what NPCs remember: added by the game, listed, and forgotten.

Runs on the event loop. What a sentence may hold is the daemon's to check; schema.py describes it for /docs. All are
POST, for the game (see roles.py).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from llm_agentd.client.records import without_envelope
from llm_agentd.errors import BadRequest
from llm_agentd.http.body import changed_via, json_response, read_object
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import schema
from llm_agentd.protocol.record import Change
from llm_agentd.protocol.schema import RECORDS

ROUTES = (
    ("remember", schema.RememberAnswer, "Tell NPCs what came of something", None),
    ("forget", schema.ForgetAnswer, "Forget a player, an NPC, or all", {"player": "Ana"}),
    ("memories", schema.MemoriesAnswer, "What NPCs remember, the newest first", None),
)


def add(app: FastAPI, daemon: DaemonClient) -> None:
    for op, answer, summary, example in ROUTES:
        app.post(
            f"/v1/memory/{op}",
            tags=["memory"],
            summary=summary,
            response_model=answer,
            responses=schema.errors(400, 401, 403, 413, 503),
            openapi_extra=schema.body_of_op(op, without=["via"], example=example),
        )(_handler(daemon, op))


def _handler(daemon: DaemonClient, op: str) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def handle(request: Request) -> Response:
        fields = await read_object(request, '{"player": "Ana"}')
        for name in ("op", "id", "via"):
            if name in fields:
                raise BadRequest(f"{name}: unknown field")
        record = {"op": op, **fields}
        if issubclass(RECORDS[op], Change):
            record["via"] = changed_via(request)
        return json_response(without_envelope(await daemon.request(record)))

    return handle
