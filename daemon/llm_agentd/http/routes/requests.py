"""The routes of the request log: what NPCs were asked and answered last, one request in full, and the log emptied.

Runs on the event loop. What a filter may hold is the daemon's to check.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.client.records import without_envelope
from llm_agentd.http.application import Application
from llm_agentd.http.body import changed_via, json_response
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.query import fields_of, parameters_of
from llm_agentd.http.routes import schema


def add(app: Application, daemon: DaemonClient) -> None:
    @app.get(
        "/v1/requests",
        lambda: {
            "tags": ["requests"],
            "summary": "What NPCs were asked and answered last, the newest first",
            "response_model": schema.RequestsAnswer,
            "responses": schema.errors(400, 401, 403, 413, 503),
            "openapi_extra": parameters_of("requests"),
        },
    )
    async def requests(request: Request) -> Response:
        """For the next page give the last `seq` as `before`. Fewer than `limit` may come where their texts are long."""
        return await _answer({"op": "requests", **fields_of("requests", request)})

    @app.get(
        "/v1/requests/{seq}",
        lambda: {
            "tags": ["requests"],
            "summary": "One request: the whole prompt by part, the reply, what the model wrote",
            "response_model": schema.RequestAnswer,
            "responses": schema.errors(400, 401, 403, 503),
            "openapi_extra": parameters_of("request", in_path=["seq"]),
        },
    )
    async def one(request: Request) -> Response:
        """400 where it is not kept any more."""
        return await _answer({"op": "request", **fields_of("request", request, request.path_params)})

    @app.post(
        "/v1/requests/clear",
        lambda: {
            "tags": ["requests"],
            "summary": "Empty the request log",
            "response_model": schema.ClearedAnswer,
            "responses": schema.errors(401, 403, 503),
        },
    )
    async def clear(request: Request) -> Response:
        """Whatever the body."""
        return await _answer({"op": "clear_requests", "via": changed_via(request)})

    async def _answer(record: dict[str, Any]) -> Response:
        return json_response(without_envelope(await daemon.request(record)))
