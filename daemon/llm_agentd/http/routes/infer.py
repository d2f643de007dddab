"""`POST /infer`: one prompt, one text.

Runs on the event loop. The values of options are the daemon's to check; names are checked here, so that a typo costs no
round trip.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from llm_agentd.client.records import Record, done_or_raise
from llm_agentd.errors import BadRequest, Filtered
from llm_agentd.http.application import Application
from llm_agentd.http.body import decode, json_response, read_body
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.direct import Answer
from llm_agentd.http.open_requests import timeout_s_of
from llm_agentd.http.replies import run
from llm_agentd.http.routes import schema
from llm_agentd.http.sessions import Sessions
from llm_agentd.protocol.schema import InferRecord, field_names
from llm_agentd.util.did_you_mean import did_you_mean

PATH: Final = "/infer"
# `messages` is for the wire alone; a streamed answer has no place in one JSON object.
NOT_OVER_HTTP = ("stream", "messages")
FIELDS = field_names(InferRecord) - {"op", "id", *NOT_OVER_HTTP}
EXAMPLE = {"prompt": "Mira, the healer, looks up. Ana: Good evening!", "max_tokens": 40}


def add(app: Application, daemon: DaemonClient, sessions: Sessions) -> Answer:
    """`sessions` know how long a request may take that does not say it."""

    async def answer(body: bytes, receive: Receive) -> Response:
        record = parse(decode(body))
        answer = await run(daemon, record, receive, timeout_s_of(record, sessions.timeout_ms))
        return json_response({"text": _text(answer)})

    @app.post(
        PATH,
        lambda: {
            "tags": ["ask"],
            "summary": "One prompt, one text",
            "response_model": schema.InferAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 502, 503, 504),
            "openapi_extra": schema.body_of_op("infer", required=["prompt"], without=NOT_OVER_HTTP, example=EXAMPLE),
        },
    )
    async def infer(request: Request) -> Response:
        """Continues a raw text. Where moderation stopped the answer, `text` is the safe line."""
        return await answer(await read_body(request), request.receive)

    return answer


def parse(body: Any) -> Record:
    """The wire's record of a body. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest('body: want a JSON object such as {"prompt": "Good evening!"}')
    for name in body:
        if name not in FIELDS:
            known = f"; known: {', '.join(sorted(FIELDS))}"
            raise BadRequest(f"{name}: unknown field{did_you_mean(name, FIELDS, otherwise=known)}")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise BadRequest("prompt: want a text that is not empty")
    return {"op": "infer", **body}


def _text(answer: Record) -> str:
    """The text of an `infer`, or moderation's safe line; raises the error it was answered with."""
    if answer.get("code") == Filtered.code:
        return str(answer.get("text") or answer.get("message", ""))
    return str(done_or_raise(answer).get("text", ""))
