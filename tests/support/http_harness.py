"""What tests of HTTP and of clients stand on: a daemon of a few lines on a ROUTER, and the real app on a free port."""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
import uvloop
import zmq

from llm_agentd.config.speech import Speech
from llm_agentd.http.app import create_app
from llm_agentd.http.protocol import BoundedProtocol
from llm_agentd.http.server import Server, listen
from llm_agentd.http.websocket_protocol import SETTINGS, BoundedWebSocket
from llm_agentd.protocol import wire

DEADLINE_S = 15.0  # for things that take milliseconds: only a broken run gets there
JSON = {"Content-Type": "application/json"}  # for bodies that are no JSON; httpx2's `json=` says it by itself
Record = dict[str, Any]
Script = Callable[[Record], list[Record]]
_INSTANCES = itertools.count()


def done(text: str = "Well met.", cache: str = "hit") -> Record:
    return {
        "event": "done", "text": text, "finish": "stop", "cache": cache, "model": "fake", "action": None,
        "usage": {"prompt_tokens": 1, "reused_tokens": 0, "completion_tokens": 2},
        "timing_ms": {"queue": 0, "prefill": 0, "decode": 0, "total": 0.1},
    }  # fmt: skip


def error(code: str, message: str = "because", **more: Any) -> Record:
    return {"event": "error", "code": code, "message": message, **more}


def delta(text: str) -> Record:
    return {"event": "delta", "text": text}


def always_hits(_: Record) -> list[Record]:
    return [done()]


def silent(_: Record) -> list[Record]:
    return []


def pong(instance: str) -> Record:
    return {"event": "done", "pong": True, "instance": instance}


class FakeDaemon:
    """A ROUTER in a thread that answers by script.

    `received` holds the records that came, pings aside, `parts` how many came in each part. `answer` and `send_part`
    send what the script does not.
    """

    def __init__(self, endpoint: str, script: Script = always_hits) -> None:
        self.endpoint = endpoint
        self.script = script
        self.ping = pong(str(next(_INSTANCES)))
        self.received: queue.Queue[Record] = queue.Queue()
        self.parts: list[int] = []
        self.pinged = threading.Event()
        self.mute = False  # takes what comes, pings too, and says nothing
        self.peer = b""
        self._context = zmq.Context()
        self._wake = self._context.socket(zmq.PAIR)
        self._wake.bind("inproc://wake")
        self._bound = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)  # a test that fails does not stop it

    def __enter__(self) -> FakeDaemon:
        self._thread.start()
        assert self._bound.wait(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """As kill -9 would: nothing is sent any more, the connection breaks."""
        if self._thread.is_alive():
            self._wake.send(b"stop")
            self._thread.join(DEADLINE_S)
        self._wake.close(0)
        self._context.term()

    def next(self) -> Record:
        """The next record that came."""
        return self.received.get(timeout=DEADLINE_S)

    def answer(self, wire_id: str, *answers: Record) -> None:
        """Answers outside the script, in one part."""
        self.send_part(b"".join(wire.encode({"id": wire_id, **answer}) for answer in answers))

    def send_part(self, part: bytes) -> None:
        self._wake.send(part)

    def _run(self) -> None:
        router = self._context.socket(zmq.ROUTER)
        router.setsockopt(zmq.ROUTER_HANDOVER, 1)
        router.bind(self.endpoint)
        commands = self._context.socket(zmq.PAIR)
        commands.connect("inproc://wake")
        self._bound.set()
        poller = zmq.Poller()
        poller.register(router, zmq.POLLIN)
        poller.register(commands, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if commands in ready:
                command = commands.recv()
                if command == b"stop":
                    break
                router.send_multipart([self.peer, command])
            if router in ready:
                self.peer, part = router.recv_multipart()
                self._take(router, part)
        router.close(0)
        commands.close(0)

    def _take(self, router: Any, part: bytes) -> None:
        records = wire.decode(part)
        answers: list[Record] = []
        count = 0
        for record in records:
            assert isinstance(record, dict), record
            if record["op"] == "ping":
                answers.append({"id": record["id"], **self.ping})
                self.pinged.set()
                continue
            count += 1
            answers += [{"id": record["id"], **answer} for answer in self.script(record)]
            self.received.put(record)
        if count:
            self.parts.append(count)
        for packed in wire.pack(map(wire.encode, [] if self.mute else answers)):
            router.send_multipart([self.peer, packed])


def wait_until(is_so: Callable[[], object]) -> None:
    """For what another process or thread does in its own time, and nobody tells."""
    ends_s = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < ends_s, "it never came to it"
        time.sleep(0.01)


class HttpServer:
    """The real app on a free port: `url`, an httpx2 client on it (`http`), the app, and uvicorn's connections."""

    def __init__(self, url: str, app: Any, http: httpx2.Client, connections: Collection[object] = ()) -> None:
        self.url, self.app, self.http, self.connections = url, app, http, connections

    def exchange(self, **body: Any) -> Record:
        answer = self.http.post("/v1/exchange", json={"session": "s", **body})
        assert answer.status_code == 200, answer.text
        content: Record = answer.json()
        return content

    def in_background(self, **body: Any) -> Background:
        return Background(lambda: self.exchange(**body))


def is_empty(answer: Record) -> bool:
    """No event, and nothing rejected."""
    return not answer["events"] and not answer["rejected"]


class Background:
    """A call in a thread of its own; `result` waits for it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._result: Any = None
        self._failure: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)  # a test that fails does not stop it
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as failure:
            self._failure = failure

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> Any:
        self._thread.join(DEADLINE_S)
        assert self.ended, "the call did not come back"
        if self._failure is not None:
            raise self._failure
        return self._result


@contextmanager
def serve_http(
    endpoint: str,
    *,
    stream: Path | None = None,
    retry_s: float = DEADLINE_S,
    token: str | None = None,
    timeout_ms: int = 10_000,
    has_public_figures: bool = False,
    speech: Speech | None = None,
) -> Iterator[HttpServer]:
    app = create_app(
        endpoint=endpoint,
        stream=stream,
        retry_s=retry_s,
        token=token,
        timeout_ms=timeout_ms,
        has_public_figures=has_public_figures,
        speech=speech,
    )
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listening = threading.Event()
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws=BoundedWebSocket,
        **SETTINGS,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config, listening.set)

    def serve() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve(sockets=[listener]))

    thread = threading.Thread(target=serve)
    thread.start()
    with httpx2.Client(base_url=url, timeout=DEADLINE_S) as http:
        try:
            assert listening.wait(DEADLINE_S)
            yield HttpServer(url, app, http, server.server_state.connections)
        finally:
            server.should_exit = True
            thread.join(DEADLINE_S)
            assert not thread.is_alive()
