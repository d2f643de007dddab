"""`POST /v1/exchange`: the game's way in. Many requests in, many events out, one HTTP round trip.

Runs on the event loop. Here a body becomes a `Call`, leniently where Lua's JSON is odd; sessions.py answers it.
"""

from __future__ import annotations

import math
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from llm_agentd.client.records import Record
from llm_agentd.errors import BadRequest
from llm_agentd.http.application import Application
from llm_agentd.http.body import decode, error_response, json_response, read_body
from llm_agentd.http.direct import Answer
from llm_agentd.http.routes import schema
from llm_agentd.http.sessions import Call, Sessions
from llm_agentd.protocol.wire import ID_MAX_CHARS, RECORDS_MAX

PATH: Final = "/v1/exchange"
WAIT_MAX_MS = 30_000  # a longer wait is cut: proxies and engines drop connections that are silent for a minute
WHOLE_MAX = 2**53  # what Lua and JavaScript count without a gap
FIELDS = ("session", "after", "wait_ms", "requests", "cancel", "instance")


def add(app: Application, sessions: Sessions) -> Answer:
    async def answer(body: bytes, _: Receive) -> Response:
        answer = await sessions.call(parse(decode(body)))
        content: dict[str, Any] = {"events": answer.events, "rejected": answer.rejected, "instance": sessions.instance}
        if answer.unavailable is None:
            return json_response(content)
        return error_response(answer.unavailable, beside=content)

    @app.post(
        PATH,
        lambda: {
            "tags": ["ask"],
            "summary": "Many requests in, many events out, in one round trip",
            "response_model": schema.ExchangeAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 503),
            "openapi_extra": schema.body_of(schema.ExchangeBody),
        },
    )
    async def exchange(request: Request) -> Response:
        """For a game server: one call for all its NPCs.

        Cache hits are in the answer at once; else the call waits up to `wait_ms` for an event newer than `after`.
        Events stay until an `after` passes them, so that a lost answer loses nothing: ask again with the same `after`,
        and send a request again under the same `id` where it is not known to have arrived. Of two calls that wait, the
        newer ends the older; a call with `wait_ms` 0 leaves a waiting one alone. A session unused for 10 minutes ends.
        `instance` is the process that answered: another one than before does not know what is open.
        503 (no daemon for any of the requests, or for a call without any) carries the same fields.
        429: there are too many sessions for a new one; whoever is there keeps theirs.
        """
        return await answer(await read_body(request), request.receive)

    return answer


def parse(body: Any) -> Call:
    """The call in a decoded body; BadRequest names the field. Lenient where Lua's JSON is odd: 5.0, null for {}."""
    if not isinstance(body, dict):
        raise BadRequest("body: want a JSON object with session, after, wait_ms, requests, cancel")
    unknown = sorted(set(body) - set(FIELDS))
    if unknown:
        raise BadRequest(f"{unknown[0]}: unknown field; known: {', '.join(FIELDS)}")
    session = body.get("session")
    if not isinstance(session, str) or not 0 < len(session) <= ID_MAX_CHARS:
        raise BadRequest(f"session: want a string of 1 to {ID_MAX_CHARS} characters, another at each start of the game")
    instance = body.get("instance") or ""
    if not isinstance(instance, str):
        raise BadRequest("instance: want a string: the `instance` of the last answer")
    return Call(
        session=session,
        after=_whole(body, "after"),
        wait_ms=min(_whole(body, "wait_ms"), WAIT_MAX_MS),
        requests=_list(body, "requests"),
        cancel=_list(body, "cancel"),
        instance=instance,
    )


def _whole(body: Record, name: str) -> int:
    value = body.get(name)
    if value is None:
        return 0
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= WHOLE_MAX or value != math.floor(value):
        raise BadRequest(f"{name}: want a whole number from 0 to {WHOLE_MAX}")
    return int(value)


def _list(body: Record, name: str) -> list[Any]:
    value = body.get(name)
    if value is None or value == {}:
        return []
    if not isinstance(value, list):
        raise BadRequest(f"{name}: want a list")
    if len(value) > RECORDS_MAX:
        raise BadRequest(f"{name}: {len(value)} entries; the limit is {RECORDS_MAX}: split the call")
    return value
