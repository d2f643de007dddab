"""`llm-agentd ask`: one question to the daemon over ZeroMQ, the answer on stdout.

Runs in the main thread with a socket of its own. Knows the wire and the records, nothing of engines or roles.
"""

from __future__ import annotations

import secrets
import sys
import time
from typing import Any, TextIO

import zmq

from llm_agentd.errors import ERROR_CLASSES, AgentdError, Unavailable
from llm_agentd.protocol import wire

CONNECT_S = 2.0  # a daemon on this machine answers a ping within milliseconds, even at full load
ANSWER_S = 600.0  # the daemon's own deadline ends a request long before; this only bounds a daemon that hangs


def ask(
    endpoint: str,
    text: str,
    *,
    role: str | None = None,
    npc: str | None = None,
    stream: bool = False,
    out: TextIO | None = None,
    connect_s: float = CONNECT_S,
) -> int:
    """Prints the reply; returns 0. Raises AgentdError with the daemon's own words where there is none."""
    out = out or sys.stdout
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        _connect(socket, endpoint)
        _ping(socket, endpoint, connect_s)
        socket.send(wire.encode(record(text, role=role, npc=npc, stream=stream)))
        _print_reply(socket, out, stream)
    return 0


def record(text: str, *, role: str | None, npc: str | None, stream: bool) -> dict[str, Any]:
    """`think` where someone is asked, else a plain `infer` in the model's chat template."""
    head: dict[str, Any] = {"id": f"ask-{secrets.token_hex(8)}", "stream": stream}
    if role is None and npc is None:
        return head | {"op": "infer", "messages": [{"role": "user", "content": text}]}
    trade = role or "elder"  # the one everybody may talk to
    name = npc or trade.capitalize()
    return head | {
        "op": "think",
        "npc": {"id": f"ask:{name}", "name": name, "role": trade},
        "player": "Traveller",
        "utterance": text,
    }


def _connect(socket: zmq.Socket[bytes], endpoint: str) -> None:
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        raise Unavailable(f"zmq.endpoint {endpoint}: {error}; want tcp://HOST:PORT or ipc://PATH") from error


def _ping(socket: zmq.Socket[bytes], endpoint: str, connect_s: float) -> None:
    """A socket connects to nobody without complaint: only an answer shows that a daemon is there."""
    socket.send(wire.encode({"op": "ping", "id": "ask-ping"}))
    if not socket.poll(int(connect_s * 1000)):
        raise Unavailable(f"no daemon at {endpoint} — start one with: llm-agentd serve")
    for item in wire.decode(socket.recv()):
        if isinstance(item, wire.DecodeError):
            raise Unavailable(f"what answers at {endpoint} is no llm-agentd; look at zmq.endpoint")
        _raise_error(item)


def _print_reply(socket: zmq.Socket[bytes], out: TextIO, stream: bool) -> None:
    printed = ""
    deadline_s = time.monotonic() + ANSWER_S
    while True:
        left_ms = int((deadline_s - time.monotonic()) * 1000)
        if left_ms <= 0 or not socket.poll(left_ms):
            raise Unavailable(
                f"the daemon took the question but did not answer within {ANSWER_S:.0f} s; look at its log"
            )
        for item in wire.decode(socket.recv()):
            if isinstance(item, wire.DecodeError):
                raise item.error
            _raise_error(item)
            if item.get("event") == "delta":
                printed += item["text"]
                print(item["text"], end="", file=out, flush=True)
            elif item.get("event") == "done":
                rest = item["text"].removeprefix(printed) if stream else item["text"]
                print(rest, file=out, flush=True)
                return


def _raise_error(item: dict[str, Any]) -> None:
    if item.get("event") != "error":
        return
    kind = ERROR_CLASSES.get(str(item.get("code")), AgentdError)
    raise kind(f"{item.get('code')}: {item.get('message')}", retry_after_ms=item.get("retry_after_ms"))
