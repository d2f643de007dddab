"""`POST /infer`: one prompt, one text.

Runs on the event loop. The values of options are the daemon's to check; names are checked here, so that a typo costs no
round trip.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.types import Receive

from llm_agentd.client.records import Record, done_or_raise
from llm_agentd.errors import BadRequest, Cancelled, DeadlineExceeded, Filtered
from llm_agentd.http.body import json_response, read_json
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.open_requests import timeout_s_of
from llm_agentd.http.routes import schema
from llm_agentd.http.sessions import Sessions
from llm_agentd.util.did_you_mean import did_you_mean

# The daemon keeps the deadline itself, and its answer says more: that a field is wrong, however short the deadline is.
ANSWER_GRACE_S = 0.5
WATCH_AFTER_S = 0.05  # a client that hangs up is noticed only in answers slower than a cache hit


def add(app: FastAPI, daemon: DaemonClient, sessions: Sessions) -> None:
    """`sessions` know how long a request may take that does not say it."""

    @app.post(
        "/infer",
        tags=["ask"],
        summary="One prompt, one text",
        response_model=schema.InferAnswer,
        responses=schema.errors(400, 401, 403, 413, 429, 502, 503, 504),
        openapi_extra=schema.INFER_BODY,
    )
    async def infer(request: Request) -> Response:
        """Continues a raw text. Where moderation stopped the answer, `text` is the safe line."""
        record = parse(await read_json(request))
        timeout_s = timeout_s_of(record, sessions.timeout_ms)
        wire_id, reply = daemon.begin(record, timeout_s)
        try:
            answer = await _reply_or_disconnect(daemon, reply, request.receive, timeout_s)
        finally:
            if not reply.done():
                daemon.drop([wire_id])
        return json_response({"text": _text(answer)})


def parse(body: Any) -> Record:
    """The wire's record of a body. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest('body: want a JSON object such as {"prompt": "Good evening!"}')
    for name in body:
        if name not in schema.INFER_FIELDS:
            known = f"; known: {', '.join(sorted(schema.INFER_FIELDS))}"
            raise BadRequest(f"{name}: unknown field{did_you_mean(name, schema.INFER_FIELDS, otherwise=known)}")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise BadRequest("prompt: want a text that is not empty")
    return {"op": "infer", **body}


async def _reply_or_disconnect(
    daemon: DaemonClient, reply: asyncio.Future[Record], receive: Receive, timeout_s: float
) -> Record:
    """The reply; DeadlineExceeded soon after `timeout_s`, Cancelled when the client hangs up meanwhile."""
    await asyncio.wait((reply,), timeout=WATCH_AFTER_S)
    if not reply.done():
        disconnect = asyncio.ensure_future(_disconnect(receive))
        left_s = timeout_s + ANSWER_GRACE_S - WATCH_AFTER_S
        try:
            await asyncio.wait((reply, disconnect), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if disconnect.done() and not reply.done():
                raise Cancelled("the client went away")
        finally:
            disconnect.cancel()
    if reply.done():
        return reply.result()
    reason = "" if daemon.is_ready else f": {daemon.reason_not_ready()}"
    raise DeadlineExceeded(f"no answer within {timeout_s * 1000:.0f} ms{reason}")


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _text(answer: Record) -> str:
    """The text of an `infer`, or moderation's safe line; raises the error it was answered with."""
    if answer.get("code") == Filtered.code:
        return str(answer.get("text") or answer.get("message", ""))
    return str(done_or_raise(answer).get("text", ""))
