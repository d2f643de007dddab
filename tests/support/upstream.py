"""A real HTTP server that speaks OpenAI's protocol, in a thread, and that fails as it is told to.

Its words come from the stub engine: the same prompt and seed give the same text, schemas are obeyed, a prompt over the
context is refused. `faults` are what it does instead, one a call; `refuses` are fields of the body that it does not
take. What it was asked is in `calls`, and `wait_for` waits until something is true of it, without a sleep.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import uvicorn

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import AgentdError, TooLarge
from llm_agentd.types import Message, Sampling

DEADLINE_S = 15.0  # for what takes milliseconds: only a broken run gets there
NEVER = 1_000_000  # chunks
STEPS_MAX = 10_000
EMBEDDING_SIZE = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done in the place of one answer. `body`: of an answer with `status`, JSON or bytes.

    `hang_after`: says nothing more after so many chunks; at 0 not even its head. `cut_after`: closes the connection
    there, in the midst of a body. `raw`: the body, part by part, each sent by itself.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    hang_after: int = NEVER
    cut_after: int = NEVER
    raw: Sequence[bytes] | None = None
    content_type: str = "text/event-stream"


NO_FAULT = Fault()


def refusal(status: int, message: str, *, retry_after_s: float | None = None, **more: Any) -> Fault:
    """An error as OpenAI writes it."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Fault(status, headers, {"error": {"message": message, "type": "error", **more}})


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    connection: tuple[str, int]  # of the client: the same for calls over one kept connection


