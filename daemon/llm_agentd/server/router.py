"""The router thread: the ROUTER socket, and all that is quick enough to answer at once.

Bytes in → records → checked requests → cache hit? answer now → else to the engine thread; its events come back
over an inproc PULL and leave as records. Only this thread touches the ROUTER. The only file that imports zmq here.
Other threads hand it work by `call`, which rings a bell (an eventfd).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import zmq

from llm_agentd import __version__
from llm_agentd.cache import CacheEntry, CompletionCache
from llm_agentd.engines.base import EngineInfo
from llm_agentd.errors import AgentdError, BadRequest, Cancelled, StartError, TooLarge, Unavailable
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.classifier import ClassifierThread
from llm_agentd.moderation.moderator import Direction, Moderator, Verdict
from llm_agentd.protocol import schema, wire
from llm_agentd.scheduler.batch import Event
from llm_agentd.scheduler.engine_loop import Emit, EngineLoop
from llm_agentd.scheduler.sequence import known
from llm_agentd.server import pipeline as intake
from llm_agentd.server.memory_service import OPS as MEMORY_OPS
from llm_agentd.server.memory_service import PEER as MEMORY_PEER
from llm_agentd.server.memory_service import MemoryService
from llm_agentd.types import Delta, Peer, Reply, Request
from llm_agentd.util.file_lock import FileLock

log = logging.getLogger(__name__)

SEND_HWM_PARTS = 4096  # replies a peer may leave unread before it counts as one that never reads
BURST_PARTS_MAX = 256  # read at most so many parts before answering, so that a flood cannot hold back replies
WAKE_ENDPOINT = "inproc://inference-events"
STOP_FRAME, WAKE_FRAME = b"stop", b"wake"


class Router:
    """`bind`, `start`, `stop`, in this order. `inference` is set before `start`."""

    def __init__(
        self,
        *,
        endpoint: str,
        requests: intake.Intake,
        cache: CompletionCache,
        metrics: Metrics,
        moderator: Moderator | None = None,
        classifier: ClassifierThread | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._intake = requests
        self._cache = cache
        self._metrics = metrics
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._events: deque[tuple[Request, Event]] = deque()  # filled by engine_loop, emptied here; appends are atomic
        self._moderator = moderator
        self._classifier = classifier if moderator else None
        self._verdicts: deque[tuple[tuple[Request, Reply | None], str]] = deque()  # filled by the classifier
        self._judged: dict[tuple[Peer, str], Request] = {}  # whose words are with the classifier
        self._open: dict[tuple[Peer, str], bytes] = {}  # what is being answered, with a digest of its record
        self._out: dict[Peer, list[dict[str, Any]]] = {}  # replies of this round, by peer
        self._held: dict[Peer, list[dict[str, Any]]] = {}  # REQ peers get all their answers in one message
        self._burst: list[Request] = []
        self._calls: deque[Callable[[], None]] = deque()  # filled by other threads, emptied here
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._desk = MemoryService(
            requests.memory, answer=self._answer_late, post=self.call, is_busy=lambda: bool(self._open)
        )
        self._thread = threading.Thread(target=self._run, name="router", daemon=True)
        self.ended = threading.Event()
        self.engine_loop: EngineLoop

    # -- lifecycle -------------------------------------------------------------------------------

    def bind(self) -> None:
        """Takes the endpoint. Raises StartError where another daemon has it."""
        self._lock = _lock_ipc(self._endpoint)
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)  # else replies to vanished or slow peers are lost silently
        self._socket.setsockopt(zmq.ROUTER_HANDOVER, 1)  # a door that comes back with its id takes its place again
        self._socket.setsockopt(zmq.SNDHWM, SEND_HWM_PARTS)
        self._socket.setsockopt(zmq.LINGER, 1000)
        self._socket.setsockopt(zmq.MAXMSGSIZE, wire.PART_MAX_BYTES)
        self._socket.setsockopt(zmq.IPV6, 1)
        try:
            self._socket.bind(self._endpoint)
        except zmq.ZMQError as error:
            self._socket.close(0)
            raise StartError(_bind_failure(self._endpoint, error)) from None
        self._wake = self._context.socket(zmq.PULL)
        self._wake.bind(WAKE_ENDPOINT)

    def start(self) -> None:
        self._desk.engine_loop = self.engine_loop
        self._desk.start()
        self._thread.start()
        if self._classifier:
            self._classifier.start(self._connect_judge)

    def call(self, work: Callable[[], None]) -> None:
        """From any thread: runs `work` on the router thread, soon."""
        self._calls.append(work)
        os.eventfd_write(self._bell, 1)

    def connect(self) -> Emit:
        """For the engine thread, which calls it itself: the way back, over a socket of its own."""
        socket = self._context.socket(zmq.PUSH)
        socket.connect(WAKE_ENDPOINT)

        def emit(events: list[tuple[Request, Event]]) -> None:
            self._events.extend(events)
            with contextlib.suppress(zmq.Again):  # a full pipe means that a wake-up is already on its way
                socket.send(WAKE_FRAME, zmq.DONTWAIT)

        self._inference_end = socket
        return emit

    def _connect_judge(self) -> Callable[[tuple[Request, Reply | None], str], None]:
        """For the classifier's thread: its way back."""
        socket = self._judge_end = self._context.socket(zmq.PUSH)
        socket.connect(WAKE_ENDPOINT)

        def told(ticket: tuple[Request, Reply | None], category: str) -> None:
            self._verdicts.append((ticket, category))
            with contextlib.suppress(zmq.Again):
                socket.send(WAKE_FRAME, zmq.DONTWAIT)

        return told

    def stop(self) -> None:
        """After engine_loop has stopped: sends what is left, then ends the thread and the socket."""
        if self._classifier:
            self._classifier.stop()
            self._judge_end.close(0)
        with contextlib.suppress(zmq.Again):  # it broke and reads no more
            self._inference_end.send(STOP_FRAME, zmq.DONTWAIT)
        self._thread.join(10)
        self._inference_end.close(0)
        self._context.term()

    # -- the router thread -----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException:
            log.exception("the router thread broke; the daemon ends")
        finally:
            self._wake.close(0)
            self._socket.close()
            if self._lock is not None:
                self._lock.release()
            self.ended.set()

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._wake, zmq.POLLIN)
        poller.register(self._bell, zmq.POLLIN)
        going_on = True
        while going_on:
            ready = dict(poller.poll())
            if self._wake in ready:
                going_on = self._drain_wakes()
            if self._socket in ready:
                self._drain_socket()
            if self._bell in ready:
                os.eventfd_read(self._bell)
                while self._calls:
                    self._calls.popleft()()
            self._drain_events()
            self._drain_verdicts()
            self._send()

    def _drain_wakes(self) -> bool:
        with contextlib.suppress(zmq.Again):
            while True:
                if self._wake.recv(zmq.DONTWAIT) == STOP_FRAME:
                    return False
        return True

    def _drain_socket(self) -> None:
        with contextlib.suppress(zmq.Again):
            for _ in range(BURST_PARTS_MAX):
                *envelope, part = self._socket.recv_multipart(zmq.DONTWAIT)
                self._take_part(tuple(envelope), part)
        self._submit()

    def _submit(self) -> None:
        if self._burst:
            for request, error in self.engine_loop.submit(self._burst):
                self._answer(request, intake.error(error))
            self._burst = []

    def _take_part(self, peer: Peer, part: bytes) -> None:
        if len(peer) > 1:
            self._held.setdefault(peer, [])
        for record in wire.decode(part):
            if isinstance(record, wire.DecodeError):
                self._put(peer, record.id, intake.error(record.error))
                self._metrics.requests.labels("unknown", record.error.code).inc()
                continue
            self._take_record(peer, record)

    def _take_record(self, peer: Peer, record: dict[str, Any]) -> None:
        op, request_id = "unknown", record.get("id")
        try:
            op, request_id = schema.envelope(record)
            if op in ("infer", "think"):
                self._take_generation(peer, record, request_id)
                return
            if op in MEMORY_OPS:
                outcome, answer = "done", self._desk.take(peer, op, record)
                if answer is None:
                    self._open[peer, request_id] = _digest(record)
                    return
                fields = {"event": "done", **answer}
            else:
                outcome, fields = "done", {"event": "done", **self._bare(peer, op, record)}
        except AgentdError as error:
            outcome, fields = error.code, intake.error(error)
        except Exception:
            log.exception("a record broke the router")
            outcome, fields = "internal", intake.error(AgentdError("a bug in the daemon; its log has the details"))
        self._put(peer, request_id if isinstance(request_id, str) else None, fields)
        self._metrics.requests.labels(op, outcome).inc()

    def _take_generation(self, peer: Peer, record: dict[str, Any], request_id: str) -> None:
        info = self._engine_info()
        request = self._intake.request(record, info, peer=peer, arrived_s=time.monotonic())
        running = self._open.get((peer, request_id))
        if running is not None:
            if running != _digest(record):
                raise BadRequest(f"id: {request_id!r} is in flight already with other content; ids must be unique")
            return  # re-sent after a broken connection: the answer is on its way
        if request.cache == "use":
            entry = self._cache.get(request.key, request.variants)
            if entry is not None and not (self._classifier and request.moderation):
                self._hit(request, entry)
                return
        self._open[peer, request_id] = _digest(record)
        if self._classifier and request.moderation and request.moderation.said:
            self._judged[peer, request_id] = request
            self._classifier.ask((request, None), request.moderation.said)
        else:
            self._burst.append(request)
        self._desk.give_way()

    def _engine_info(self) -> EngineInfo:
        info = self.engine_loop.info
        if info is None:
            raise Unavailable("the daemon is starting or stopping; try again shortly", retry_after_ms=1000)
        return info

    def _hit(self, request: Request, entry: CacheEntry) -> None:
        reply = known(request, entry, time.monotonic())
        self._metrics.hits[request.op].inc()
        self._metrics.cache_hit.inc()
        self._metrics.request_s.observe(reply.timing_ms.total / 1000)
        if request.stream and reply.text:
            self._put(request.peer, request.id, {"event": "delta", "text": reply.text})
        self._put(request.peer, request.id, intake.done(reply))
        self._desk.heard(request, reply.text)

    def _bare(self, peer: Peer, op: str, record: dict[str, Any]) -> dict[str, Any]:
        """Fields of the answer to an op that needs no engine step."""
        if op == "cancel":
            asked = schema.validate(schema.CancelRecord, record)
            found = (peer, asked.target) in self._open
            if waits := self._judged.pop((peer, asked.target), None):
                self._answer(waits, intake.error(Cancelled("cancelled by the client")))
            elif found:
                self.engine_loop.cancel(peer, asked.target)
            return {"found": found}
        if op == "set_role":
            change = schema.validate(schema.SetRoleRecord, record)
            return self._intake.roles.set(change.name, change.role)
        schema.validate(schema.Record, record)
        if op == "roles":
            return self._intake.roles.listing()
        if op == "metrics":
            return {"text": self._metrics.text(self.engine_loop.depth())}
        if op == "stats":
            own = {"queue": self.engine_loop.depth(), "open": len(self._open), "cache": self._cache.stats()}
            own["memory"] = self._intake.memory.stats()
            return {"stats": own | self.engine_loop.stats()}
        info = self._engine_info()
        if op == "ping":
            return {"pong": True}
        roles = self._intake.roles
        facts = asdict(info) | {"features": sorted(info.features), "version": __version__, "pid": os.getpid()}
        facts["max_sequences"] = facts.pop("max_num_seqs")  # as `info` has always called it
        spoken = {"languages": list(self._intake.languages(info)), "language": self._intake.language()}
        return {"info": facts | spoken | {"roles": roles.names(), "roles_version": roles.version()}}

    def _drain_events(self) -> None:
        while self._events:
            request, event = self._events.popleft()
            if request.peer == MEMORY_PEER:
                self._desk.event(event)
                continue
            if (request.peer, request.id) not in self._open:
                continue  # its peer is gone
            if isinstance(event, Delta):
                self._put(request.peer, request.id, {"event": "delta", "text": event.text})
            elif isinstance(event, Reply) and self._classifier and request.moderation:
                self._classifier.ask((request, event), event.text)
            elif isinstance(event, Reply):
                self._metrics.cache.labels(event.cache).inc()
                self._metrics.request_s.observe(event.timing_ms.total / 1000)
                self._answer(request, intake.done(event))
                self._desk.heard(request, event.text)
            else:
                self._answer(request, intake.error(event))

    def _drain_verdicts(self) -> None:
        """What the classifier said of a player's words (nothing is done yet) or of a whole reply."""
        while self._verdicts:
            (request, reply), category = self._verdicts.popleft()
            self._judged.pop((request.peer, request.id), None)
            if (request.peer, request.id) not in self._open:
                continue
            if category and self._moderator and request.moderation:
                text = request.moderation.said if reply is None else reply.text
                verdict = Verdict(False, f"classifier: {category}")
                direction: Direction = "in" if reply is None else "out"
                self._answer(
                    request, intake.error(self._moderator.hold_back(direction, request.moderation, text, verdict))
                )
            elif reply is None:
                self._burst.append(request)
            else:
                self._metrics.cache.labels(reply.cache).inc()
                self._metrics.request_s.observe(time.monotonic() - request.arrived_s)
                self._answer(request, intake.done(reply))
                self._desk.heard(request, reply.text)
        self._submit()

    def _answer(self, request: Request, fields: dict[str, Any]) -> None:
        """The last record of a request that was open."""
        self._open.pop((request.peer, request.id), None)
        self._metrics.requests.labels(request.op, fields.get("code", "done")).inc()
        self._put(request.peer, request.id, fields)

    def _answer_late(self, peer: Peer, request_id: str, fields: dict[str, Any]) -> None:
        """The answer to an op of the memory that took its time."""
        if self._open.pop((peer, request_id), None) is not None:
            self._metrics.requests.labels("forget", fields.get("code", "done")).inc()
            self._put(peer, request_id, fields)

    def _put(self, peer: Peer, request_id: str | None, fields: dict[str, Any]) -> None:
        self._out.setdefault(peer, []).append({"id": request_id, **fields})

    def _send(self) -> None:
        for peer, records in self._out.items():
            if peer in self._held:
                self._held[peer] += records
                if any(key[0] == peer for key in self._open):
                    continue
                records = self._held.pop(peer)
            for part in wire.pack(map(_encode, records)):
                if not self._send_part(peer, part):
                    break
        self._out.clear()

    def _send_part(self, peer: Peer, part: bytes) -> bool:
        try:
            self._socket.send_multipart([*peer, part], zmq.DONTWAIT)
            return True
        except zmq.ZMQError as error:
            reason = {errno.EHOSTUNREACH: "peer_gone", errno.EAGAIN: "peer_slow"}.get(error.errno or 0)
            if reason is None:
                raise
        self._metrics.dropped.labels(reason).inc()
        for key in [key for key in self._open if key[0] == peer]:
            del self._open[key]
        self.engine_loop.drop_peer(peer)
        return False


