"""The routes that a game calls all the time, past the framework and the layers around its routes.

Runs on the event loop, outside of all but the counting. The short way refuses nothing by itself: a call that does not
pass the checks of auth.py, or whose body is large or not there at once, goes on along the framework's way, which has
not seen anything of it yet and answers as it always does. The routes stay in the framework too, which describes them in
/docs and takes what is not called plainly (HEAD, a slash at the end).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeAlias

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_agentd.errors import AgentdError, Cancelled
from llm_agentd.http.body import BODY_FREE_BYTES, error_response

# What a route makes of a whole body; `receive` tells of a client that hangs up. Raises AgentdError.
Answer: TypeAlias = Callable[[bytes, Receive], Awaitable[Response]]


class DirectRoutes:
    """Middleware. `routes`: of the application, which has `answers` for some of them, by path.

    `is_allowed`: whether a call passes all that stands before a route.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Collection[object],
        answers: Mapping[str, Answer],
        is_allowed: Callable[[Scope], bool],
    ) -> None:
        self._app = app
        self._is_allowed = is_allowed
        self._by_path = {
            route.path: (route, answers[route.path])
            for route in routes
            if isinstance(route, Route) and route.path in answers
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._by_path.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None or not _is_small(scope) or not self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        first = await receive()
        if first["type"] != "http.request" or first["more_body"]:
            await self._app(scope, _beginning_with(first, receive), send)
            return
        scope["route"], answer = found
        response = await _response(scope["path"], answer, first["body"], receive, send)
        await _send(response, send)


def _is_small(scope: Scope) -> bool:
    """Does it say that its body is so small that it is taken however much others hold? Who says more may be refused
    before any of it comes."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return length.isdigit() and int(length) <= BODY_FREE_BYTES


def _beginning_with(first: Message, receive: Receive) -> Receive:
    """A `receive` that gives `first` once more."""
    left = [first]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


async def _response(path: str, answer: Answer, body: bytes, receive: Receive, send: Send) -> Response:
    """As the application's handlers of errors have it; a bug is answered, and goes on to the server's log."""
    try:
        return await answer(body, receive)
    except AgentdError as error:
        return error_response(error, path=path)
    except Exception:
        await _send(bug(path), send)
        raise


async def _send(response: Response, send: Send) -> None:
    """As Starlette's own way, which looks for background tasks and more that there is none of."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})


def bug(path: str) -> Response:
    return error_response(AgentdError("a bug in the HTTP adapter; its log tells more"), path=path)


def client_is_gone() -> Response:
    """Nobody reads it, but it is counted."""
    return error_response(Cancelled("the client went away"))