class Upstream:
    """`with Upstream() as upstream:` and ask `upstream.base_url`. Attributes may be set at any time.

    `say`: pieces for a prompt, in the place of the stub's; `step_s`: seconds between two chunks.
    """

    def __init__(
        self,
        *,
        model: str = "tiny",
        context_tokens: int = 2048,
        say: Callable[[str], list[bytes]] | None = None,
        step_s: float = 0.0,
        key: str = "",
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.model = model
        self.context_tokens = context_tokens
        self.say = say
        self.step_s = step_s
        self.key = key
        self.refuses: set[str] = set()  # fields of the body; "json_schema" is a type of response_format
        self.requires: set[str] = set()
        self.reports_usage = True
        self.reports_usage_on_the_way = False
        self.cached_tokens = 0
        self.reasoning: Sequence[str] = ()  # said first, as reasoning_content
        self.has_completions = True
        self.has_embeddings = True
        self.obeys_schemas = True
        self.owned_by = "tests"
        self.streams = True  # False: answers in one piece though asked for a stream
        self.fault = NO_FAULT  # of all calls for which there is none in `faults`
        self.faults: list[Fault] = []  # of the next calls, each once
        self.calls: list[Asked] = []  # generations; what is looked up is not here
        self.looked_up: list[str] = []
        self.open = 0  # generations that are being answered
        self.disconnects = 0  # clients that went away in the midst of one
        self._certificate = certificate
        self._changed = threading.Condition()
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._port = 0

    # -- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def reserve(self) -> Self:
        """Takes a port where nobody listens yet: a server that is down, and may come by `start`."""
        with _listen(0) as listener:
            self._port = listener.getsockname()[1]
        return self

    def start(self) -> None:
        """On the port that it had before, if it had one."""
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        certificate, key = self._certificate or (None, None)
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            log_level="critical",
            lifespan="off",
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        self._server = server = uvicorn.Server(config)

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve(sockets=[listener])

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), name="upstream", daemon=True)
        self._thread.start()
        self.wait_for(lambda: server.started)

    def kill(self) -> None:
        """At once, as by `kill -9`: connections are reset, streams end in the midst."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = None
        server.force_exit = server.should_exit = True

        def abort() -> None:
            for connection in list(server.server_state.connections):
                connection.transport.abort()

        with suppress(RuntimeError):  # its loop is over already
            self._loop.call_soon_threadsafe(abort)
        thread.join(DEADLINE_S)
        assert not thread.is_alive()

    def wait_for(self, is_so: Callable[[], object], what: str = "") -> None:
        ends_s = time.monotonic() + DEADLINE_S
        with self._changed:
            while not is_so():
                assert time.monotonic() < ends_s, f"the upstream never came to it: {what or is_so}"
                self._changed.wait(0.02)  # some of it is told by nobody

    def _note(self, **changes: int) -> None:
        with self._changed:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)
            self._changed.notify_all()

    # -- the app ---------------------------------------------------------------------------------

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/v1")
        body = await _read(receive)
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            given = headers.get("authorization", "").removeprefix("Bearer ")
            await _answer(send, 401, {"error": {"message": f"Incorrect API key provided: {given}"}})
        elif path == "/models":
            self.looked_up.append(path)
            row = {"id": self.model, "object": "model", "owned_by": self.owned_by, "max_model_len": self.context_tokens}
            await _answer(send, 200, {"object": "list", "data": [row]})
        elif path == "/embeddings" and self.has_embeddings:
            self.calls.append(Asked(path, headers, json.loads(body), scope["client"]))
            await self._embed(send, json.loads(body))
        elif path == "/chat/completions" or (path == "/completions" and self.has_completions):
            asked = Asked(path, headers, json.loads(body), scope["client"])
            with self._changed:
                self.calls.append(asked)
                fault = self.faults.pop(0) if self.faults else self.fault
                self.open += 1
                self._changed.notify_all()
            try:
                await self._until_gone(self._generate(asked, fault, send), receive)
            finally:
                self._note(open=-1)
        else:
            await _answer(send, 404, {"detail": "Not Found"})

    async def _until_gone(self, work: Any, receive: Any) -> None:
        """Does the work unless the client goes away first."""
        working = asyncio.ensure_future(work)
        going = asyncio.ensure_future(receive())
        await asyncio.wait((working, going), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            going.cancel()
            await working
            return
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        self._note(disconnects=1)

    async def _generate(self, asked: Asked, fault: Fault, send: Any) -> None:
        body = asked.body
        if fault.hang_after == 0:
            await asyncio.Event().wait()
        if fault.status != 200:
            await _answer(send, fault.status, fault.body, fault.headers)
            return
        if fault.raw is not None:
            await _head(send, 200, fault.content_type)
            for part in fault.raw:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(0)
            await _end_or_cut(send, is_cut=fault.cut_after != NEVER)
            return
        problem = self._problem(body)
        if problem is None:
            try:
                pieces, finish, prompt_tokens = self._words(body)
            except TooLarge as error:
                problem = {"message": f"This model's maximum context length: {error.message}", "code": error.code}
            except AgentdError as error:
                problem = {"message": error.message, "code": error.code}
        if problem is not None:
            await _answer(send, 400, {"error": problem})
            return
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(pieces)}
        usage["total_tokens"] = sum(usage.values())
        details = {"prompt_tokens_details": {"cached_tokens": self.cached_tokens}} if self.cached_tokens else {}
        is_chat = asked.path.startswith("/chat")
        if not body.get("stream") or not self.streams:
            text = "".join(pieces)
            said = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
            choice = {"index": 0, "finish_reason": finish, **said}
            await _answer(send, 200, {"model": self.model, "choices": [choice], "usage": {**usage, **details}})
            return
        await _head(send, 200, "text/event-stream; charset=utf-8")
        events = list(self._events(pieces, finish, is_chat))
        wanted = (body.get("stream_options") or {}) if self.reports_usage else {}
        if self.reports_usage_on_the_way and wanted.get("continuous_usage_stats"):
            for number, event in enumerate(events):
                event["usage"] = {"prompt_tokens": prompt_tokens, "completion_tokens": number}
        if wanted.get("include_usage"):
            events.append({"model": self.model, "choices": [], "usage": {**usage, **details}})
        for number, event in enumerate(events):
            if number == fault.cut_after:
                await _end_or_cut(send, is_cut=True)
                return
            if number == fault.hang_after:
                await asyncio.Event().wait()
            if self.step_s:
                await asyncio.sleep(self.step_s)
            data = f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})

    def _problem(self, body: dict[str, Any]) -> dict[str, Any] | None:
        form = (body.get("response_format") or {}).get("type")
        for name in self.refuses & ({*body, form} - {None}):
            param = "response_format" if name == "json_schema" else name
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            return {"message": message, "type": "invalid_request_error", "param": param}
        for name in self.requires - set(body):
            return {"message": f"Missing required parameter: '{name}'.", "type": "invalid_request_error", "param": name}
        return None

    def _words(self, body: dict[str, Any]) -> tuple[list[str], str, int]:
        """Texts of the chunks, why they end, and the prompt's tokens."""
        engine = StubEngine(context_tokens=self.context_tokens, max_num_seqs=1, script=self.say)
        form = (body.get("response_format") or {}) if self.obeys_schemas else {}
        sampling = Sampling(
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or 1000,
            temperature=body.get("temperature", 1.0),
            seed=body.get("seed"),
            json_schema=form["json_schema"]["schema"] if form.get("type") == "json_schema" else None,
        )
        messages = [Message(one["role"], one["content"]) for one in body.get("messages") or ()] or None
        prompt = engine.encode(body.get("prompt"), messages, sampling)
        engine.start(0, prompt, sampling)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        pieces: list[str] = []
        for _ in range(STEPS_MAX):
            for piece in engine.step():
                if piece.tokens:
                    pieces.append(decode(piece.data))
                if piece.finish:
                    return pieces, piece.finish, len(prompt)
        raise AssertionError("the stub never ends")

    def _events(self, pieces: Sequence[str], finish: str, is_chat: bool) -> Iterator[dict[str, Any]]:
        def event(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
            said = {"delta": delta} if is_chat else {"text": delta.get("content", "")}
            return {"model": self.model, "choices": [{"index": 0, **said, "finish_reason": finish_reason}]}

        if is_chat:
            yield event(role="assistant", content=None)
        for text in self.reasoning:
            yield event(reasoning_content=text)
        for text in pieces:
            yield event(content=text)
        yield event(finish)

    async def _embed(self, send: Any, body: dict[str, Any]) -> None:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        rows = [
            {"index": index, "object": "embedding", "embedding": [float(len(text) % (at + 2)) for at in range(8)]}
            for index, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": sum(map(len, texts)) // 4, "total_tokens": sum(map(len, texts)) // 4}
        await _answer(send, 200, {"object": "list", "data": rows, "model": self.model, "usage": usage})


async def _read(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _head(send: Any, status: int, content_type: str, headers: Mapping[str, str] | None = None) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    pairs.append((b"content-type", content_type.encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _answer(send: Any, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
    await _head(send, status, "application/json", headers)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    await send({"type": "http.response.body", "body": data})


async def _end_or_cut(send: Any, *, is_cut: bool) -> None:
    if is_cut:
        raise ConnectionAbortedError("as told: uvicorn closes the connection without the end of the body")
    await send({"type": "http.response.body", "body": b""})


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


@contextmanager
def upstreams(count: int, **settings: Any) -> Iterator[list[Upstream]]:
    """Several of them, alike."""
    running: list[Upstream] = []
    try:
        for _ in range(count):
            running.append(Upstream(**settings))
            running[-1].start()
        yield running
    finally:
        for upstream in running:
            upstream.kill()


def make_certificate(
    folder: Path, *, is_expired: bool = False, names: str = "DNS:localhost,IP:127.0.0.1"
) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and localhost that signs itself, so that it is its own authority; and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=one\n[one]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n"
        "policy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n"
        f"[ext]\nsubjectAltName={names}\n"
        "basicConstraints=critical,CA:TRUE\n"
        "[req]\ndistinguished_name=name\n[name]\n"
    )
    now_s = time.time()
    begin_s, end_s = (now_s - 2 * 86400, now_s - 86400) if is_expired else (now_s - 3600, now_s + 2 * 86400)
    begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds)) for seconds in (begin_s, end_s))
    for command in (
        "req -config ca.cnf -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem"
        " -out request.pem -subj /CN=localhost",
        f"ca -config ca.cnf -batch -selfsign -notext -keyfile key.pem -in request.pem -out cert.pem"
        f" -startdate {begin} -enddate {end}",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "cert.pem", folder / "key.pem"
