"""`AsyncClient`: the daemon for asyncio programs, any number of requests in flight on one connection.

Runs on the event loop where it was first used, and only there. Knows records and the connection, no threads.
`blocking.py` puts it on a thread of its own for everyone else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self, Unpack

from llm_agentd.client.curve import CurveFiles
from llm_agentd.client.records import (
    Chat,
    InferOptions,
    Record,
    ThinkOptions,
    done_or_raise,
    generation_fields,
    infer_fields,
    reply_of,
    think_fields,
    without_envelope,
)
from llm_agentd.client.requests import Request, Requests
from llm_agentd.types import Npc, Reply
from llm_agentd.util.endpoint import AUTO, endpoint_to_connect

EVENTS_GRACE_S = 10.0  # beyond the time to wait, which the daemon keeps to a second
TIMEOUT_S = 60.0  # far over what the daemon itself allows a request by default: this bounds a daemon that hangs
CONNECT_TIMEOUT_S = 2.0  # a daemon on this machine accepts within milliseconds, even at full load


class AsyncClient:
    """The daemon over ZeroMQ, for asyncio.

    `endpoint`: the daemon's `zmq.endpoint`; `auto` finds this user's daemon or the service's (docs/python.md).
    `timeout_s`: how long a call waits for the next record of its answer; each call takes one of its own, and a longer
    `deadline_ms` extends it. `connect_timeout_s`: how long a call waits for a connection where there is none.
    `curve`: the keys, for a daemon that wants them.

    Every method raises `AgentdError`, or rather the class of its code: see `llm_agentd.errors`; the first one raises
    `StartError` where `endpoint` is no address. Use as a context manager, or call `close`.

    One event loop only; several requests may be in flight, each in a task of its own. A task that is cancelled cancels
    its request in the daemon too.

    A connection that breaks fails what is in flight with `Unavailable`, as nobody can know whether it ran; nothing is
    sent again by itself. The client goes on looking for the daemon in the background, and later calls use the new
    connection.
    """

    def __init__(
        self,
        endpoint: str = AUTO,
        *,
        timeout_s: float = TIMEOUT_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        curve: CurveFiles | None = None,
    ) -> None:
        self.endpoint = endpoint_to_connect(endpoint, os.environ)
        self._requests = Requests(self.endpoint, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, curve=curve)

    # -- lifecycle -------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection; calls in flight fail with Unavailable. The client cannot be used again."""
        self._requests.close()

    # -- generating ------------------------------------------------------------------------------

    async def think(
        self,
        npc: Npc | Mapping[str, Any],
        utterance: str | None = None,
        *,
        timeout_s: float | None = None,
        **options: Unpack[ThinkOptions],
    ) -> Reply:
        """What an NPC says to `utterance`, or of itself where that is None. `npc` wants `id`, `name` and `role`."""
        return reply_of(await self.request("think", timeout_s=timeout_s, **think_fields(npc, utterance, options)))

    async def infer(
        self, prompt: str | Chat, *, timeout_s: float | None = None, **options: Unpack[InferOptions]
    ) -> Reply:
        """Continues a raw text; a list of messages is a chat in the model's own template."""
        return reply_of(await self.request("infer", timeout_s=timeout_s, **infer_fields(prompt, options)))

    def stream(
        self,
        prompt: str | Chat | None = None,
        *,
        npc: Npc | Mapping[str, Any] | None = None,
        utterance: str | None = None,
        timeout_s: float | None = None,
        **options: Unpack[ThinkOptions],
    ) -> AsyncStream:
        """`infer` of a prompt, or `think` of an `npc`, whose text comes as it is written.

        async with client.stream(npc=mira, utterance="Good evening!") as stream:
            async for text in stream:
                print(text, end="")
        print(stream.reply.usage)
        """
        op, fields = generation_fields(prompt, npc, utterance, options)
        return AsyncStream(self._requests.new(op, {**fields, "stream": True}, timeout_s))

    async def warm(self, npc: Npc | Mapping[str, Any], **options: Unpack[ThinkOptions]) -> bool:
        """Has the beginning of a `think` computed that may come soon. False: it does not pay with this model."""
        return bool((await self.request("warm", **think_fields(npc, None, options)))["warms"])

    async def cancel(self, target: str) -> bool:
        """Ends a request of this client, which fails with Cancelled; False where it has its answer already."""
        return bool((await self.request("cancel", target=target))["found"])

    # -- the daemon ------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Returns when the daemon can answer requests; raises Unavailable while it starts or stops."""
        await self.request("ping")

    async def info(self) -> Record:
        """The model, the engine, what they can do, and the daemon's version."""
        info: Record = (await self.request("info"))["info"]
        return info

    async def stats(self) -> Record:
        """Sizes of the queue, the caches and the memory just now."""
        stats: Record = (await self.request("stats"))["stats"]
        return stats

    async def metrics(self) -> str:
        """Counters and histograms as Prometheus reads them."""
        return str((await self.request("metrics"))["text"])

    # -- roles and memory ------------------------------------------------------------------------

    async def roles(self) -> Record:
        """`roles` (all there are), their `version`, `problems` in an admin's own files, and the `folder` of these."""
        return without_envelope(await self.request("roles"))

    async def set_role(self, name: str, role: Mapping[str, Any] | None) -> Record:
        """Writes an admin's own role, or takes it away (None). Returns the `role` in force and the new `version`."""
        return without_envelope(await self.request("set_role", name=name, role=role))

    async def remember(self, lines: Sequence[Mapping[str, str]]) -> int:
        """Tells NPCs what came of something; returns how many lines were kept.

        Each line has `npc` (an id) and `text`, and may have `name` (the NPC's), `player` and `place`.
        """
        return int((await self.request("remember", lines=list(lines)))["kept"])

    async def memories(self, npc: str | None = None, player: str | None = None, *, limit: int = 20) -> list[Record]:
        """What NPCs remember, the newest first."""
        found: list[Record] = (await self.request("memories", npc=npc, player=player, limit=limit))["memories"]
        return found

    async def forget(self, npc: str | None = None, player: str | None = None, *, all: bool = False) -> dict[str, int]:
        """Deletes for good what matches both; `all` where neither is named. Returns how many of each kind."""
        forgotten: dict[str, int] = (await self.request("forget", npc=npc, player=player, all=all))["forgotten"]
        return forgotten

    # -- for admins ------------------------------------------------------------------------------

    async def recent_requests(self, *, limit: int = 50, **filters: Any) -> list[Record]:
        """What was asked and answered last, the newest first. `filters`: `before` (a `seq`), `npc`, `player`,
        `outcome`, `priority`, `grep`."""
        found: list[Record] = (await self.request("requests", limit=limit, **filters))["requests"]
        return found

    async def recent_request(self, seq: int) -> Record:
        """One of these in full: the prompt by part, the reply, what the model wrote."""
        found: Record = (await self.request("request", seq=seq))["request"]
        return found

    async def npcs(self) -> list[Record]:
        """NPCs that thought since the daemon started, the last first."""
        found: list[Record] = (await self.request("npcs"))["npcs"]
        return found

    async def events(self, after: int = -1, *, wait_ms: int = 0) -> Record:
        """`events` that came after this number, waiting for one, and `seq`, the number to ask with next. -1: none,
        only where the stream stands now."""
        return await self.request("events", after=after, wait_ms=wait_ms, timeout_s=wait_ms / 1000 + EVENTS_GRACE_S)

    async def switch(self, on: bool | None = None, *, by: str | None = None) -> Record:
        """The master switch: off, no model is called for anybody. None: how it stands. Returns `on`, `since`, `by`."""
        change: Record = {} if on is None else {"on": on, "by": by}
        state: Record = (await self.request("switch", **change))["switch"]
        return state

    async def audit(self, *, limit: int = 50) -> list[Record]:
        """Who changed what, the newest first."""
        found: list[Record] = (await self.request("audit", limit=limit))["entries"]
        return found

    # -- any request -----------------------------------------------------------------------------

    async def request(self, op: str, *, timeout_s: float | None = None, **fields: Any) -> Record:
        """Any op of `llm_agentd.protocol.schema`: its fields by name, its `done` record back."""
        async with self._requests.new(op, fields, timeout_s) as request:
            while True:
                record = await request.next()
                if record.get("event") != "delta":
                    return done_or_raise(record)


class AsyncStream:
    """One reply as it is written: each item is the next piece of its text, `reply` is all of it, at the end.

    The request is sent on entering the context; leaving it before the end cancels the request. `id` is for `cancel`.
    An error ends the iteration with its exception.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._reply: Reply | None = None

    @property
    def id(self) -> str:
        return self._request.id

    @property
    def reply(self) -> Reply:
        """The whole reply. Raises RuntimeError before the iteration has ended."""
        if self._reply is None:
            raise RuntimeError("the reply is complete only when the stream has ended: iterate over all of it first")
        return self._reply

    async def __aenter__(self) -> Self:
        await self._request.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._request.__aexit__(*error)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        piece = await self.next_piece()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def next_piece(self) -> str | None:
        """As `anext`, with None at the end."""
        if self._request.is_over:
            return None
        record = await self._request.next()
        if not self._request.is_over:
            return str(record["text"])
        self._reply = reply_of(done_or_raise(record))
        return None
