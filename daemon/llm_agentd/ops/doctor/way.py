"""The way over HTTP: one GET as the mod sends it, and what its answer says. Judged in the words of `/llm doctor`."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from llm_agentd.ops.doctor.check import Check, fail, ok
from llm_agentd.util.terminal_text import plain

TIMEOUT_S = 3.0  # a daemon on the same machine answers /readyz within milliseconds
ANSWER_MAX_BYTES = 64 * 1024
BEHIND = "The way is clear as far as here: what is said of the daemon, its configuration or its model is the cause."
START = "Start the daemon (llm-agentd serve, or systemctl start llm-agentd llm-agentd-http)"


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` 0: none came, `problem` says why."""

    code: int
    data: Any = None
    problem: str = ""
    is_late: bool = False


def get(url: str, token: str | None) -> Answer:
    """No proxy is asked, and a certificate of one's own will do: what is looked at is this machine's own server."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            return Answer(answer.status, _json(answer.read(ANSWER_MAX_BYTES)))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _json(error.read(ANSWER_MAX_BYTES)))
    except TimeoutError:
        return Answer(0, problem="no answer in time", is_late=True)
    except (OSError, ValueError, http.client.HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", error)
        return Answer(0, problem=str(reason), is_late=isinstance(reason, TimeoutError))


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def judge(subject: str, url: str, ready: Answer, *, token_cure: str) -> Check:
    """Of an answer to `GET url/readyz`."""
    code, name = ready.code, "way"
    if code == 200 and isinstance(ready.data, dict):
        return ok(subject, name, f"The daemon at {url} can answer")
    if code == 0 and ready.is_late:
        found, cure = f"No answer in time from {url}", "Is that llm-agentd, or something else that listens there?"
    elif code == 0:
        found = f"Nobody answers at {url} ({ready.problem})"
        cure = f"{START}, or set llm_agent.url to where it listens."
    elif code == 401:
        found, cure = f"The daemon at {url} wants its token", token_cure
    elif code == 403:
        found = f"{url} refuses calls under this name"
        cure = "In config.yaml of llm-agentd add the name to http.allowed_hosts, or set llm_agent.url to an IP address."
    elif code == 503 and _message(ready):
        found = f"The daemon at {url} cannot answer: {_message(ready)}"
        cure = BEHIND
    elif code in (200, 404):
        found = f"{url} is not llm-agentd"
        cure = "Set llm_agent.url to the address that llm-agentd prints at its start."
    else:
        found, cure = f"{url} answers HTTP {code}", "Look at the daemon's log."
    return fail(subject, name, found, cure)


def _message(answer: Answer) -> str:
    error = answer.data.get("error") if isinstance(answer.data, dict) else None
    return plain(str(error.get("message", ""))) if isinstance(error, dict) else ""
