"""A route whose body, or query, is the fields of an op: handed on to the daemon, which checks them.

Runs on the event loop. Knows no family of routes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.client.records import Record, without_envelope
from llm_agentd.errors import BadRequest
from llm_agentd.http.body import changed_via, json_response, read_object
from llm_agentd.http.daemon_client import CONTROL_TIMEOUT_S, DaemonClient
from llm_agentd.protocol.record import Change
from llm_agentd.protocol.schema import RECORDS

ENVELOPE = ("op", "id", "via")  # not the client's to set
NUMBERS = ("limit", "before")  # fields that a query holds as text
SLOW_S = 30.0  # of an op that reads or writes much; its disk may be slow, and whoever asks sees that it waits

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def from_body(
    daemon: DaemonClient,
    op: str,
    example: str = "{}",
    *,
    path: tuple[str, ...] = (),
    timeout_s: float = CONTROL_TIMEOUT_S,
) -> Handler:
    """`example`: a body, for the error. `path`: fields that stand in the address."""

    async def handle(request: Request) -> Response:
        fields = await read_object(request, example)
        return await run(daemon, request, op, {**fields, **_of_path(request, path)}, timeout_s, given=fields)

    return handle


def from_query(
    daemon: DaemonClient, op: str, *, path: tuple[str, ...] = (), timeout_s: float = CONTROL_TIMEOUT_S
) -> Handler:
    async def handle(request: Request) -> Response:
        given: Record = {
            name: _number(value) if name in NUMBERS else value for name, value in request.query_params.items()
        }
        return await run(daemon, request, op, {**given, **_of_path(request, path)}, timeout_s, given=given)

    return handle


async def run(
    daemon: DaemonClient, request: Request, op: str, fields: Record, timeout_s: float, *, given: Mapping[str, Any]
) -> Response:
    for name in ENVELOPE:
        if name in given:
            raise BadRequest(f"{name}: unknown field")
    record = {"op": op, **fields}
    if issubclass(RECORDS[op], Change):
        record["via"] = changed_via(request)
    return json_response(without_envelope(await daemon.request(record, timeout_s)))


def _of_path(request: Request, names: tuple[str, ...]) -> Record:
    return {name: request.path_params[name] for name in names}


def _number(text: str) -> str | int:
    return int(text) if text.isdecimal() and len(text) <= 15 else text
