"""Clients for `bench village` and `bench restart`: one for this daemon, one for any OpenAI-compatible server.

Both stream, and note when a request was sent, when its first text came and when it was done. A failure is an `Answer`
too. One thread uses a client; behind it the OpenAI-compatible one starts a thread for each request.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
import orjson

from llm_agentd.bench.load.trace import TraceRequest
from llm_agentd.client import AsyncClient
from llm_agentd.errors import AgentdError
from llm_agentd.types import CacheMode, Reply

TIMEOUT_S = 600.0
TEMPERATURE = 0.7
MODELS_TIMEOUT_S = 10.0
MALFORMED = (ValueError, LookupError, TypeError, AttributeError)  # what reading an answer of another shape raises


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds since the request was sent. `tokens`: prompt, reused, generated, as far as the server says."""

    request: TraceRequest
    ok: bool
    first_s: float
    done_s: float
    tokens: dict[str, int] = field(default_factory=dict)
    error: str = ""


class LoadClient(Protocol):
    def send(self, request: TraceRequest, *, cache: CacheMode = "use") -> None: ...

    def receive(self, timeout_s: float) -> list[Answer]:
        """Answers that are complete, waiting for one so long."""

    def close(self) -> None: ...


class _AnswerQueue:
    """Answers as they become complete, on whichever thread, for the one thread that receives them."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def _put(
        self, request: TraceRequest, sent_s: float, first_s: float | None, tokens: dict[str, int], error: str
    ) -> None:
        now_s = time.perf_counter()
        self._answers.put(Answer(request, not error, (first_s or now_s) - sent_s, now_s - sent_s, tokens, error))

    def receive(self, timeout_s: float) -> list[Answer]:
        try:
            answers = [self._answers.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        while not self._answers.empty():
            answers.append(self._answers.get())
        return answers


class DaemonClient(_AnswerQueue):
    """This daemon, over ZeroMQ, all requests on one connection.

    On an event loop in a thread of its own, not with threads that wait: a piece of text then costs a few microseconds
    of the processor that the daemon is measured on.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bench-client", daemon=True)
        self._thread.start()
        self._client = AsyncClient(endpoint, timeout_s=TIMEOUT_S)
        self.info: dict[str, Any] = asyncio.run_coroutine_threadsafe(self._client.info(), self._loop).result()

    def send(self, request: TraceRequest, *, cache: CacheMode = "use") -> None:
        asyncio.run_coroutine_threadsafe(self._request(request, cache, time.perf_counter()), self._loop)

    async def _request(self, request: TraceRequest, cache: CacheMode, sent_s: float) -> None:
        first_s: float | None = None
        tokens: dict[str, int] = {}
        error = ""
        stream = self._client.stream(
            request.messages,
            seed=request.seed,
            temperature=TEMPERATURE,
            max_tokens=request.max_tokens,
            priority=request.priority,
            deadline_ms=int(TIMEOUT_S * 1000),
            cache=cache,
        )
        try:
            async with stream:
                async for _ in stream:
                    first_s = first_s or time.perf_counter()
            tokens = _computed(stream.reply)
        except AgentdError as failure:
            error = failure.message
        self._put(request, sent_s, first_s, tokens, error)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _computed(reply: Reply) -> dict[str, int]:
    """Nothing, where the reply came from the cache or of an identical request."""
    if reply.cache not in ("miss", "off"):
        return {}
    usage = reply.usage
    return {"prompt": usage.prompt_tokens, "reused": usage.reused_tokens, "generated": usage.completion_tokens}


