"""The classifier on another machine that moderation asks, where one is configured. `judge` is pure."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from llm_agentd.config import Config
from llm_agentd.ops.doctor.check import Check, ok, warn

SUBJECT = "remote"
TIMEOUT_S = 2.0
PORTS = {"http": 80, "https": 443}
UNTIL_THEN = "until then the word lists decide alone"


@dataclass(frozen=True, slots=True)
class Facts:
    """`url` None: nothing is called. `missing_key`: the environment variable that is not set."""

    url: str | None
    problem: str = ""
    missing_key: str = ""


def look(config: Config, environ: Mapping[str, str] = os.environ) -> Facts:
    agents = config.agents
    if agents.moderation == "off" or not agents.moderation_url:
        return Facts(None)
    key = agents.moderation_key_env or ""
    address = urlsplit(agents.moderation_url)
    problem = ""
    try:
        port = address.port or PORTS[address.scheme]
        socket.create_connection((address.hostname or "", port), TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
    return Facts(agents.moderation_url, problem, key if key and not environ.get(key) else "")


def judge(facts: Facts) -> Iterator[Check]:
    if facts.url is None:
        return
    if facts.missing_key:
        found = f"agents.moderation_key_env: {facts.missing_key} is not set in the daemon's environment"
        yield warn(SUBJECT, "moderation key", found, f"Set it where the daemon starts; {UNTIL_THEN}.")
    if facts.problem:
        found = f"agents.moderation_url: {facts.url} cannot be reached: {facts.problem}"
        yield warn(SUBJECT, "moderation", found, f"Start what listens there, or take the key out; {UNTIL_THEN}.")
    else:
        yield ok(SUBJECT, "moderation", f"{facts.url} can be reached")
