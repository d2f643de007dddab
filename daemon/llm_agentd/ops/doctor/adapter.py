"""The HTTP adapter's port, as it is seen from this machine: is it ours, and does our token open it? `judge` is pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

from llm_agentd.config import Config
from llm_agentd.ops.doctor import token, way
from llm_agentd.ops.doctor.check import Check, fail, ok

SUBJECT = "http"
ALIVE = {"alive": True}  # what /healthz answers
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
TOKEN_CURE = (
    "http.token_file was made anew while it ran: start the HTTP adapter again (systemctl restart llm-agentd-http)."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """`holder`: the program that has the port, where one can see it. `ready` None: not asked, for want of the token."""

    url: str
    is_wanted: bool
    alive: way.Answer
    ready: way.Answer | None
    holder: str


def look(config: Config, found: token.Facts) -> Facts:
    http = config.http
    host = EVERYWHERE.get(http.host, http.host)
    scheme = "https" if http.tls_cert else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{http.port}"
    alive = way.get(f"{url}/healthz", None)
    is_ours = alive.data == ALIVE
    ready = way.get(f"{url}/readyz", found.token) if is_ours and (found.token or found.is_off) else None
    return Facts(url, http.port != 0, alive, ready, "" if is_ours else _holder(http.port))


def _holder(port: int) -> str:
    """`nginx (process 812)`; "" where nobody listens, or this user may not see who."""
    with suppress(psutil.Error, OSError):
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr[1:2] == (port,) and one.pid:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    return ""


def judge(facts: Facts) -> Iterator[Check]:
    if not facts.is_wanted:
        yield ok(SUBJECT, "port", "http.port is 0, any free one: it is printed at the start")
    elif facts.alive.code == 0 and not facts.alive.is_late and not facts.holder:
        cure = f"{way.START}; its log says why where it has stopped."
        yield fail(SUBJECT, "port", f"Nobody answers at {facts.url} ({facts.alive.problem})", cure)
    elif facts.alive.data != ALIVE:
        found = f"{facts.url} is taken by {facts.holder or 'another program'}, which is not llm-agentd"
        cure = "Stop that one, or set http.port to a free port, and llm_agent.url in minetest.conf to the same."
        yield fail(SUBJECT, "port", found, cure)
    elif facts.ready is None:
        yield ok(SUBJECT, "port", f"llm-agentd listens at {facts.url}")
    else:
        yield way.judge(SUBJECT, facts.url, facts.ready, token_cure=TOKEN_CURE)
