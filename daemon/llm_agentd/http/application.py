"""The application: Starlette's, with routes that know what /docs says of them, and with what stands around it all.

Runs on the event loop. What a route is described by is a function, called when somebody asks for /docs (openapi.py):
the models that it names and the library that writes OpenAPI are a quarter of this process, for a page that is hardly
ever read.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

Error = TypeVar("Error", bound=Exception)
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
# The arguments of FastAPI's `add_api_route`: `tags`, `summary`, `response_model`, `responses`, `openapi_extra` …
Describe: TypeAlias = Callable[[], dict[str, Any]]


class DescribedRoute(Route):
    """`describe` is None for what OpenAPI does not list."""

    def __init__(self, path: str, handler: Handler, method: str, describe: Describe | None) -> None:
        super().__init__(path, handler, methods=[method])
        self.method, self.describe = method, describe

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self}  # for metrics.py


class Application(Starlette):
    """`get`, `post`, `put` and `delete` are decorators of handlers. HEAD works where GET does, as probes expect."""

    _outermost: ASGIApp | None = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._openapi: dict[str, Any] | None = None
        self._writing = threading.Lock()

    def get(self, path: str, describe: Describe | None = None) -> Callable[[Handler], Handler]:
        return self._adding(path, "GET", describe)

    def post(self, path: str, describe: Describe | None = None) -> Callable[[Handler], Handler]:
        return self._adding(path, "POST", describe)

    def put(self, path: str, describe: Describe | None = None) -> Callable[[Handler], Handler]:
        return self._adding(path, "PUT", describe)

    def delete(self, path: str, describe: Describe | None = None) -> Callable[[Handler], Handler]:
        return self._adding(path, "DELETE", describe)

    def _adding(self, path: str, method: str, describe: Describe | None) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            self.router.routes.append(DescribedRoute(path, handler, method, describe))
            return handler

        return add

    def handle_error(self, kind: type[Error], handler: Callable[[Request, Error], Awaitable[Response]]) -> None:
        self.add_exception_handler(kind, cast("ExceptionHandler", handler))  # whose type knows no kinds

    def openapi(self) -> dict[str, Any]:
        """What all routes take and answer. Any thread; the first call takes a second, which is not the event loop's."""
        with self._writing:
            if self._openapi is None:
                from llm_agentd.http.openapi import written

                self._openapi = written([route for route in self.routes if isinstance(route, DescribedRoute)])
        return self._openapi

    def surround(self, build: Callable[[ASGIApp], ASGIApp]) -> None:
        """Middleware around the framework itself: Starlette's own stands inside of what costs half of a short call."""
        self._outermost = build(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._outermost or super().__call__)(scope, receive, send)
