"""The routes of the model that answers: what it is, and its self-test.

Runs on the event loop.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import schema, steering_schema
from llm_agentd.http.routes.ops import from_body, from_query

SELF_TEST_S = 190.0  # three requests of at most a minute each


def add(app: Application, daemon: DaemonClient) -> None:
    @app.get(
        "/v1/model",
        lambda: {
            "tags": ["model"],
            "summary": "Which model answers",
            "response_model": steering_schema.ModelAnswer,
            "responses": schema.errors(400, 401, 403, 429, 503),
        },
    )
    async def model(request: Request) -> Response:
        """Engine, file, licence, context, how many are computed at once, threads."""
        return await from_query(daemon, "model")(request)

    @app.post(
        "/v1/model/self-test",
        lambda: {
            "tags": ["model"],
            "summary": "Ask the model three fixed questions",
            "response_model": steering_schema.SelfTestAnswer,
            "responses": schema.errors(400, 401, 403, 413, 503),
            "openapi_extra": schema.body_of_op("self_test"),
        },
    )
    async def self_test(request: Request) -> Response:
        """A greeting, an action in a form, a stop word: past the cache, and behind all that players ask."""
        return await from_body(daemon, "self_test", timeout_s=SELF_TEST_S)(request)
