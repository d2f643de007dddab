"""The routes of what NPCs remember: added by the game, listed, forgotten; searched, changed and asked for by admins.

Runs on the event loop. What a sentence may hold is the daemon's to check; schema.py describes it for /docs. All that
the game uses are POST (see roles.py).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application
from llm_agentd.http.daemon_client import CONTROL_TIMEOUT_S, DaemonClient
from llm_agentd.http.routes import schema, steering_schema
from llm_agentd.http.routes.ops import SLOW_S, from_body, from_query

# Name → op, what it is about, and a body as an example.
ROUTES = (
    ("remember", "remember", "Tell NPCs what came of something", None),
    ("forget", "forget", "Forget a player, an NPC, or all", {"player": "Ana"}),
    ("memories", "memories", "What NPCs remember, the newest first", None),
    ("search", "search_memories", "What NPCs remember, by its words", {"text": "oak"}),
    ("edit", "edit_memory", "Change or delete one memory", {"memory": 7, "text": None}),
    (
        "recall",
        "recall",
        "What an NPC would recall, and why",
        {"npc": "mira", "player": "Ana", "text": "Where is my lantern?"},
    ),
)
SLOW = ("search_memories", "edit_memory")


def add(app: Application, daemon: DaemonClient) -> None:
    for name, op, summary, example in ROUTES:
        app.post(f"/v1/memory/{name}", partial(_described, op, summary, example))(
            from_body(daemon, op, '{"player": "Ana"}', timeout_s=SLOW_S if op in SLOW else CONTROL_TIMEOUT_S)
        )

    @app.get(
        "/v1/memory/pairs",
        lambda: {
            "tags": ["memory"],
            "summary": "Who remembers whom",
            "response_model": steering_schema.MemoryPairsAnswer,
            "responses": schema.errors(400, 401, 403, 503),
            "openapi_extra": schema.query_of_op("memory_pairs"),
        },
    )
    async def pairs(request: Request) -> Response:
        """Each NPC with each player that it remembers, the latest first."""
        return await from_query(daemon, "memory_pairs", timeout_s=SLOW_S)(request)


def _described(op: str, summary: str, example: dict[str, Any] | None) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "remember": schema.RememberAnswer,
        "forget": schema.ForgetAnswer,
        "memories": schema.MemoriesAnswer,
        "search_memories": steering_schema.SearchAnswer,
        "edit_memory": steering_schema.EditAnswer,
        "recall": steering_schema.RecallAnswer,
    }
    return {
        "tags": ["memory"],
        "summary": summary,
        "response_model": answers[op],
        "responses": schema.errors(400, 401, 403, 413, 503),
        "openapi_extra": schema.body_of_op(op, without=["via"], example=example),
    }
