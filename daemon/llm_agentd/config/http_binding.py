"""Where the HTTP adapter may listen: what others can reach wants a token, and TLS. Pure."""

from __future__ import annotations

from llm_agentd.errors import StartError
from llm_agentd.util.loopback import is_loopback


def check_binding(host: str, token: str | None, *, tls: bool, allow_plain: bool) -> None:
    """Raises StartError for an address that others can reach without a token, or with one that travels in the clear."""
    if is_loopback(host):
        return
    place = f"http.host: {host} can be reached from other machines"
    if not token:
        raise StartError(f"{place}: take `http.token: off` out, or set http.host to 127.0.0.1")
    if not tls and not allow_plain:
        raise StartError(
            f"{place}: the token would travel unencrypted; set http.tls_cert and http.tls_key, "
            "or, in a network you trust, http.allow_plain to true"
        )
