"""`llm-agentd ask`: one question to the daemon over ZeroMQ, the answer on stdout.

Runs in the main thread. Knows the client and the terminal, nothing of engines or roles.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO

from llm_agentd.client import Client, CurveFiles
from llm_agentd.errors import AgentdError
from llm_agentd.util.terminal_text import plain

CONNECT_S = 2.0  # a daemon on this machine answers within milliseconds, even at full load
ANSWER_S = 600.0  # the daemon's own deadline ends a request long before; this only bounds a daemon that hangs


def ask(
    endpoint: str,
    text: str,
    *,
    role: str | None = None,
    npc: str | None = None,
    player: str | None = None,
    stream: bool = False,
    out: TextIO | None = None,
    connect_s: float = CONNECT_S,
    curve: CurveFiles | None = None,
) -> int:
    """Prints the reply; returns 0. Raises AgentdError with the daemon's own words where there is none."""
    out = out or sys.stdout
    with Client(endpoint, timeout_s=ANSWER_S, connect_timeout_s=connect_s, curve=curve) as client:
        client.request(
            "ping", timeout_s=connect_s
        )  # what listens there may hang, or be no daemon: only an answer shows
        try:
            with client.stream(**question(text, role=role, npc=npc, player=player)) as answer:
                for piece in answer:
                    if stream:
                        print(plain(piece), end="", file=out, flush=True)
        except AgentdError as error:
            raise type(error)(f"{error.code}: {error.message}", retry_after_ms=error.retry_after_ms) from None
        print("" if stream else plain(answer.reply.text), file=out, flush=True)
    return 0


def question(text: str, *, role: str | None, npc: str | None, player: str | None) -> dict[str, Any]:
    """What `Client.stream` takes: an NPC's words where one is asked, else a chat in the model's own template.

    Nobody is made up to ask: without a player no name is spoken and nothing is remembered.
    """
    if role is None and npc is None:
        return {"prompt": [{"role": "user", "content": text}]}
    role = role or "elder"  # the one everybody may talk to
    name = npc or role.capitalize()
    who = {"player": player} if player else {}
    return {"npc": {"id": f"ask:{name}", "name": name, "role": role}, "utterance": text, **who}
