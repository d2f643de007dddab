"""The routes of what NPCs remember: added by the game, listed, forgotten; searched, changed and asked for by admins.

Runs on the event loop. What a sentence may hold is the daemon's to check; schema.py describes it for /docs. All that
the game uses are POST (see roles.py).
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import Response

from llm_agentd.http.daemon_client import CONTROL_TIMEOUT_S, DaemonClient
from llm_agentd.http.routes import schema, steering_schema
from llm_agentd.http.routes.ops import SLOW_S, from_body, from_query

ROUTES = (
    ("remember", "remember", schema.RememberAnswer, "Tell NPCs what came of something", None),
    ("forget", "forget", schema.ForgetAnswer, "Forget a player, an NPC, or all", {"player": "Ana"}),
    ("memories", "memories", schema.MemoriesAnswer, "What NPCs remember, the newest first", None),
    ("search", "search_memories", steering_schema.SearchAnswer, "What NPCs remember, by its words", {"text": "oak"}),
    ("edit", "edit_memory", steering_schema.EditAnswer, "Change or delete one memory", {"memory": 7, "text": None}),
    (
        "recall",
        "recall",
        steering_schema.RecallAnswer,
        "What an NPC would recall, and why",
        {"npc": "mira", "player": "Ana", "text": "Where is my lantern?"},
    ),
)
SLOW = ("search_memories", "edit_memory")


def add(app: FastAPI, daemon: DaemonClient) -> None:
    for name, op, answer, summary, example in ROUTES:
        app.post(
            f"/v1/memory/{name}",
            tags=["memory"],
            summary=summary,
            response_model=answer,
            responses=schema.errors(400, 401, 403, 413, 503),
            openapi_extra=schema.body_of_op(op, without=["via"], example=example),
        )(from_body(daemon, op, '{"player": "Ana"}', timeout_s=SLOW_S if op in SLOW else CONTROL_TIMEOUT_S))

    @app.get(
        "/v1/memory/pairs",
        tags=["memory"],
        summary="Who remembers whom",
        response_model=steering_schema.MemoryPairsAnswer,
        responses=schema.errors(400, 401, 403, 503),
        openapi_extra=schema.query_of_op("memory_pairs"),
    )
    async def pairs(request: Request) -> Response:
        """Each NPC with each player that it remembers, the latest first."""
        return await from_query(daemon, "memory_pairs", timeout_s=SLOW_S)(request)
