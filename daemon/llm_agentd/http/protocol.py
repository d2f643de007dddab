"""One HTTP connection, bounded: uvicorn's protocol with limits on what a client may make it keep before any route.

Runs on the event loop. uvicorn with httptools bounds neither headers nor how long a client takes for them, nor how many
requests wait in one connection (its h11 protocol bounds the first alone), so whoever can connect could fill the memory,
without a token. Here: headers of one request and of all, time for headers and for bodies, requests in a pipeline, and
connections. What bodies may hold together is counted where they are read (body.py). Knows no route.

A connection is in one of four phases. `Server` calls `check_time` once a second; so no request costs a timer.

    IDLE ──first byte──▶ HEAD ──▶ BODY ──▶ IDLE (its answer may still be on the way) …    any ──over a limit──▶ REFUSED
"""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, IntEnum
from typing import Any, NoReturn, cast

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_MAX_BYTES = 64 * 1024  # four times what browsers and proxies send at most
HEAD_FIELDS_MAX = 100  # as Apache and Python's http.server: browsers behind two proxies send 40
FIELD_COST_BYTES = 256  # beside its text: a tuple and two bytes objects here, and again where a route keeps them
HEAD_FREE_BYTES = 8 * 1024  # a head up to this is always taken: what games and browsers send is smaller
HEADS_MAX_BYTES = 4 * 1024 * 1024  # all that are not answered yet, with the cost of their fields
HEAD_TIMEOUT_S = 10.0  # a game sends its headers in one packet
CHUNKS_FREE = 4096  # of a chunked body: 4 ms of this thread. Programs that write as they go send a few hundred
CHUNK_MIN_BYTES = 64  # content of each beyond, on average: curl's have 16 KiB or more
BODY_TIMEOUT_S = 30.0  # the largest body at the pace of a slow home line
PIPELINE_MAX = 8  # no client of ours sends a request before the last answer; each that waits costs a kilobyte or two
CONNECTIONS_MAX = 256  # a game holds three; far more browsers and games than one model can serve
CONNECTIONS_MIN = 8  # however few descriptors there are: a game's and some of its admin's
DESCRIPTORS_KEPT = 64  # of the process's limit, for files, the daemon's socket and connections that are being refused
LINGER_S = 2.0  # a client that is still sending hears the refusal first: closing at once would reset the connection
LINGER_MAX_BYTES = 1024 * 1024  # of what it sends meanwhile, which is dropped


HEAD_TOO_LONG = (431, "too_large", f"headers: over {HEAD_MAX_BYTES} bytes; send fewer")
HEADS_TOO_MANY = (429, "overloaded", "headers: too many large ones are on their way at once; send fewer, or later")


class Phase(Enum):
    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    REFUSED = "refused"


class Rank(IntEnum):
    """Who goes first where there are too many connections; of one rank it is the one that has been in it longest."""

    REFUSED = 0
    UNKNOWN = 1  # has had no answer yet, so it has shown no token
    SENDING = 2  # its body is not whole
    RESTING = 3  # between two requests
    ANSWERED = 4  # its answer is awaited, as a game's is: this one never goes


class Refused(Exception):
    """Raised in a callback of the parser, to stop it: thousands more may stand in the same piece of data."""


class BoundedProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.phase = Phase.IDLE
        self.since_s = self.loop.time()
        self._cycles: deque[tuple[RequestResponseCycle, int]] = deque()  # not answered, with the cost of their heads
        self._served = 0  # answers: who has none yet has shown no token
        self._head_bytes = 0  # as they came, of headers that are not whole yet
        self._field_bytes = 0  # of the fields in them, exactly; also of fields behind a chunked body
        self._fields = 0  # the same ones, counted
        self._body_bytes = 0  # as they came: content, sizes of chunks and what may follow these, fields behind the last
        self._content_bytes = 0
        self._chunks = 0
        self._dropped_bytes = 0  # after a refusal

    # -- connections -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > connections_max():
            others = [cast(BoundedProtocol, other) for other in self.connections if other is not self]
            victims = [other for other in others if other.rank < Rank.ANSWERED]
            victim = min(victims, key=lambda other: (other.rank, other.since_s), default=self)
            victim.end()

    @property
    def rank(self) -> Rank:
        if self.phase is Phase.REFUSED or self.transport.is_closing():
            return Rank.REFUSED
        if self.phase is Phase.BODY:
            return Rank.SENDING
        if self._is_answering:
            return Rank.ANSWERED
        return Rank.RESTING if self._served else Rank.UNKNOWN

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since_s = phase, self.loop.time()

    def check_time(self, now_s: float) -> None:
        waited_s = now_s - self.since_s
        if self.phase is Phase.REFUSED:
            if waited_s > LINGER_S:
                self.end()
        elif self.phase is Phase.BODY:
            if waited_s > BODY_TIMEOUT_S:
                self.refuse(408, "timeout", f"body: not whole after {BODY_TIMEOUT_S:.0f} s; send it at once")
        elif self.phase is Phase.HEAD:
            if waited_s > HEAD_TIMEOUT_S:
                self.refuse(408, "timeout", f"headers: not whole after {HEAD_TIMEOUT_S:.0f} s; send them at once")
        elif not self._served and not self._is_answering and waited_s > HEAD_TIMEOUT_S:
            self.transport.close()  # it never said anything; later pauses are for uvicorn's keep-alive timer

    # -- what comes in ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, without its log line for each bad request: strangers could fill the log with them."""
        if self.phase is Phase.REFUSED:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > LINGER_MAX_BYTES:
                self.end()
            return
        self._unset_keepalive_if_required()
        if self.phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        if self.phase is Phase.HEAD:
            self._head_bytes += len(data)
        else:
            self._body_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self.refuse(400, "bad_request", "not HTTP/1.1")  # unless a callback has refused it, and stopped the parser
        if self.phase is Phase.HEAD:
            if self._head_bytes > HEAD_MAX_BYTES:
                self.refuse(*HEAD_TOO_LONG)
            elif self._is_over_budget:
                self.refuse(*HEADS_TOO_MANY)
        elif self.phase is Phase.BODY and self._body_bytes > HEAD_MAX_BYTES + 2 * self._content_bytes:
            self.refuse(400, "bad_request", "body: too much that is no content")

    def on_message_begin(self) -> None:
        self._field_bytes = self._fields = 0
        if self.phase is not Phase.HEAD:
            self._enter(Phase.HEAD)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._field_bytes += len(url)
        self._check_fields()
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        self._check_fields()
        if name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked":
            self._stop(400, "bad_request", "Transfer-Encoding: want chunked alone; send the body uncompressed")
        super().on_header(name, value)

    def _check_fields(self) -> None:
        if self._fields > HEAD_FIELDS_MAX:
            self._stop(431, "too_large", f"headers: over {HEAD_FIELDS_MAX} of them; send fewer")
        if self._field_bytes > HEAD_MAX_BYTES:
            self._stop(*HEAD_TOO_LONG)

    @property
    def _head_cost(self) -> int:
        return max(self._head_bytes, self._field_bytes) + self._fields * FIELD_COST_BYTES

    @property
    def held_head_bytes(self) -> int:
        """What the heads of all requests here that are not answered yet take, about."""
        waiting = sum(cost for _, cost in self._cycles)
        return waiting + (self._head_cost if self.phase is Phase.HEAD else 0)

    @property
    def _is_over_budget(self) -> bool:
        """Is this head large, and all together too much? Summed only for large ones: there is no count to keep."""
        if self._head_cost <= HEAD_FREE_BYTES:
            return False
        others = (cast(BoundedProtocol, other) for other in self.connections)
        return sum(other.held_head_bytes for other in others) > HEADS_MAX_BYTES

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINE_MAX:
            self._stop(429, "overloaded", "")  # not written: it would pass for the answer to the first of them
        if self._is_over_budget:
            self._stop(*HEADS_TOO_MANY)
        head_cost = self._head_cost
        self._head_bytes = self._body_bytes = self._content_bytes = self._chunks = 0
        self._enter(Phase.BODY)
        earlier = self.cycle
        super().on_headers_complete()
        if self.cycle is not earlier:  # a WebSocket's handshake has none
            self._cycles.append((self.cycle, head_cost))

    def on_chunk_header(self) -> None:
        self._chunks += 1
        if self._chunks > CHUNKS_FREE + self._content_bytes // CHUNK_MIN_BYTES:
            self._stop(400, "bad_request", f"body: over {CHUNKS_FREE} chunks that are tiny; send larger ones")

    def on_body(self, body: bytes) -> None:
        self._content_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._enter(Phase.IDLE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._served += 1
        self._cycles.popleft()
        super().on_response_complete()

    # -- refusing --------------------------------------------------------------------------------

    def _stop(self, status: int, code: str, message: str) -> NoReturn:
        """As `refuse`, in a callback of the parser."""
        self.refuse(status, code, message)
        raise Refused

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answers where nothing else is on the way, and takes nothing more. The connection closes within `LINGER_S`."""
        if self.phase is Phase.REFUSED:
            return
        is_heard = not self.pipeline and self.transport.can_write_eof()  # TLS has no half-closed connections
        if self.cycle is not None:
            # A body's own request may be answered here; the answer to an earlier one must not be cut into.
            is_heard &= not self.cycle.response_started if self.phase is Phase.BODY else self.cycle.response_complete
        self._enter(Phase.REFUSED)
        self._let_go()
        self._unset_keepalive_if_required()
        if not is_heard or self.transport.is_closing():
            self.end()
            return
        self._end_routes()
        self.flow.resume_reading()
        self.transport.write(_answer(status, code, message))
        self.transport.write_eof()

    def end(self) -> None:
        """Closes at once, whatever is on the way."""
        self._end_routes()
        self.transport.abort()

    def _let_go(self) -> None:
        """Of a head that is not whole; a route keeps its own. The connection may linger, and so may hundreds."""
        self.headers, self.scope = [], None  # type: ignore[assignment]
        self.parser = None  # type: ignore[assignment]  # it holds the beginning of a field, and is not fed any more

    def _end_routes(self) -> None:
        """A route that reads or answers here is told that its client is gone: what it writes goes nowhere."""
        for cycle, _ in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()


def _answer(status: int, code: str, message: str) -> bytes:
    body = orjson.dumps({"error": {"code": code, "message": message}})
    head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return STATUS_LINE[status] + head + body


def connections_max() -> int:
    """`CONNECTIONS_MAX`, or less where the process may not open so many: then none is accepted that has no descriptor.

    The event loop would drop such connections unheard, the game's too.
    """
    try:
        import resource
    except ImportError:  # Windows, where sockets are no descriptors
        return CONNECTIONS_MAX
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return min(CONNECTIONS_MAX, max(CONNECTIONS_MIN, soft - DESCRIPTORS_KEPT))
