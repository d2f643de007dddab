"""The HTTP token, read only: unlike the daemon, the doctor makes none. `judge` is pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llm_agentd.config import Config
from llm_agentd.config.http_token import FILE_MAX_BYTES
from llm_agentd.config.values import HTTP_TOKEN, OFF
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.util.regular_file import read_regular

SUBJECT = "token"


@dataclass(frozen=True, slots=True)
class Facts:
    """`token` None: `http.token: off`, no file yet (`is_missing`), or none to be read (`problem`)."""

    path: Path
    token: str | None = None
    is_off: bool = False
    is_missing: bool = False
    problem: str = ""


def look(config: Config) -> Facts:
    http = config.http
    if http.token is not None:
        return Facts(http.token_file, None if http.token == OFF else http.token, is_off=http.token == OFF)
    try:
        text = read_regular(http.token_file, FILE_MAX_BYTES).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return Facts(http.token_file, is_missing=True)
    except OSError as error:
        return Facts(http.token_file, problem=error.strerror or str(error))
    return Facts(http.token_file, text)


def judge(facts: Facts) -> Iterator[Check]:
    if facts.is_off:
        yield ok(SUBJECT, "token", "HTTP wants no token (http.token: off)")
    elif facts.is_missing:
        yield ok(SUBJECT, "token", f"{facts.path} is made at the first start")
    elif facts.problem:
        found = f"{facts.path} cannot be read: {facts.problem}"
        yield warn(SUBJECT, "token", found, "Run the doctor as the daemon's user or as root.")
    elif facts.token is None or not HTTP_TOKEN.fullmatch(facts.token):
        yield fail(SUBJECT, "token", f"{facts.path} holds no token", "llm-agentd token --new makes one.")
    else:
        yield ok(SUBJECT, "token", "There is a token, and it can be read here")
