"""The routes of kept replies: looked at, and taken out of the cache.

Runs on the event loop.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import schema, steering_schema
from llm_agentd.http.routes.ops import SLOW_S, from_body, from_query


def add(app: Application, daemon: DaemonClient) -> None:
    purge_entries = from_body(daemon, "purge_cache", '{"role": "smith"}', timeout_s=SLOW_S)

    @app.get(
        "/v1/cache",
        lambda: {
            "tags": ["cache"],
            "summary": "Kept replies, the last used first",
            "response_model": steering_schema.CacheAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 503),
            "openapi_extra": schema.query_of_op("cache_entries"),
        },
    )
    async def entries(request: Request) -> Response:
        """The fields are those of `llm-agentd dump --format jsonl`."""
        return await from_query(daemon, "cache_entries", timeout_s=SLOW_S)(request)

    @app.post(
        "/v1/cache/purge",
        lambda: {
            "tags": ["cache"],
            "summary": "Take replies out of the cache",
            "response_model": steering_schema.PurgeAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 503),
            "openapi_extra": schema.body_of_op("purge_cache", without=["via"], example={"role": "smith"}),
        },
    )
    async def purge(request: Request) -> Response:
        """What fits all that is given goes; `{"all": true}` empties the cache."""
        return await purge_entries(request)
