"""The routes that a game calls all the time, past the framework's own way to a route.

Runs on the event loop, as the innermost middleware: all that stands before a route has been passed. The routes stay in
the framework, which describes them in /docs and takes what is not called plainly (HEAD, a slash at the end).
"""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_agentd.errors import AgentdError, Cancelled
from llm_agentd.http.body import error_response

PATHS = frozenset({"/infer", "/v1/exchange"})


class DirectRoutes:
    """Middleware. `routes`: of the application; all are there when the framework makes its middleware."""

    def __init__(self, app: ASGIApp, routes: Collection[object]) -> None:
        self._app = app
        self._by_path = {route.path: route for route in routes if isinstance(route, APIRoute) and route.path in PATHS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._by_path.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        response = await _answer(route, Request(scope, receive, send))
        await response(scope, receive, send)


async def _answer(route: APIRoute, request: Request) -> Response:
    """As the application's handlers of errors have it; a bug goes on to the outermost of them."""
    try:
        response: Response = await route.endpoint(request)
    except AgentdError as error:
        return error_response(error, path=route.path)
    except ClientDisconnect:
        return client_is_gone()
    return response


def client_is_gone() -> Response:
    """Nobody reads it, but it is counted."""
    return error_response(Cancelled("the client went away"))