def _digest(record: dict[str, Any]) -> bytes:
    return hashlib.blake2b(orjson.dumps(record, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def _encode(record: dict[str, Any]) -> bytes:
    try:
        return wire.encode(record)
    except TooLarge as error:  # a reply over the wire limit: its place is taken by the error that says so
        return wire.encode({"id": record["id"], **intake.error(error)})


def _lock_ipc(endpoint: str) -> FileLock | None:
    """ZeroMQ silently takes an ipc path over from whoever has it; a lock beside it keeps a second daemon out."""
    if not endpoint.startswith("ipc://"):
        return None
    path = Path(endpoint.removeprefix("ipc://") + ".lock")
    try:
        return FileLock(path)
    except BlockingIOError:
        raise StartError(_taken(endpoint)) from None
    except OSError as error:
        raise StartError(f"zmq.endpoint: cannot use {endpoint}: {error.strerror}; choose another folder") from None


def _bind_failure(endpoint: str, error: zmq.ZMQError) -> str:
    if error.errno == errno.EADDRINUSE:
        return _taken(endpoint)
    return f"zmq.endpoint: cannot bind {endpoint}: {error.strerror}; want tcp://127.0.0.1:PORT or ipc:///path/to/socket"


def _taken(endpoint: str) -> str:
    return f"zmq.endpoint: {endpoint} is in use: another llm-agentd runs? stop it, or choose another endpoint"
