"""An answer as server-sent events, while it is generated.

Runs on the event loop. Nothing is sent before the daemon's first word, so that what fails before it is answered with a
status as everywhere. A client that goes away ends the request in the daemon, and so does one that does not read.
What it has not read yet is kept as text: at most one answer's, whatever it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from llm_agentd.client.records import Record, error_of
from llm_agentd.errors import AgentdError, Cancelled, DeadlineExceeded, EngineFailed
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.error_shape import as_openai, openai_fields
from llm_agentd.http.open_requests import Submission
from llm_agentd.http.replies import ANSWER_GRACE_S, disconnect
from llm_agentd.http.routes.openai.answers import Chunks, ended

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter for nginx, which would gather events
END = b"data: [DONE]\n\n"
SEND_MAX_S = 30.0  # a client that takes nothing for so long does not read: the answer is not computed for nobody
CHANGED = "the daemon was started anew while it answered, and answers otherwise now; ask again"


class Deltas:
    """What the daemon sends of one request: its text since somebody looked, and its last record."""

    def __init__(self) -> None:
        self.text = ""
        self.last: Record | None = None
        self._news = asyncio.Event()

    def sink(self, _: str, record: Record) -> None:
        if record["event"] == "delta":
            self.text += record["text"]
        else:
            self.last = record
        self._news.set()

    def wake(self) -> None:
        self._news.set()

    async def wait(self) -> None:
        """Until there is something new, or `wake`."""
        await self._news.wait()
        self._news.clear()

    def take(self) -> str:
        text, self.text = self.text, ""
        return text


async def stream(daemon: DaemonClient, request: Request, record: Record, chunks: Chunks, timeout_s: float) -> Response:
    """Raises AgentdError for whatever ends before the first word."""
    deltas = Deltas()
    (outcome,) = daemon.submit([Submission(record, deltas.sink, timeout_s)])
    if isinstance(outcome, AgentdError):
        raise as_openai(outcome)
    gone = asyncio.ensure_future(disconnect(request.receive))
    gone.add_done_callback(lambda _: deltas.wake())
    answer = SseAnswer(daemon, outcome, deltas, chunks, gone)
    try:
        async with asyncio.timeout(timeout_s + ANSWER_GRACE_S):
            await deltas.wait()
        if gone.done():
            raise Cancelled("the client went away")
        if deltas.last is not None and ended(deltas.last, "") is None:
            raise as_openai(error_of(deltas.last))
    except BaseException as error:
        answer.end()
        if isinstance(error, TimeoutError):
            raise DeadlineExceeded(f"no answer within {timeout_s * 1000:.0f} ms") from None
        raise
    return answer


class SseAnswer(Response):
    """Begins when there is something to send. Whatever ends it, the daemon is told."""

    def __init__(
        self, daemon: DaemonClient, wire_id: str, deltas: Deltas, chunks: Chunks, gone: asyncio.Future[None]
    ) -> None:
        super().__init__(media_type="text/event-stream", headers=HEADERS)
        del self.headers["content-length"]
        self._daemon = daemon
        self._wire_id = wire_id
        self._deltas = deltas
        self._chunks = chunks
        self._gone = gone

    def end(self) -> None:
        self._gone.cancel()
        if self._deltas.last is None:
            self._daemon.drop([self._wire_id])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send_all(send)
        except TimeoutError:
            return  # uvicorn closes the connection of an answer that is not whole
        finally:
            self.end()

    async def _send_all(self, send: Send) -> None:
        data = _events(self._chunks.first())
        while not self._gone.done():
            last = self._deltas.last  # before the text: what came after it belongs to the next round
            data += _events(self._chunks.text(self._deltas.take()))
            if last is not None:
                data += self._end_of(last)
            async with asyncio.timeout(SEND_MAX_S):
                await send({"type": "http.response.body", "body": data, "more_body": last is None})
            if last is not None:
                return
            data = b""
            await self._deltas.wait()

    def _end_of(self, last: Record) -> bytes:
        end = ended(last, self._chunks.model)
        if end is None:
            return _error(as_openai(error_of(last)))
        if not end.is_filtered and not end.text.startswith(self._chunks.shown):
            return _error(EngineFailed(CHANGED))
        return _events(self._chunks.last(end)) + END


def _events(chunks: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks)


def _error(error: AgentdError) -> bytes:
    """OpenAI's clients raise it where they read it; the status was sent long ago."""
    return _events([{"error": openai_fields(error.fields(), error.http_status)}])
