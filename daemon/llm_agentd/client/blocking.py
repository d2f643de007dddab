"""`Client`: the daemon for programs without an event loop, from as many threads as they like.

It is an `AsyncClient` on an event loop of its own, in a thread of its own: each method hands a coroutine over and waits
for its result. So there is one implementation, and no caller ever touches the socket.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar, Unpack

from llm_agentd.client.asynchronous import CONNECT_TIMEOUT_S, TIMEOUT_S, AsyncClient, AsyncStream
from llm_agentd.client.curve import CurveFiles
from llm_agentd.client.records import Chat, InferOptions, Record, ThinkOptions
from llm_agentd.errors import Unavailable
from llm_agentd.types import Npc, Reply
from llm_agentd.util.endpoint import AUTO

T = TypeVar("T")


class Client:
    """The daemon over ZeroMQ, for threads.

    `endpoint`: the daemon's `zmq.endpoint`; `auto` finds this user's daemon or the service's (docs/python.md).
    `timeout_s`: how long a call waits for the next record of its answer; each call takes one of its own, and a longer
    `deadline_ms` extends it. `connect_timeout_s`: how long a call waits for a connection where there is none.
    `curve`: the keys, for a daemon that wants them.

    Every method raises `AgentdError`, or rather the class of its code: see `llm_agentd.errors`; the first one raises
    `StartError` where `endpoint` is no address. Use as a context manager, or call `close`.

    Safe to share between threads: each call blocks its own thread only, and all their requests are in flight together
    on one connection. Not to be used after a fork. A KeyboardInterrupt during a call cancels its request in the daemon
    too.

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
        self._client = AsyncClient(endpoint, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, curve=curve)
        self.endpoint = self._client.endpoint
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm-agentd-client", daemon=True)
        self._lock = threading.Lock()  # between `close` and calls that begin meanwhile: the loop must still run them
        self._is_closed = False
        self._thread.start()

    # -- lifecycle -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; calls in flight fail with Unavailable. The client cannot be used again."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            closing = asyncio.run_coroutine_threadsafe(self._close(), self._loop)
        closing.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await self._client.close()
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        if calls:
            await asyncio.wait(calls)
            await asyncio.sleep(0)  # their results reach the callers' threads by callbacks of the loop

    # -- generating ------------------------------------------------------------------------------

    def think(
        self,
        npc: Npc | Mapping[str, Any],
        utterance: str | None = None,
        *,
        timeout_s: float | None = None,
        **options: Unpack[ThinkOptions],
    ) -> Reply:
        """What an NPC says to `utterance`, or of itself where that is None. `npc` wants `id`, `name` and `role`."""
        return self._run(self._client.think(npc, utterance, timeout_s=timeout_s, **options))

    def infer(self, prompt: str | Chat, *, timeout_s: float | None = None, **options: Unpack[InferOptions]) -> Reply:
        """Continues a raw text; a list of messages is a chat in the model's own template."""
        return self._run(self._client.infer(prompt, timeout_s=timeout_s, **options))

    def stream(
        self,
        prompt: str | Chat | None = None,
        *,
        npc: Npc | Mapping[str, Any] | None = None,
        utterance: str | None = None,
        timeout_s: float | None = None,
        **options: Unpack[ThinkOptions],
    ) -> Stream:
        """`infer` of a prompt, or `think` of an `npc`, whose text comes as it is written.

        with client.stream(npc=mira, utterance="Good evening!") as stream:
            for text in stream:
                print(text, end="")
        print(stream.reply.usage)
        """
        return Stream(self, self._client.stream(prompt, npc=npc, utterance=utterance, timeout_s=timeout_s, **options))

    def warm(self, npc: Npc | Mapping[str, Any], **options: Unpack[ThinkOptions]) -> bool:
        """Has the beginning of a `think` computed that may come soon. False: it does not pay with this model."""
        return self._run(self._client.warm(npc, **options))

    def cancel(self, target: str) -> bool:
        """Ends a request of this client, which fails with Cancelled; False where it has its answer already."""
        return self._run(self._client.cancel(target))

    # -- the daemon ------------------------------------------------------------------------------

    def ping(self) -> None:
        """Returns when the daemon can answer requests; raises Unavailable while it starts or stops."""
        self._run(self._client.ping())

    def info(self) -> Record:
        """The model, the engine, what they can do, and the daemon's version."""
        return self._run(self._client.info())

    def stats(self) -> Record:
        """Sizes of the queue, the caches and the memory just now."""
        return self._run(self._client.stats())

    def metrics(self) -> str:
        """Counters and histograms as Prometheus reads them."""
        return self._run(self._client.metrics())

    # -- roles and memory ------------------------------------------------------------------------

    def roles(self) -> Record:
        """`roles` (all there are), their `version`, `problems` in an admin's own files, and the `folder` of these."""
        return self._run(self._client.roles())

    def set_role(self, name: str, role: Mapping[str, Any] | None) -> Record:
        """Writes an admin's own role, or takes it away (None). Returns the `role` in force and the new `version`."""
        return self._run(self._client.set_role(name, role))

    def remember(self, lines: Sequence[Mapping[str, str]]) -> int:
        """Tells NPCs what came of something; returns how many lines were kept.

        Each line has `npc` (an id) and `text`, and may have `name` (the NPC's), `player` and `place`.
        """
        return self._run(self._client.remember(lines))

    def memories(self, npc: str | None = None, player: str | None = None, *, limit: int = 20) -> list[Record]:
        """What NPCs remember, the newest first."""
        return self._run(self._client.memories(npc, player, limit=limit))

    def forget(self, npc: str | None = None, player: str | None = None, *, all: bool = False) -> dict[str, int]:
        """Deletes for good what matches both; `all` where neither is named. Returns how many of each kind."""
        return self._run(self._client.forget(npc, player, all=all))

    # -- for admins ------------------------------------------------------------------------------

    def recent_requests(self, *, limit: int = 50, **filters: Any) -> list[Record]:
        """What was asked and answered last, the newest first. `filters`: `before` (a `seq`), `npc`, `player`,
        `outcome`, `priority`, `grep`."""
        return self._run(self._client.recent_requests(limit=limit, **filters))

    def recent_request(self, seq: int) -> Record:
        """One of these in full: the prompt by part, the reply, what the model wrote."""
        return self._run(self._client.recent_request(seq))

    def npcs(self) -> list[Record]:
        """NPCs that thought since the daemon started, the last first."""
        return self._run(self._client.npcs())

    def events(self, after: int = -1, *, wait_ms: int = 0) -> Record:
        """`events` that came after this number, waiting for one, and `seq`, the number to ask with next. -1: none,
        only where the stream stands now."""
        return self._run(self._client.events(after, wait_ms=wait_ms))

    def switch(self, on: bool | None = None, *, by: str | None = None) -> Record:
        """The master switch: off, no model is called for anybody. None: how it stands. Returns `on`, `since`, `by`."""
        return self._run(self._client.switch(on, by=by))

    def audit(self, *, limit: int = 50) -> list[Record]:
        """Who changed what, the newest first."""
        return self._run(self._client.audit(limit=limit))

    # -- any request -----------------------------------------------------------------------------

    def request(self, op: str, *, timeout_s: float | None = None, **fields: Any) -> Record:
        """Any op of `llm_agentd.protocol.schema`: its fields by name, its `done` record back."""
        return self._run(self._client.request(op, timeout_s=timeout_s, **fields))

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of a call that runs on the client's thread."""
        with self._lock:
            if self._is_closed:
                call.close()
                raise Unavailable("the client was closed")
            future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # no effect on a call that has ended; else this thread was interrupted
            raise


class Stream:
    """One reply as it is written: each item is the next piece of its text, `reply` is all of it, at the end.

    The request is sent on entering the context; leaving it before the end cancels the request. `id` is for `cancel`.
    An error ends the iteration with its exception. One thread iterates.
    """

    def __init__(self, client: Client, stream: AsyncStream) -> None:
        self._client = client
        self._stream = stream

    @property
    def id(self) -> str:
        return self._stream.id

    @property
    def reply(self) -> Reply:
        """The whole reply. Raises RuntimeError before the iteration has ended."""
        return self._stream.reply

    def __enter__(self) -> Self:
        self._client._run(self._stream.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Unavailable):  # the client was closed, which ended this too
            self._client._run(self._stream.__aexit__(*error))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._client._run(self._stream.next_piece())
        if piece is None:
            raise StopIteration
        return piece
