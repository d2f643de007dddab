"""The routes of the daemon's settings: all of them, and one changed.

Runs on the event loop. What a value may be, and where it is written, is the daemon's to decide.
"""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import schema, steering_schema
from llm_agentd.http.routes.ops import SLOW_S, from_body, from_query
from llm_agentd.http.sessions import Sessions
from llm_agentd.util.log_level import set_log_level

# What this process keeps too.
TIMEOUT_KEY = "inference.timeout_ms"
LOG_KEY = "log.level"


def add(app: Application, daemon: DaemonClient, sessions: Sessions) -> None:
    change = from_body(daemon, "set_setting", '{"key": "batch.size", "value": 4}', timeout_s=SLOW_S)

    @app.get(
        "/v1/settings",
        lambda: {
            "tags": ["settings"],
            "summary": "Every setting: what it does, its value, where that comes from",
            "response_model": steering_schema.SettingsAnswer,
            "responses": schema.errors(400, 401, 403, 503),
        },
    )
    async def settings(request: Request) -> Response:
        """Secrets are never told: their value is `set` or null."""
        return await from_query(daemon, "settings", timeout_s=SLOW_S)(request)

    @app.post(
        "/v1/settings",
        lambda: {
            "tags": ["settings"],
            "summary": "Change one setting",
            "response_model": steering_schema.SetSettingAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 503),
            "openapi_extra": schema.body_of_op(
                "set_setting", without=["via"], example={"key": "batch.size", "value": 4}
            ),
        },
    )
    async def set_setting(request: Request) -> Response:
        """Checked as at a start, then written into the YAML file, with its comments; `value` null takes the key out.

        Refused where the environment or `--set` would hide it. What is `live` is in force at once.
        """
        response = await change(request)
        answer = orjson.loads(response.body)
        if answer["key"] == TIMEOUT_KEY and answer["applied"]:
            sessions.timeout_ms = answer["value"]
        if answer["key"] == LOG_KEY and answer["applied"]:
            set_log_level(answer["value"])
        return response
