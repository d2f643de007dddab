"""`cache.redis_url`: one server, a master that Sentinels know, or a Cluster. Pure.

    redis://HOST[:PORT][/DB]                            rediss:// with TLS
    unix:///PATH[?db=DB]
    redis+sentinel://HOST[:PORT],HOST…/MASTER[/DB]      rediss+sentinel:// with TLS
    redis+cluster://HOST[:PORT],HOST…                   rediss+cluster:// with TLS

A user and a password may stand before the @, percent-encoded. They are in no `repr`, and `shown` has none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

Kind: TypeAlias = Literal["single", "unix", "sentinel", "cluster"]

PORT = 6379
SENTINEL_PORT = 26379
HOSTS_MAX = 64  # a client asks one after the other; more is a mistake
DB_MAX = 2**31 - 1
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
MASTER = re.compile(r"[A-Za-z0-9._-]+")
SENTINEL_AUTH = "sentinel_auth"  # the one option: the Sentinels want the password too
FORMS = (
    "want redis://HOST:6379/0, rediss://… for TLS, unix:///PATH, redis+sentinel://HOST:26379,HOST:26379/MASTER/0 or"
    " redis+cluster://HOST:6379,HOST:6379"
)


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`hosts`: the server, the Sentinels, or some nodes of the Cluster. `ca_file` "": the system's certificates."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    db: int = 0
    master: str = ""
    is_tls: bool = False
    sentinel_auth: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    @property
    def shown(self) -> str:
        """For people: as it was written, without user and password."""
        if self.kind == "unix":
            return f"unix://{self.path}"
        scheme = ("rediss" if self.is_tls else "redis") + ("" if self.kind == "single" else f"+{self.kind}")
        hosts = ",".join(f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in self.hosts)
        return f"{scheme}://{hosts}" + "".join(f"/{part}" for part in (self.master, self.db or "") if part)


def parse_address(url: str) -> RedisAddress:
    """Raises ValueError, whose words hold nothing of the URL: an admin may have mistyped around a password."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        raise ValueError(FORMS) from None
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    known = RedisAddress("single", user=unquote(user), password=unquote(password))
    scheme, _, kind = parts.scheme.partition("+")
    options = _options(parts.query, parts.scheme)
    if parts.fragment:
        raise ValueError(f"{FORMS}; write a # of a password as %23")
    if parts.scheme == "unix":
        if place or not parts.path:
            raise ValueError("want unix:///PATH, with three slashes")
        return replace(known, kind="unix", path=unquote(parts.path), db=_db(options.get("db", "")))
    if scheme not in ("redis", "rediss") or kind not in ("", "sentinel", "cluster"):
        raise ValueError(FORMS)
    found = replace(
        known, is_tls=scheme == "rediss", hosts=_hosts(place, SENTINEL_PORT if kind == "sentinel" else PORT)
    )
    path = [unquote(part) for part in parts.path.split("/") if part]
    if kind == "sentinel":
        return _sentinel(found, path, options)
    if kind == "cluster":
        if path and path != ["0"]:
            raise ValueError("a Cluster has database 0 alone; want nothing behind its hosts")
        return replace(found, kind="cluster")
    if len(found.hosts) > 1:
        raise ValueError("more than one host; want redis+sentinel://… or redis+cluster://…")
    if len(path) > 1:
        raise ValueError(FORMS)
    return replace(found, db=_db(path[0] if path else ""))


def _sentinel(found: RedisAddress, path: list[str], options: dict[str, str]) -> RedisAddress:
    if not path or len(path) > 2 or not MASTER.fullmatch(path[0]):
        raise ValueError("want the master's name behind the Sentinels: redis+sentinel://HOST:26379,HOST:26379/MASTER/0")
    auth = options.get(SENTINEL_AUTH, "no")
    if auth not in ("yes", "no"):
        raise ValueError(f"want {SENTINEL_AUTH}=yes or no")
    db = _db(path[1] if len(path) > 1 else "")
    return replace(found, kind="sentinel", master=path[0], db=db, sentinel_auth=auth == "yes")


def _options(query: str, scheme: str) -> dict[str, str]:
    allowed = {"unix": ("db",), "redis+sentinel": (SENTINEL_AUTH,), "rediss+sentinel": (SENTINEL_AUTH,)}.get(scheme, ())
    found = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    if not found.keys() <= set(allowed):
        behind = f"no option but {' and '.join(allowed)}" if allowed else "no options"
        raise ValueError(f"want {behind} behind the ?; a ? of a password is written as %3F")
    return found


def _hosts(place: str, port: int) -> tuple[tuple[str, int], ...]:
    hosts = []
    for one in place.split(","):
        found = HOST.fullmatch(one.strip())
        number = int(found[2] or port) if found else 0
        if found is None or not 1 <= number <= 65_535:
            raise ValueError(f"{FORMS}; write a / or @ of a password as %2F or %40")
        hosts.append((found[1].strip("[]"), number))
    if len(hosts) > HOSTS_MAX:
        raise ValueError(f"want at most {HOSTS_MAX} hosts; a few of them lead to all others")
    return tuple(hosts)


def _db(text: str) -> int:
    if text and not (text.isdecimal() and int(text) <= DB_MAX):
        raise ValueError("want the number of a database behind the host, such as /0")
    return int(text or 0)
