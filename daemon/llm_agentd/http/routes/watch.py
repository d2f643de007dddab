"""The routes by which admins watch: the live event stream, figures, NPCs, the audit log; and the master switch.

Runs on the event loop. What a filter may hold is the daemon's to check.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from llm_agentd.client.records import without_envelope
from llm_agentd.errors import BadRequest
from llm_agentd.http.application import Application
from llm_agentd.http.auth import IS_PUBLIC
from llm_agentd.http.body import changed_via, json_response, read_object
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.event_feeds import EventFeeds
from llm_agentd.http.query import fields_of, parameters_of
from llm_agentd.http.routes import schema

NO_CACHE = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter for nginx, which would gather events
OF_PLAYERS = ("last_player", "last_text")  # of an NPC: null for whoever gave no token (http.dashboard_public)
# One server-sent event: its fields as they stand in the stream.
EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["data"],
}
# Path → op, and what it is about: those that are a look and nothing else.
LOOKS = (
    ("/v1/stats", "stats", "How it goes just now"),
    ("/v1/stats/history", "stats_history", "The last ten minutes, a point for each 5 s"),
    ("/v1/npcs", "npcs", "NPCs that thought since the daemon started, the last first"),
    ("/v1/audit", "audit", "Who changed what, the newest first"),
    ("/v1/switch", "switch", "Whether models may be called"),
)


def add(app: Application, daemon: DaemonClient, feeds: EventFeeds) -> None:
    for path, op, summary in LOOKS:
        app.get(path, partial(_described, op, summary))(_look(daemon, op))

    @app.post(
        "/v1/switch",
        lambda: {
            "tags": ["watch"],
            "summary": "The master switch: off, no model is called for anybody",
            "response_model": schema.SwitchAnswer,
            "responses": schema.errors(400, 401, 403, 413, 502, 503),
            "openapi_extra": schema.body_of_op("switch", required=["on"], without=["via"], example={"on": False}),
        },
    )
    async def switch(request: Request) -> Response:
        """Holds at once, also for what runs, and over restarts. 502 where the disk does not keep it."""
        fields = await read_object(request, '{"on": false}')
        for name in ("op", "id", "via"):
            if name in fields:
                raise BadRequest(f"{name}: unknown field")
        if not isinstance(fields.get("on"), bool):
            raise BadRequest("on: want true or false")
        answer = await daemon.request({"op": "switch", "via": changed_via(request), **fields})
        return json_response(without_envelope(answer))

    @app.get(
        "/v1/events",
        lambda: {
            "tags": ["watch"],
            "summary": "What happens, as it happens (text/event-stream)",
            "response_class": Response,
            "responses": {
                200: {"content": {"text/event-stream": {"schema": EVENT}}},
                **schema.errors(400, 401, 403, 429, 503),
            },
            "openapi_extra": {
                "parameters": [
                    {"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "integer"}},
                ]
            },
        },
    )
    async def events(request: Request) -> Response:
        """`event` is the kind, `id` counts up, `data` is a JSON object: of a request's event the fields of a row of
        `/v1/requests`, with its number as `request`. `event: lost` says how many were missed. A comment every 15 s
        keeps the line open. Goes on behind `Last-Event-ID` where that is given.
        """
        return StreamingResponse(feeds.open(_last_event_id(request)), media_type="text/event-stream", headers=NO_CACHE)


def _described(op: str, summary: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "stats": schema.StatsAnswer,
        "stats_history": schema.HistoryAnswer,
        "npcs": schema.NpcsAnswer,
        "audit": schema.AuditAnswer,
        "switch": schema.SwitchAnswer,
    }
    return {
        "tags": ["watch"],
        "summary": summary,
        "response_model": answers[op],
        "responses": schema.errors(400, 401, 403, 503),
        "openapi_extra": parameters_of(op, without=["on"]),
    }


def _look(daemon: DaemonClient, op: str) -> Any:
    async def look(request: Request) -> Response:
        record = {"op": op, **fields_of(op, request, without=["on"])}
        answer = without_envelope(await daemon.request(record))
        if op == "npcs" and request.scope.get(IS_PUBLIC):
            answer["npcs"] = [{**npc, **dict.fromkeys(OF_PLAYERS)} for npc in answer["npcs"]]
        if op == "stats" and request.scope.get(IS_PUBLIC):
            answer["stats"].pop("remote", None)  # where servers are, and what is wrong with them, is no figure
        return json_response(answer)

    return look


def _last_event_id(request: Request) -> int:
    given = request.headers.get("last-event-id", "")
    if not given:
        return -1
    if not given.isdecimal() or len(given) > 15:
        raise BadRequest(f"Last-Event-ID: {given[:20]!r} is no number of an event")
    return int(given)
