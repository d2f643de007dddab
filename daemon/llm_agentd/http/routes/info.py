"""What is known of the daemon and of this process: /info, /healthz, /readyz, /metrics and /docs.

Runs on the event loop.
"""

from __future__ import annotations

import asyncio
import os
import time

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from llm_agentd import __version__
from llm_agentd.errors import AgentdError
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.metrics import HttpMetrics
from llm_agentd.http.routes import docs_page, schema
from llm_agentd.http.sessions import Sessions
from llm_agentd.speech.service import SpeechService

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def add(
    app: Application, daemon: DaemonClient, sessions: Sessions, own_metrics: HttpMetrics, speech: SpeechService
) -> None:
    started_s = time.monotonic()

    @app.get(
        "/info",
        lambda: {
            "tags": ["facts"],
            "summary": "Active model, engine and adapter",
            "responses": schema.errors(401, 403, 503),
        },
    )
    async def info(_: Request) -> Response:
        """What the daemon says of itself; the adapter's own facts are under `adapter`, what speaks under `speech`."""
        adapter = {
            "version": __version__,
            "pid": os.getpid(),
            "instance": sessions.instance,
            "uptime_s": round(time.monotonic() - started_s, 1),
            "zmq_endpoint": daemon.endpoint,
            "open_requests": daemon.open_count,
            "sessions": sessions.count,
        }
        facts = (await daemon.request({"op": "info"})).get("info")
        own = {"speech": speech.info(), "adapter": adapter}
        return json_response({**(facts if isinstance(facts, dict) else {}), **own})

    @app.get(
        "/healthz",
        lambda: {
            "tags": ["facts"],
            "summary": "Is this process alive?",
        },
    )
    async def healthz(_: Request) -> Response:
        """Always 200 while the adapter runs; needs no token."""
        return json_response({"alive": True})

    @app.get(
        "/readyz",
        lambda: {
            "tags": ["facts"],
            "summary": "Can it answer now?",
            "responses": schema.errors(401, 403, 503),
        },
    )
    async def readyz(_: Request) -> Response:
        """200 only when the daemon answers; else 503 with the reason."""
        await daemon.request({"op": "ping"})
        return json_response({"ready": True})

    @app.get("/docs")
    async def docs(_: Request) -> Response:
        return HTMLResponse(docs_page.render(await asyncio.to_thread(app.openapi)))

    @app.get("/openapi.json")
    async def openapi(_: Request) -> Response:
        return json_response(await asyncio.to_thread(app.openapi))

    @app.get(
        "/metrics",
        lambda: {
            "tags": ["facts"],
            "summary": "Prometheus",
            "response_class": Response,  # else OpenAPI would call the errors plain text, too
            "responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **schema.errors(401, 403)},
        },
    )
    async def metrics(_: Request) -> Response:
        """The daemon's and this process's own. Where no daemon answers, `llm_agentd_up` is 0."""
        try:
            daemon_text = str((await daemon.request({"op": "metrics"})).get("text", ""))
        except AgentdError:
            daemon_text = None
        text = own_metrics.text(daemon_text, sessions=sessions.count, open_requests=daemon.open_count)
        return Response(text, media_type=METRICS_TYPE)
