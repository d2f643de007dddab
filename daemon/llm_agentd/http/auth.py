"""The token that stands before every route.

Runs on the event loop, before a body is read. Knows no route but the one that needs no token.
"""

from __future__ import annotations

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from llm_agentd.errors import Unauthorized
from llm_agentd.http.body import error_response

OPEN_PATHS = frozenset({"/healthz"})  # liveness is no secret, and probes carry no token


class BearerToken:
    """Middleware: every route but `/healthz` wants `Authorization: Bearer TOKEN`."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS and not self._is_authorized(scope):
            refusal = error_response(
                Unauthorized("want the header `Authorization: Bearer TOKEN` with the http.token of the configuration"),
                headers={"WWW-Authenticate": "Bearer", "Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_authorized(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, token = value.partition(b" ")
                return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)
        return False
