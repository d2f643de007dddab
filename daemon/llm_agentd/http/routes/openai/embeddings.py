"""`POST /v1/embeddings`: a vector for each text, where the model computes any.

Runs on the event loop. Each text is a request of its own in the daemon, so that a long list keeps nobody waiting and no
answer exceeds the wire's limit for a record. A client that goes away ends all that are left.
"""

from __future__ import annotations

import asyncio
import base64
from array import array
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.client.records import Record, done_or_raise
from llm_agentd.errors import AgentdError, BadRequest, Cancelled
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response, read_object
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.error_shape import as_openai
from llm_agentd.http.open_requests import timeout_s_of
from llm_agentd.http.replies import disconnect
from llm_agentd.http.routes import openai_schema, schema
from llm_agentd.http.routes.openai.fields import PRIORITY, user_of
from llm_agentd.http.routes.openai.served import ServedModel
from llm_agentd.http.routes.openai.whole import TIMEOUT_MS
from llm_agentd.http.sessions import Sessions
from llm_agentd.util.did_you_mean import did_you_mean

INPUTS_MAX = 256  # texts at once: of vectors of 4096 numbers they take 33 MB here, until they are written
AT_ONCE = 16  # of these in the daemon's queue: the next ones follow, and others get in between
FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user", "priority", "deadline_ms"})
EXAMPLE = '{"input": "Good evening!"}'


def add(app: Application, daemon: DaemonClient, served: ServedModel, sessions: Sessions) -> None:
    @app.post(
        "/v1/embeddings",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: vectors that are close where texts mean the like",
            "response_model": openai_schema.Embeddings,
            "responses": openai_schema.errors(*openai_schema.ASK),
            "openapi_extra": schema.body_of(openai_schema.EmbeddingsBody),
        },
    )
    async def embeddings(request: Request) -> Response:
        """400 with the cure where the served model computes none, as those do not that write text."""
        body = {name: value for name, value in (await read_object(request, EXAMPLE)).items() if value is not None}
        _check_names(body)
        texts, is_packed = _texts(body.get("input")), _is_packed(body)
        record: Record = {"op": "embed", "priority": PRIORITY, **user_of(body)}
        record |= {name: body[name] for name in ("priority", "deadline_ms") if name in body}
        record.setdefault("deadline_ms", max(TIMEOUT_MS, sessions.timeout_ms))
        facts = await served.find(body.get("model"))
        try:
            answers = await _embed(daemon, request, record, texts)
        except AgentdError as error:
            raise as_openai(error) from None
        return json_response(_view(answers, facts["model"], is_packed=is_packed))


def _check_names(body: Mapping[str, Any]) -> None:
    for name in body:
        if name not in FIELDS:
            raise BadRequest(f"{name}: unknown field{did_you_mean(name, FIELDS)}; docs/openai.md has those there are")
    if "dimensions" in body:
        raise BadRequest("dimensions: this server gives a model's vectors as they are; cut them yourself")
    if not isinstance(body.get("model", ""), str):
        raise BadRequest("model: want a text")


def _texts(value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        raise BadRequest("input: want a text, or a list of texts")
    if len(texts) > INPUTS_MAX:
        raise BadRequest(f"input: {len(texts)} texts; at most {INPUTS_MAX} at once")
    for at, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise BadRequest(f"input.{at}: want a text that is not empty; tokens are not taken")
    return texts


def _is_packed(body: Mapping[str, Any]) -> bool:
    form = body.get("encoding_format", "float")
    if form not in ("float", "base64"):
        raise BadRequest("encoding_format: want float or base64")
    return bool(form == "base64")


async def _embed(daemon: DaemonClient, request: Request, record: Record, texts: Sequence[str]) -> list[Record]:
    """Answers in the order of the texts. The first one that fails ends the others, and so does a client that goes."""
    timeout_s = timeout_s_of(record, TIMEOUT_MS)
    answers: dict[int, Record] = {}
    left = iter(enumerate(texts))
    open_ones: dict[asyncio.Future[Record], tuple[int, str]] = {}  # with the number of the text, and the wire's id
    gone = asyncio.ensure_future(disconnect(request.receive))
    try:
        while len(answers) < len(texts):
            for index, text in islice(left, AT_ONCE - len(open_ones)):
                wire_id, reply = daemon.begin({**record, "text": text}, timeout_s)
                open_ones[reply] = index, wire_id
            waited_for: list[asyncio.Future[Any]] = [*open_ones, gone]
            await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise Cancelled("the client went away")
            for reply in [one for one in open_ones if one.done()]:
                index, _ = open_ones.pop(reply)
                answers[index] = done_or_raise(reply.result())
    finally:
        gone.cancel()
        daemon.drop([wire_id for _, wire_id in open_ones.values()])
    return [answers[index] for index in range(len(texts))]


def _view(answers: Sequence[Record], model: str, *, is_packed: bool) -> dict[str, Any]:
    tokens = sum(answer["usage"]["prompt_tokens"] for answer in answers)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _vector(answer["embedding"], is_packed=is_packed)}
            for index, answer in enumerate(answers)
        ],
        "model": answers[0].get("model", model),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _vector(values: list[float], *, is_packed: bool) -> list[float] | str:
    """Packed: float32, the lowest byte first, in Base64, as OpenAI's client asks for by itself."""
    if not is_packed:
        return values
    packed = array("f", values)
    if array("I", [1]).tobytes()[0] != 1:
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()
