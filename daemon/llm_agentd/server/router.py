"""The router thread: the ROUTER socket, and the inbox by which all other threads reach it.

Bytes go to the pipeline and its replies go back as bytes; this file knows envelopes and sockets, and nothing of what
records mean. Only the router thread touches the socket.

One round of the loop: read what came; let the peers take turns (`backlogs.py`); run what the inbox holds, in its order;
send. Reading and turns have a budget of time, so that an event of the engine leaves within milliseconds, whatever some
peer does, and an answer leaves in the round in which its record had its turn.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable

import zmq

from llm_agentd.errors import AgentdError, Overloaded
from llm_agentd.metrics import Metrics
from llm_agentd.protocol import wire
from llm_agentd.server.backlogs import Backlogs
from llm_agentd.server.inbox import Inbox
from llm_agentd.server.open_requests import OpenRequests
from llm_agentd.server.pipeline.pipeline import Pipeline
from llm_agentd.server.socket.connection_guard import ConnectionGuard
from llm_agentd.server.socket.curve import Gatekeeper
from llm_agentd.server.socket.endpoint import bind_failure, check_reach, protect_socket, take_path
from llm_agentd.server.socket.receiver import Receiver
from llm_agentd.server.socket.streams import Streams, is_stream
from llm_agentd.types import Peer
from llm_agentd.util.endpoint import stream_path

log = logging.getLogger(__name__)

# Messages of one peer that ZeroMQ holds: those that it reads ahead, up to 4 MiB each, and those that the peer leaves
# unread, some 256 KiB each (`replies.ROUND_MAX_BYTES`), before it counts as one that never reads.
RECEIVE_HWM_PARTS = 2
SEND_HWM_PARTS = 128
# What a round may take, so that no flood holds back what the engine has for others: a reader does not see 10 ms.
READ_BUDGET_S = 0.003
TAKE_BUDGET_S = 0.006
# While more than a village's requests waits unread, somebody floods: a rest after each round leaves the CPU, and
# Python's lock, to the engine thread, which would else get nothing done. What it emits ends the rest.
FLOOD_BYTES = 1024 * 1024
REST_MS = 6
STOP_BUDGET_S = 0.5  # to refuse what is still unread when the daemon stops
LINGER_MS = 1000  # what is still unsent at the end may take so long to leave
JOIN_MAX_S = 10
RETRY_AFTER_MS = 1000  # for a peer that sent more than is kept
_TOO_MUCH = "more of this peer waits unread than is kept; what came just now was not read: wait for answers, send less"

OPTIONS: dict[zmq.SocketOption, int] = {
    zmq.ROUTER_MANDATORY: 1,  # else replies to vanished or slow peers are lost silently
    zmq.ROUTER_HANDOVER: 1,  # a peer that comes back with its id takes its place again; the adapter's cannot be guessed
    zmq.LINGER: LINGER_MS,
    zmq.MAXMSGSIZE: wire.FRAME_MAX_BYTES,
    zmq.IPV6: 1,
    zmq.BACKLOG: 128,  # connections that may wait to be accepted
    zmq.HANDSHAKE_IVL: 3000,  # ms; a connection that says nothing is closed. On one machine it takes milliseconds
    # A host that vanishes closes no connection. TCP's own keepalive finds it, not ZeroMQ's heartbeats: libzmq 4.3.5
    # aborts the process where a heartbeat is due on a connection that broke while RECEIVE_HWM_PARTS stopped its input.
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 30,
    zmq.TCP_KEEPALIVE_INTVL: 10,
    zmq.TCP_KEEPALIVE_CNT: 3,
}


class Router:
    """`bind`, `start`, `stop`, in this order."""

    def __init__(
        self,
        *,
        endpoint: str,
        inbox: Inbox,
        pipeline: Pipeline,
        open_requests: OpenRequests,
        metrics: Metrics,
        gatekeeper: Gatekeeper | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoint = endpoint
        self._inbox = inbox
        self._pipeline = pipeline
        self._open_requests = open_requests
        self._metrics = metrics
        self._gatekeeper = gatekeeper
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._clock = clock
        self._backlogs = Backlogs(
            take=pipeline.take, end_part=pipeline.end_part, is_full=pipeline.replies.is_full, clock=clock
        )
        self._streams = Streams(stream_path(endpoint) if gatekeeper is None else None, self._drop)
        self._req_replies: dict[Peer, list[bytes]] = {}  # of REQ peers, until all they asked is answered
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="router", daemon=True)
        self.ended = threading.Event()

    # -- from the main thread --------------------------------------------------------------------

    def bind(self) -> None:
        """Takes the endpoint. Raises StartError where another daemon has it, or others than it says could reach it."""
        check_reach(self.endpoint, has_curve=self._gatekeeper is not None)
        self._lock = take_path(self.endpoint)
        self._socket = self._context.socket(zmq.ROUTER)
        for option, value in OPTIONS.items():
            self._socket.setsockopt(option, value)
        if self._gatekeeper is not None:
            self._gatekeeper.start(self._context)
            self._gatekeeper.secure(self._socket)
        self._socket.setsockopt(zmq.RCVHWM, RECEIVE_HWM_PARTS)
        self._socket.setsockopt(zmq.SNDHWM, SEND_HWM_PARTS)
        self._guard = ConnectionGuard(self._socket, self._clock, self.endpoint)
        try:
            self._socket.bind(self.endpoint)
            self._streams.bind()
        except (zmq.ZMQError, OSError) as error:
            self._guard.close()
            self._socket.close(0)
            self._stop_gatekeeper()
            raise bind_failure(self.endpoint, error) from None
        protect_socket(self.endpoint)
        if self.endpoint.startswith("tcp://"):  # with the port that was found, for `tcp://127.0.0.1:*`
            port = str(self._socket.getsockopt_string(zmq.LAST_ENDPOINT)).rpartition(":")[2]
            self.endpoint = f"{self.endpoint.rpartition(':')[0]}:{port}"

    def start(self) -> None:
        """From here on the socket is the router thread's: starting a thread hands over all that was written before."""
        self._thread.start()

    def wait_for_posted(self) -> None:
        """Returns when all that was posted to the inbox before this call has been handled."""
        is_handled = threading.Event()
        self._inbox.post(is_handled.set)
        if not self.ended.is_set():
            is_handled.wait(JOIN_MAX_S)

    def stop(self) -> None:
        """Sends what is left, then ends the thread and the socket.

        To be called last, when the engine loop and the classifier have stopped: what they posted stands before the stop
        in the inbox, so their last answers go out. What is open after that is answered `unavailable`.

        The thread closes what it reads from, when it has read for the last time. A context that is ended under a thread
        that is still at work breaks it, in the midst of its last answers; so one that is late is left to end by itself.
        """
        self._inbox.post(self._stop)
        self._thread.join(JOIN_MAX_S)
        if self._thread.is_alive():
            log.error("the router thread is still at work %d s after it was to stop; the daemon ends", JOIN_MAX_S)
            return
        self._stop_gatekeeper()
        self._context.term()

    def _stop_gatekeeper(self) -> None:
        if self._gatekeeper is not None:
            self._gatekeeper.stop()

    # -- the router thread -----------------------------------------------------------------------

    def _stop(self) -> None:
        self._is_stopped = True

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException:
            log.exception("the router thread broke; the daemon ends")
        finally:
            self._guard.close()
            self._socket.close()
            self._streams.close()
            self._inbox.close()
            if self._lock is not None:
                self._lock.release()
            self.ended.set()

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._inbox.wakeup_fd, zmq.POLLIN)
        if self._guard.monitor is not None:
            poller.register(self._guard.monitor, zmq.POLLIN)
        self._streams.watch(poller)
        rest = zmq.Poller()
        rest.register(self._inbox.wakeup_fd, zmq.POLLIN)
        receiver = Receiver(self._socket, self._clock, self._guard.on_message)
        while not self._is_stopped:
            # All that concerns time (deadlines, the batch window) is the engine thread's, and other threads that have
            # something for this one wake it by the inbox. So it wakes by itself for the guard, once a second while
            # requests are open, for an engine thread that hangs, and for what the shared cache does not answer in time.
            if self._backlogs.bytes() > FLOOD_BYTES:
                rest.poll(REST_MS)
            ready = dict(poller.poll(0 if self._backlogs else self._poll_ms()))
            if self._guard.monitor in ready:
                self._guard.read_events()
            if self._socket in ready:
                self._receive(receiver)
            for peer, part in self._streams.read(ready, self._backlogs.__contains__):
                self._backlogs.add(peer, part)
            self._guard.check()  # after reading: what is whole is no unfinished message
            self._backlogs.take_turns(self._clock() + TAKE_BUDGET_S)
            if self._inbox.wakeup_fd in ready:
                for work in self._inbox.drain():
                    work()
            # After both: a verdict of the classifier in the inbox may have let requests go on, too.
            self._pipeline.end_lookups()
            self._pipeline.submit_burst()
            self._pipeline.answer_late()
            self._pipeline.answer_watchers()
            if self._is_stopped:
                self._backlogs.take_turns(self._clock() + STOP_BUDGET_S)
                self._pipeline.refuse_open()
            self._send()
            if self._pipeline.settle():
                self._pipeline.answer_watchers()
                self._send()

    def _poll_ms(self) -> int | None:
        late_look_ms = round(self._pipeline.late_look_s * 1000) if self._is_waited_for else None
        waits_ms = [self._guard.poll_ms(), late_look_ms, self._pipeline.lookups_poll_ms]
        return min((one for one in waits_ms if one is not None), default=None)

    @property
    def _is_waited_for(self) -> bool:
        return len(self._open_requests) > 0 or self._pipeline.has_watchers

    def _receive(self, receiver: Receiver) -> None:
        """Reads what waits, as far as time allows; what is left wakes the next poll, as ZeroMQ's POLLIN stays set.

        What cannot be kept is answered once a round and peer: a flood must not be answered by another.
        """
        refused: dict[Peer, AgentdError] = {}
        ends_s = self._clock() + READ_BUDGET_S
        while (message := receiver.read(ends_s)) is not None:
            if len(message.peer) > 1:
                self._req_replies.setdefault(message.peer, [])
            if isinstance(message.part, AgentdError):
                refused[message.peer] = message.part
            elif not self._backlogs.add(message.peer, message.part):
                refused[message.peer] = Overloaded(_TOO_MUCH, retry_after_ms=RETRY_AFTER_MS)
        for peer, error in refused.items():
            self._pipeline.take(peer, wire.DecodeError(error, None))

    def _send(self) -> None:
        """Sends the replies of this round, packed into as few parts as the limits of the wire allow.

        A REQ socket may send again only after one answer, so a REQ peer gets one message when all it asked is answered.
        """
        for peer, records in self._pipeline.replies.take().items():
            if peer in self._req_replies:
                self._req_replies[peer] += records
            else:
                self._send_to(peer, records)
        for peer in [peer for peer in self._req_replies if self._is_answered(peer)]:
            self._send_to(peer, self._req_replies.pop(peer))

    def _is_answered(self, peer: Peer) -> bool:
        return not self._open_requests.has_peer(peer) and peer not in self._backlogs

    def _send_to(self, peer: Peer, records: list[bytes]) -> None:
        for part in wire.pack(records):
            if not self._send_part(peer, part):
                return

    def _send_part(self, peer: Peer, part: bytes) -> bool:
        """False where the peer is gone or does not read: then nobody waits for the rest of its requests either."""
        failure = self._streams.send(peer, part) if is_stream(peer) else self._send_message(peer, part)
        if not failure:
            return True
        self._metrics.dropped(failure)
        self._drop(peer)
        return False

    def _send_message(self, peer: Peer, part: bytes) -> str:
        """Why it was not sent, as the metrics count it; empty: it was."""
        try:
            self._socket.send_multipart([*peer, part], zmq.DONTWAIT)
            return ""
        except zmq.ZMQError as error:
            reason = {errno.EHOSTUNREACH: "peer_gone", errno.EAGAIN: "peer_slow"}.get(error.errno or 0)
            if reason is None:
                raise
            return reason

    def _drop(self, peer: Peer) -> None:
        self._backlogs.drop(peer)
        self._pipeline.drop_peer(peer)
