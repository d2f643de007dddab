"""The routes: HTTP in, one record of the wire out, and back.

Runs on the door's event loop. Knows the link and the exchange, nothing of models, caches or NPCs. Bodies are read by
hand (guard.read_json), since what Lua sends is not always what a validator calls JSON; schema.py tells /docs of them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from llm_agentd import __version__
from llm_agentd.errors import AgentdError, Cancelled, DeadlineExceeded, Filtered
from llm_agentd.http import docs_page, schema
from llm_agentd.http import exchange as exchanges
from llm_agentd.http.asking import ask, done_or_raise
from llm_agentd.http.auth import BearerToken, error_body, error_headers, error_response, json_response, read_json
from llm_agentd.http.daemon_client import Link, Record, timeout_s_of
from llm_agentd.http.exchange import Exchange
from llm_agentd.http.memory_routes import add_memory
from llm_agentd.http.role_routes import add_roles

log = logging.getLogger(__name__)

WATCH_AFTER_S = 0.05  # a client that hangs up is noticed only in answers slower than a cache hit
SWEEP_EVERY_S = 30.0  # idle sessions end up to so much later
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PlainRoute(APIRoute):
    """FastAPI's route without its dependencies: handlers take the request, and /docs tells of them all the same."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


def create_app(
    *,
    endpoint: str,
    retry_s: float,
    token: str | None,
    timeout_ms: int,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The door. `state.link` starts with the app unless it runs already; `state.exchange.stop()` ends waiting calls."""
    link = Link(endpoint, retry_s=retry_s)
    exchange = Exchange(link, timeout_ms=timeout_ms, clock=clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        link.start()
        sweeper = asyncio.create_task(_sweep(exchange))
        yield
        sweeper.cancel()
        exchange.stop()
        link.stop()

    app = FastAPI(
        title="llm-agentd",
        version=__version__,
        description=schema.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's loads its scripts from the internet
        redoc_url=None,
    )
    app.router.route_class = PlainRoute
    app.state.link, app.state.exchange = link, exchange
    if token:
        app.add_middleware(BearerToken, token=token)
    _handle_errors(app)
    _add_work(app, link, exchange, timeout_ms)
    add_roles(app, link)
    add_memory(app, link)
    _add_facts(app, link, exchange)
    return app


async def _sweep(exchange: Exchange) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        exchange.sweep()


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(AgentdError)
    async def expected(_: Request, error: AgentdError) -> Response:
        return error_response(error)

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        message = f"{request.method} {request.url.path}: {str(error.detail).lower()}; /docs lists what there is"
        return json_response({"error": {"code": code, "message": message}}, error.status_code, error.headers)

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return error_response(Cancelled("the client went away"))

    @app.exception_handler(Exception)  # logged with its traceback by uvicorn
    async def bug(_: Request, __: Exception) -> Response:
        return error_response(AgentdError("a bug in the HTTP adapter; its log tells more"))


def _add_work(app: FastAPI, link: Link, exchange: Exchange, timeout_ms: int) -> None:
    """The doors to the model."""

    @app.post(
        "/infer",
        tags=["ask"],
        summary="One prompt, one text",
        response_model=schema.InferAnswer,
        responses=schema.errors(400, 401, 413, 429, 502, 503, 504),
        openapi_extra=schema.body_of(schema.InferBody),
    )
    async def infer(request: Request) -> Response:
        """Continues a raw text. Where moderation stopped the answer, `text` is the safe line."""
        record = schema.infer_record(await read_json(request))
        timeout_s = timeout_s_of(record, timeout_ms)
        wire_id, reply = link.ask(record, timeout_s)
        try:
            answer = await _reply_or_gone(link, reply, request.receive, timeout_s)
        finally:
            if not reply.done():
                link.drop([wire_id])
        return json_response({"text": _text(answer)})

    @app.post(
        "/v1/exchange",
        tags=["ask"],
        summary="Many requests in, many events out, in one round trip",
        response_model=schema.ExchangeAnswer,
        responses=schema.errors(400, 401, 413, 503),
        openapi_extra=schema.body_of(schema.ExchangeBody),
    )
    async def v1_exchange(request: Request) -> Response:
        """For a game server: one call for all its NPCs.

        Cache hits are in the answer at once; else the call waits up to `wait_ms` for an event newer than `after`.
        Events stay until an `after` passes them, so that a lost answer loses nothing: ask again with the same `after`,
        and send a request again under the same `id` where it is not known to have arrived. Of two calls that wait, the
        newer ends the older; a call with `wait_ms` 0 leaves a waiting one alone. A session unused for 10 minutes ends.
        503 (no daemon for any of the requests, or for a call without any) carries `events` and `rejected` too.
        """
        answer = await exchange.call(exchanges.parse(await read_json(request)))
        content: dict[str, Any] = {"events": answer.events, "rejected": answer.rejected}
        if answer.unavailable is None:
            return json_response(content)
        error = answer.unavailable
        return json_response(content | error_body(error), error.http_status, error_headers(error))


def _add_facts(app: FastAPI, link: Link, exchange: Exchange) -> None:
    """What is known of the daemon and of this process."""
    started_s = time.monotonic()

    @app.get("/info", tags=["facts"], summary="Active model, engine and adapter", responses=schema.errors(401, 503))
    async def info(_: Request) -> Response:
        """What the daemon says of itself, with the adapter's own facts under `adapter`."""
        adapter = {
            "version": __version__,
            "pid": os.getpid(),
            "uptime_s": round(time.monotonic() - started_s, 1),
            "zmq_endpoint": link.endpoint,
            "open_requests": link.open_count,
            "sessions": exchange.session_count,
        }
        facts = (await ask(link, {"op": "info"})).get("info")
        return json_response({**(facts if isinstance(facts, dict) else {}), "adapter": adapter})

    @app.get("/healthz", tags=["facts"], summary="Is this process alive?")
    async def healthz(_: Request) -> Response:
        """Always 200 while the adapter runs; needs no token."""
        return json_response({"alive": True})

    @app.get("/readyz", tags=["facts"], summary="Can it answer now?", responses=schema.errors(401, 503))
    async def readyz(_: Request) -> Response:
        """200 only when the daemon answers; else 503 with the reason."""
        await ask(link, {"op": "ping"})
        return json_response({"ready": True})

    @app.get("/docs", include_in_schema=False)
    async def docs(_: Request) -> Response:
        return HTMLResponse(docs_page.render(app.openapi()))

    @app.get(
        "/metrics",
        tags=["facts"],
        summary="Prometheus",
        response_class=PlainTextResponse,
        responses=schema.errors(401, 503),
    )
    async def metrics(_: Request) -> Response:
        """The daemon's counters and histograms."""
        answer = await ask(link, {"op": "metrics"})
        return Response(answer.get("text", ""), media_type=METRICS_TYPE)


async def _reply_or_gone(link: Link, reply: asyncio.Future[Record], receive: Receive, timeout_s: float) -> Record:
    """The reply; DeadlineExceeded after `timeout_s`, Cancelled when the client hangs up meanwhile."""
    await asyncio.wait((reply,), timeout=min(WATCH_AFTER_S, timeout_s))
    if not reply.done() and timeout_s > WATCH_AFTER_S:
        gone = asyncio.ensure_future(_disconnect(receive))
        left_s = timeout_s - WATCH_AFTER_S
        try:
            await asyncio.wait((reply, gone), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not reply.done():
                raise Cancelled("the client went away")
        finally:
            gone.cancel()
    if reply.done():
        return reply.result()
    where = "" if link.ready else f": {link.why_not()}"
    raise DeadlineExceeded(f"no answer within {timeout_s * 1000:.0f} ms{where}")


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _text(answer: Record) -> str:
    """The text of an `infer`, or moderation's safe line; raises the error it was answered with."""
    if answer.get("code") == Filtered.code:
        return str(answer.get("text") or answer.get("message", ""))
    return str(done_or_raise(answer).get("text", ""))
