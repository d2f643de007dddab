"""Whether an address can be reached from other machines. Pure but for asking the resolver about names. Any thread."""

from __future__ import annotations

import ipaddress
import socket


def is_loopback(host: str) -> bool:
    """True where all that `host` stands for is loopback: an address, with brackets and zone or without, or a name.

    A name that cannot be resolved is none: nobody knows what it will be.
    """
    host = host.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        return _is_loopback_address(host)
    except ValueError:
        pass
    if not host or host == "*":
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(_is_loopback_address(str(address[0]).partition("%")[0]) for *_, address in found)


def _is_loopback_address(text: str) -> bool:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1
    return bool((mapped or address).is_loopback)
