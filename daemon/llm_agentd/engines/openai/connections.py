"""Connections to servers: one client for all that share the authority of their certificates, kept open between calls.

Event loop. Knows TLS, keys and proxies; nothing of what is said.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2

from llm_agentd import __version__
from llm_agentd.engines.openai.failure import CONNECT_S
from llm_agentd.engines.openai.target import Target, UpstreamError

KEEPALIVE_S = 30.0  # of an idle connection
KEPT_CONNECTIONS_MAX = 256


class Connections:
    """Of one event loop; after `close` of another, perhaps."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, bool], httpx2.AsyncClient] = {}

    async def close(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def client(self, target: Target) -> httpx2.AsyncClient:
        """A proxy of the environment is for what lies beyond this machine."""
        is_local = _is_local(urlsplit(target.base_url).hostname or "")
        key = target.ca_file, is_local
        if key not in self._clients:
            self._clients[key] = httpx2.AsyncClient(
                verify=_authority(target.ca_file),
                timeout=httpx2.Timeout(None, connect=CONNECT_S),
                limits=httpx2.Limits(
                    max_connections=None,
                    max_keepalive_connections=KEPT_CONNECTIONS_MAX,
                    keepalive_expiry=KEEPALIVE_S,
                ),
                headers={"User-Agent": f"llm-agentd/{__version__}"},
                trust_env=not is_local,
            )
        return self._clients[key]


class FreshConnection:
    """Notes, as the trace of a request, whether a connection was opened for it."""

    def __init__(self) -> None:
        self.is_opened = False

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        self.is_opened = self.is_opened or event == "connection.connect_tcp.started"


def _authority(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise UpstreamError("tls", f"ca_file {ca_file} cannot be read as certificates: {error}") from None


def auth(target: Target) -> Callable[[httpx2.Request], httpx2.Request]:
    """As an argument of each call, and given even where there is no key: else httpx2 looks for one in ~/.netrc."""

    def sign(request: httpx2.Request) -> httpx2.Request:
        if target.api_key:
            request.headers["Authorization"] = f"Bearer {target.api_key}"
        return request

    return sign


def _is_local(host: str) -> bool:
    """By its name alone: to ask a resolver would hold up all streams."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
