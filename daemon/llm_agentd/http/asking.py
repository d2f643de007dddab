"""One question to the daemon that its router answers itself, and an answer's error as an exception.

Runs on the door's event loop. Knows the link, no route.
"""

from __future__ import annotations

import asyncio

from llm_agentd.errors import ERROR_CLASSES, AgentdError, Unavailable
from llm_agentd.http.daemon_client import RETRY_AFTER_MS, Link, Record

ASK_TIMEOUT_S = 2.0  # no engine step is in it: the answer takes milliseconds


async def ask(link: Link, record: Record) -> Record:
    """The `done` record that answers. Raises the error it was answered with, and Unavailable where none comes."""
    wire_id, reply = link.ask(record, ASK_TIMEOUT_S)
    try:
        return done_or_raise(await asyncio.wait_for(reply, ASK_TIMEOUT_S))
    except TimeoutError:
        raise Unavailable(link.why_not(), retry_after_ms=RETRY_AFTER_MS) from None
    finally:
        link.drop([wire_id])


def done_or_raise(answer: Record) -> Record:
    """The record where it is `done`; raises the error it tells of."""
    if answer["event"] == "done":
        return answer
    kind = ERROR_CLASSES.get(str(answer.get("code")), AgentdError)
    retry_after_ms = answer.get("retry_after_ms")
    raise kind(
        str(answer.get("message", "the daemon gave no reason")),
        retry_after_ms=retry_after_ms if isinstance(retry_after_ms, int) else None,
    )