class OpenAiClient(_AnswerQueue):
    """`/v1/chat/completions` of any server; a thread a request, as its users would."""

    def __init__(self, url: str) -> None:
        super().__init__()
        base = url.rstrip("/").removesuffix("/v1") + "/v1"
        self._url = base + "/chat/completions"
        # None is used twice: llama-server closes those it has answered, and a request that just goes out is lost then.
        limits = httpx2.Limits(max_connections=256, max_keepalive_connections=0)
        self._http = httpx2.Client(timeout=TIMEOUT_S, limits=limits, trust_env=False)
        self._model = self._first_model(base + "/models")

    def _first_model(self, url: str) -> dict[str, str]:
        """The request's `model`, which most servers need; llama-server has one model and needs none."""
        try:
            return {"model": str(self._http.get(url, timeout=MODELS_TIMEOUT_S).json()["data"][0]["id"])}
        except (httpx2.HTTPError, *MALFORMED):
            return {}

    def send(self, request: TraceRequest, *, cache: CacheMode = "use") -> None:
        threading.Thread(target=self._request, args=(request, time.perf_counter()), daemon=True).start()

    def _request(self, request: TraceRequest, sent_s: float) -> None:
        body = {
            **self._model,
            "messages": request.messages,
            "max_tokens": request.max_tokens,
            "temperature": TEMPERATURE,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        first_s: float | None = None
        tokens: dict[str, int] = {}
        error, finished = "", False
        try:
            with self._http.stream("POST", self._url, json=body) as reply:
                reply.raise_for_status()
                for event in _events(reply.iter_lines()):
                    if "error" in event:  # a failure in the stream, after a 200
                        raise ValueError(str(event["error"]))
                    choices = event.get("choices") or [{}]
                    finished = finished or bool(choices[0].get("finish_reason"))
                    if first_s is None and choices[0].get("delta", {}).get("content"):
                        first_s = time.perf_counter()
                    tokens |= _token_counts(event)
            if not finished:
                raise ValueError("the stream broke off without a finish_reason")
        except (httpx2.HTTPError, *MALFORMED) as problem:
            error = f"{type(problem).__name__}: {problem}"
        self._put(request, sent_s, first_s, tokens, error)

    def close(self) -> None:
        self._http.close()


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The objects of a stream of server-sent events."""
    for line in lines:
        if line.startswith("data: {"):
            yield orjson.loads(line[6:])


def _token_counts(event: dict[str, Any]) -> dict[str, int]:
    """OpenAI's `usage`, and llama-server's own `timings`, which says what its cache saved."""
    tokens: dict[str, int] = {}
    if usage := event.get("usage"):
        tokens |= {"prompt": usage["prompt_tokens"], "generated": usage["completion_tokens"]}
    if "cache_n" in (timings := event.get("timings") or {}):
        tokens["reused"] = timings["cache_n"]
    return tokens


def closed_loop(client: LoadClient, requests: Sequence[TraceRequest], clients: int) -> tuple[list[Answer], float]:
    """`clients` requests are open at a time; each answer makes room for the next. Answers, and the seconds it took."""
    waiting = list(reversed(requests))
    answers: list[Answer] = []
    began_s = time.perf_counter()
    open_requests = 0
    while waiting or open_requests:
        while waiting and open_requests < clients:
            client.send(waiting.pop())
            open_requests += 1
        come = client.receive(TIMEOUT_S)
        open_requests -= len(come)
        answers += come
    return answers, time.perf_counter() - began_s


def open_loop(client: LoadClient, requests: Sequence[TraceRequest]) -> tuple[list[Answer], float]:
    """Each request at its time, whether or not earlier ones are answered. Answers, and the seconds it took."""
    waiting = list(reversed(requests))
    answers: list[Answer] = []
    began_s = time.perf_counter()
    while len(answers) < len(requests):
        passed_s = time.perf_counter() - began_s
        while waiting and waiting[-1].at_s <= passed_s:
            client.send(waiting.pop())
        answers += client.receive(max(0.001, waiting[-1].at_s - passed_s) if waiting else TIMEOUT_S)
    return answers, time.perf_counter() - began_s


def saturate(
    client: LoadClient,
    busy: Iterator[TraceRequest],
    busy_requests: int,
    spoken: Iterator[TraceRequest],
    every_s: float,
    seconds: float,
) -> list[Answer]:
    """Keeps `busy_requests` open for `seconds`, sends one `spoken` every `every_s`; the spoken ones' answers.

    Busy requests that failed are among them, as the engine was then less busy than it should be; they are not repeated.
    """
    heard: list[Answer] = []
    failed: list[Answer] = []
    began_s = time.perf_counter()
    open_busy = spoken_sent = 0
    while True:
        passed_s = time.perf_counter() - began_s
        over = passed_s >= seconds
        if over and not open_busy and len(heard) == spoken_sent:
            return heard + failed
        while not over and open_busy + len(failed) < busy_requests:
            client.send(next(busy), cache="off")
            open_busy += 1
        if not over and passed_s >= (spoken_sent + 1) * every_s:
            client.send(next(spoken), cache="off")
            spoken_sent += 1
        for answer in client.receive(0.02 if not over else TIMEOUT_S):
            if answer.request.priority == "spoken":
                heard.append(answer)
            else:
                open_busy -= 1
                failed += [] if answer.ok else [answer]
