"""The routes of what NPCs remember: told by the game, listed, and forgotten.

Runs on the door's event loop. What a sentence may hold is the daemon's to check; schema.py tells /docs of it. All are
POST, for the game (see roles_api.py), and as JSON: no web page can make another's browser forget.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from llm_agentd.errors import BadRequest
from llm_agentd.http import schema
from llm_agentd.http.asking import ask
from llm_agentd.http.auth import json_response, read_json, want_json_type
from llm_agentd.http.daemon_client import Link

ROUTES = (
    ("remember", schema.RememberBody, schema.RememberAnswer, "Tell NPCs what came of something"),
    ("forget", schema.ForgetBody, schema.ForgetAnswer, "Forget a player, an NPC, or all"),
    ("memories", schema.MemoriesBody, schema.MemoriesAnswer, "What NPCs remember, the newest first"),
)


def add_memory(app: FastAPI, link: Link) -> None:
    for op, body, answer, summary in ROUTES:
        app.post(
            f"/v1/memory/{op}",
            tags=["memory"],
            summary=summary,
            response_model=answer,
            responses=schema.errors(400, 401, 413, 503),
            openapi_extra=schema.body_of(body),
        )(_handler(link, op))


def _handler(link: Link, op: str) -> Any:
    async def handle(request: Request) -> Response:
        want_json_type(request)
        fields = await read_json(request)
        if not isinstance(fields, dict):
            raise BadRequest('body: want a JSON object such as {"player": "Ana"}')
        own = [name for name in ("op", "id") if name in fields]
        if own:
            raise BadRequest(f"{own[0]}: unknown field")
        answer = await ask(link, {"op": op, **fields})
        return json_response({key: value for key, value in answer.items() if key not in ("id", "event")})

    return handle
