"""Which requests may come: those that no web page of another origin could have sent.

Pure. A browser on this machine is inside the wall that "loopback only" builds, and it runs the pages of strangers.
Three checks keep those pages out, before any route and before a body is read:

- `Host`. A stranger may let a name of his own point to 127.0.0.1 (DNS rebinding); his page is then of our origin as
  far as the browser knows, and may read what we answer. The browser still says the name: only our own names pass.
- `Origin` and `Sec-Fetch-Site`. A browser says with them that a page of another origin asks.
- `Content-Type`. The types of HTML forms travel across origins without asking us first; application/json does not,
  nor does audio/wav.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from llm_agentd.errors import BadRequest, Forbidden

Headers = Sequence[tuple[bytes, bytes]]

SHOWN_MAX_CHARS = 100  # of a stranger's header in our error
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # they change nothing, and no route reads a body of theirs
BODY_TYPE = "application/json"
# Path → type, where it is another. OpenAI's clients send a form, which every page may: there `Origin` alone keeps
# strangers out, which every browser sends with a form of another origin, and nothing is changed there.
BODY_TYPES = {"/v1/audio/transcriptions": "multipart/form-data", "/voice/say": "audio/wav"}
LOOKED_AT = frozenset(
    (b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest", b"content-type", b"content-length",
     b"transfer-encoding")
)  # fmt: skip
_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:\[\]/?#@,]+)(?::(?P<port>[0-9]{1,5}))?")


class OwnHosts:
    """The names under which clients may call this server.

    Always loopback's. On an address that others reach, any IP address as well: with an address in place of a name
    there is nothing to rebind. Ports are not compared: a browser says the port that it connected to, so another one
    than ours was forwarded to us by somebody who may (`ssh -L`, a container's port).
    """

    def __init__(self, listen_host: str, allowed: Iterable[str] = ()) -> None:
        """`listen_host`: http.host. `allowed`: http.allowed_hosts, each a name, or a name with the one port it has."""
        self._allowed = frozenset(host.lower() for host in allowed)
        self._names = frozenset({"localhost", listen_host.lower()})
        self._any_address = not is_loopback(listen_host)
        self._last_found = ""  # a client says the same each time

    def has(self, authority: str) -> bool:
        """`authority`: NAME or NAME:PORT as a URL and the header `Host` have it."""
        if not self._last_found or authority != self._last_found:
            if not self._look_up(authority):
                return False
            self._last_found = authority
        return True

    def _look_up(self, authority: str) -> bool:
        found = _AUTHORITY.fullmatch(authority.lower())
        if found is None:
            return False
        name = found["name"].strip("[]")
        return self.is_allowed(authority) or name in self._names or self._is_own_address(name)

    def is_allowed(self, authority: str) -> bool:
        """Is it a name that the admin gave?"""
        authority = authority.lower()
        return authority in self._allowed or authority.rpartition(":")[0] in self._allowed

    def _is_own_address(self, name: str) -> bool:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address or address.is_loopback


def is_loopback(host: str) -> bool:
    """Is it an address that only this machine reaches?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(headers: Headers, own: OwnHosts, *, method: str, path: str, http_version: str) -> None:
    """Raises Forbidden for what a web page of another origin could send, BadRequest for a Host that is missing or
    there twice. `headers` with names in small letters, as ASGI has them."""
    headers = [pair for pair in headers if pair[0] in LOOKED_AT]  # before each route: those few are searched again
    hosts = _values(headers, b"host")
    for host in hosts:
        if not own.has(host):
            raise Forbidden(
                f"Host: {_shown(host)} is not this server's name; call it by its address, or add the name to"
                " http.allowed_hosts in the configuration"
            )
    if len(hosts) > 1 or (not hosts and http_version != "1.0"):  # RFC 9112, 3.2; browsers never leave it out
        raise BadRequest(f"Host: want one such header, got {len(hosts) or 'none'}")
    for origin in _values(headers, b"origin"):
        if not _is_own_origin(origin, hosts, own):
            raise Forbidden(
                f"Origin: a web page of {_shown(origin)} may not call this server; behind a reverse proxy add the name"
                " it is reached by to http.allowed_hosts in the configuration"
            )
    if _is_called_by_another_site(headers, method):
        raise Forbidden("Sec-Fetch-Site: a web page of another site may not call this server")
    _check_type(headers, method, BODY_TYPES.get(path, BODY_TYPE))


def _is_own_origin(origin: str, hosts: Sequence[str], own: OwnHosts) -> bool:
    """Is it the origin of the address that was called? `null`, a sandboxed or local page, is nobody's. The scheme is
    not compared: a proxy in front may speak TLS in our place."""
    scheme, _, authority = origin.partition("://")
    if scheme.lower() not in ("http", "https"):
        return False
    return authority.lower() in [host.lower() for host in hosts] or own.is_allowed(authority)


def _is_called_by_another_site(headers: Headers, method: str) -> bool:
    """A page that embeds or fetches what is here. To follow a link to us is allowed: the page it stands on learns
    nothing, and a GET changes nothing. (`same-site` is another site too: any port of localhost is.)"""
    if all(site.lower() in ("same-origin", "none") for site in _values(headers, b"sec-fetch-site")):
        return False
    follows_link = _values(headers, b"sec-fetch-mode") == ["navigate"]
    is_whole_page = _values(headers, b"sec-fetch-dest") == ["document"]
    return not (follows_link and is_whole_page and method == "GET")


def _check_type(headers: Headers, method: str, wanted: str) -> None:
    """A POST must say that it is JSON even without a body, as forms post too. Other methods that change something are
    sent across origins only where we agree, which we never do; with them only a body must be JSON. `wanted`: the type,
    where it is not JSON."""
    if method in SAFE_METHODS or (method != "POST" and not has_body(headers)):
        return
    types = _values(headers, b"content-type")
    if not types or any(given.partition(";")[0].strip().lower() != wanted for given in types):
        got = _shown(", ".join(types)) if types else "none"
        raise Forbidden(f"Content-Type: want {wanted}, got {got}: other types can be sent by any web page")


def has_body(headers: Headers) -> bool:
    """Whether the request says that a body follows."""
    lengths = _values(headers, b"content-length")
    return any(length != "0" for length in lengths) or bool(_values(headers, b"transfer-encoding"))


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in headers if key == name]


def _shown(value: str) -> str:
    cut = value if len(value) <= SHOWN_MAX_CHARS else value[:SHOWN_MAX_CHARS] + "…"
    return repr(cut)
