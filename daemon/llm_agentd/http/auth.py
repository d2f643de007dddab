"""What stands before every route: the checks of origin.py, then the token.

Runs on the event loop, before a body is read. Knows no route but those that need no token.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from llm_agentd.errors import AgentdError, Unauthorized
from llm_agentd.http.body import error_response
from llm_agentd.http.origin import OwnHosts, check_origin

# Liveness is no secret, and probes carry no token; nor are the bare dashboard and the page into which players speak.
OPEN_PATHS = frozenset({"/healthz", "/", "/voice"})
# Their files. Two routes under /voice/ take something; players have no token of the daemon's, so a code from the game
# stands in its place there, and after that a token of the page's own.
OPEN_FOLDERS = ("/dashboard/", "/voice/")
# Figures, and who the NPCs are: what a screen on the wall may show (http.dashboard_public). Nothing that players said.
PUBLIC_PATHS = frozenset({"/v1/stats", "/v1/stats/history", "/v1/npcs"})
# A WebSocket of a browser can set no header but the subprotocols it offers. The token comes as one of them: an address
# with the token in it would stand in histories and logs of proxies.
SUBPROTOCOL = "llm-agentd"  # the one that is agreed on
TOKEN_SUBPROTOCOL = "bearer."  # and behind it the token in URL-safe Base64 without padding
IS_PUBLIC = "llm_agentd.is_public"  # in the scope: whoever asks gave no token, and is told what is public alone


class OwnOrigin:
    """Middleware: refuses what a web page of another origin could send, on every path, known or not."""

    def __init__(self, app: ASGIApp, own: OwnHosts) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            _check_origin(scope, self._own)
        except AgentdError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)


class BearerToken:
    """Middleware: every route but those above wants `Authorization: Bearer TOKEN`."""

    def __init__(self, app: ASGIApp, token: str, *, has_public_figures: bool = False) -> None:
        """`has_public_figures`: PUBLIC_PATHS can be read without a token."""
        self._app = app
        self._token = token.encode()
        self._public_paths = PUBLIC_PATHS if has_public_figures else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_open(scope) or _has_token(scope, self._token):
            await self._app(scope, receive, send)
            return
        if scope["path"] in self._public_paths and scope.get("method") in ("GET", "HEAD"):
            await self._app({**scope, IS_PUBLIC: True}, receive, send)
            return
        error = Unauthorized("want the header `Authorization: Bearer TOKEN`; `llm-agentd token` prints the token")
        await _refuse(error, scope, receive, send)


def is_allowed(scope: Scope, own: OwnHosts, token: str | None) -> bool:
    """Whether a call of a route that wants the token passes both."""
    try:
        _check_origin(scope, own)
    except AgentdError:
        return False
    return not token or _has_token(scope, token.encode())


def _check_origin(scope: Scope, own: OwnHosts) -> None:
    """Raises AgentdError."""
    method = scope.get("method", "GET")  # a WebSocket's handshake has none in ASGI; it is a GET
    check_origin(scope["headers"], own, method=method, path=scope["path"], http_version=scope["http_version"])


def _has_token(scope: Scope, token: bytes) -> bool:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, given = value.partition(b" ")
            return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token)
    offered = (_token_in(name) for name in scope.get("subprotocols", ()))
    return any(given is not None and hmac.compare_digest(given, token) for given in offered)


def _token_in(subprotocol: str) -> bytes | None:
    if not subprotocol.startswith(TOKEN_SUBPROTOCOL):
        return None
    text = subprotocol.removeprefix(TOKEN_SUBPROTOCOL)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _is_open(scope: Scope) -> bool:
    """Does it hold no secret, or see to its own? The methods stay those of the route: of the dashboard's files nothing
    can be changed."""
    return scope["type"] == "http" and (scope["path"] in OPEN_PATHS or scope["path"].startswith(OPEN_FOLDERS))


async def _refuse(error: AgentdError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers, and closes the connection: what is left of the body is not read. A WebSocket is answered before it is
    one, with the same status."""
    challenge = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}
    headers = {**challenge, "Connection": "close"}
    await error_response(error, headers=headers, path=scope["path"])(scope, receive, send)
