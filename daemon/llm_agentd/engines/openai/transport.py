"""One call to one server over HTTP: writes it, reads its stream, says what went wrong. One try, and no other server.

Runs on the engine's event loop. Keeps connections open between calls; a generator that is closed, or whose task is
cancelled, closes its stream, which every server takes as the end of the work. Knows dialects; no pool and no budget.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import httpx2
import orjson

from llm_agentd.engines.openai.api.dialect import LEARNT_S, TRIES_MAX, Dialect
from llm_agentd.engines.openai.api.reply import ReplyReader
from llm_agentd.engines.openai.connections import Connections, FreshConnection, auth
from llm_agentd.engines.openai.failure import explained, refused
from llm_agentd.engines.openai.reading import DONE, events_of, problem_of, whole_body
from llm_agentd.engines.openai.target import Call, Chunk, ReportedUsage, Target, UpstreamError
from llm_agentd.errors import BadRequest

log = logging.getLogger(__name__)

LOOK_UP_S = 5.0  # for what models there are
NO_EMBEDDINGS = frozenset({400, 404, 405, 422, 501})  # vLLM, llama-server, TabbyAPI, clouds: for a model without
TABBY = "tabbyAPI"  # as it calls itself in its list of models


class Transport:
    """`stream`, `models` and `embed` from one event loop; after `close` it may be used again, from another one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._connections = Connections()
        self._dialects: dict[tuple[str, str], tuple[Dialect, float]] = {}
        self._thinkers: set[tuple[str, str]] = set()  # models whose text begins with thoughts and no tag
        self._answering: dict[tuple[str, str], str] = {}  # who answered last, by its own name
        self._tabbies: set[tuple[str, str]] = set()  # that are TabbyAPI

    def dialect(self, target: Target) -> Dialect:
        """What was learnt of a server; of one that was never asked, what most understand. From any thread."""
        dialect, until_s = self._dialects.get(_key(target), (None, 0.0))
        if dialect is None or self._clock() >= until_s:
            return Dialect(has_schema_field=_key(target) in self._tabbies)
        return dialect

    async def close(self) -> None:
        await self._connections.close()

    # -- a generation ----------------------------------------------------------------------------

    async def stream(self, target: Target, call: Call) -> AsyncGenerator[Chunk]:
        """Chunks of text, then one with the end. Raises UpstreamError; of a stream that broke, after its first text."""
        if call.sampling.max_tokens == 0:
            yield await self._embedding(target, call.prompt or "")
            return
        ends_s = asyncio.get_running_loop().time() + call.timeout_s
        with explained(target):
            answer = await self._begin(target, call, ends_s)
            try:
                async with aclosing(self._read(target, answer, ends_s)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            finally:
                await answer.aclose()

    async def _begin(self, target: Target, call: Call, ends_s: float) -> httpx2.Response:
        """A good answer, its body unread. What a server refuses is written anew, as far as that may help."""
        known = dialect = self.dialect(target)
        for _ in range(TRIES_MAX):
            path, body = dialect.body(target, call)
            async with asyncio.timeout_at(ends_s):
                answer = await self._post(target, path, body, call.session_id)
            if answer.is_success:
                if dialect != known:
                    self._learn(target, dialect)
                return answer
            problem = await problem_of(answer)
            mended = dialect.without(answer.status_code, problem, call, body)
            if mended is None:
                raise refused(target, answer, problem)
            dialect = mended
        raise UpstreamError("status", f"it refuses a call however it is written: {problem.message}", status=400)

    async def _post(self, target: Target, path: str, body: dict[str, Any], session_id: str = "") -> httpx2.Response:
        client = self._connections.client(target)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if session_id:
            headers["X-Session-ID"] = quote(session_id, safe=" ~:/@!$&'()*+,;=")
        content = _json(body)
        while True:
            fresh = FreshConnection()
            request = client.build_request(
                "POST", target.base_url + path, content=content, headers=headers, extensions={"trace": fresh}
            )
            try:
                return await client.send(request, stream=True, auth=auth(target))
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                # A server may close an idle connection in the moment in which it is used again. That says nothing of
                # the server. Each turn takes one such connection away, so the last one is with a new one.
                if fresh.is_opened:
                    raise

    def _learn(self, target: Target, dialect: Dialect) -> None:
        self._dialects[_key(target)] = dialect, self._clock() + LEARNT_S
        what = ", ".join(dialect.lacks()) or f"only that the limit is called {dialect.limit}"
        log.info("%s does without: %s; it is called so for an hour, then all is tried again", target.place, what)

    async def _read(self, target: Target, answer: httpx2.Response, ends_s: float) -> AsyncGenerator[Chunk]:
        reader = ReplyReader(thinks_first=_key(target) in self._thinkers)
        is_done = False
        if "json" in answer.headers.get("content-type", ""):
            is_done = True
            if text := reader.feed(await whole_body(answer, ends_s)):
                yield Chunk(text)
        else:
            async for event in events_of(answer, ends_s, lambda: reader.is_finished):
                if event.strip() == DONE:
                    is_done = True
                    break
                text = reader.feed(event)
                if reader.closed_unopened:
                    raise self._thinks_aloud(target)
                if text:
                    yield Chunk(text, usage=reader.usage)
        for chunk in reader.end(is_done=is_done):
            self._note_model(target, chunk.model)
            yield chunk

    def _note_model(self, target: Target, model: str) -> None:
        """Routers and clouds may answer with another model than the one that was asked for: that is told once."""
        if model and model != self._answering.get(_key(target), target.model):
            log.info("%s: asked for %s, %s answers", target.place, target.model, model)
        self._answering[_key(target)] = model or self._answering.get(_key(target), target.model)

    def _thinks_aloud(self, target: Target) -> UpstreamError:
        self._thinkers.add(_key(target))
        return UpstreamError(
            "garbage",
            "the model's thoughts stand in its text without a mark of where they begin; from now on what comes before "
            "</think> is left out. Better start the server with a parser for reasoning (docs/remote.md)",
            is_retryable=True,
        )

    # -- what else a server is asked -------------------------------------------------------------

    async def models(self, target: Target) -> list[dict[str, Any]]:
        """What the server says of its models. Raises UpstreamError."""
        with explained(target):
            ends_s = asyncio.get_running_loop().time() + LOOK_UP_S
            async with asyncio.timeout_at(ends_s):
                client = self._connections.client(target)
                request = client.build_request("GET", target.base_url + "/models")
                answer = await client.send(request, stream=True, auth=auth(target))
            found = (await self._object(target, answer, ends_s)).get("data")
            rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
            if any(row.get("owned_by") == TABBY for row in rows):
                self._tabbies.add(_key(target))
            return rows

    async def embed(self, target: Target, texts: list[str]) -> tuple[list[list[float]], ReportedUsage]:
        """A vector for each text, and what it took. Raises UpstreamError."""
        with explained(target):
            ends_s = asyncio.get_running_loop().time() + LOOK_UP_S
            async with asyncio.timeout_at(ends_s):
                answer = await self._post(target, "/embeddings", {"model": target.model, "input": texts})
            found = await self._object(target, answer, ends_s)
            try:
                rows = sorted(found["data"], key=lambda row: int(row["index"]))
                vectors = [[float(value) for value in row["embedding"]] for row in rows]
                tokens = int((found.get("usage") or {}).get("prompt_tokens") or 0)
            except (LookupError, TypeError, ValueError):
                vectors, tokens = [], 0
            if len(vectors) != len(texts):
                raise UpstreamError("garbage", "the answer has not one vector for each text", is_retryable=True)
            return vectors, ReportedUsage(tokens, 0)

    async def _embedding(self, target: Target, text: str) -> Chunk:
        """Raises BadRequest where the server says that it has none: no other try would find them."""
        try:
            vectors, usage = await self.embed(target, [text])
        except UpstreamError as error:
            if error.status not in NO_EMBEDDINGS:
                raise
            raise BadRequest(
                f"model: {target.place} gives no embeddings of {target.model} (status {error.status}); name a model "
                "that computes them in remote.upstreams"
            ) from None
        return Chunk(finish="stop", usage=usage, model=target.model, embedding=tuple(vectors[0]))

    async def _object(self, target: Target, answer: httpx2.Response, ends_s: float) -> dict[str, Any]:
        try:
            if not answer.is_success:
                raise refused(target, answer, await problem_of(answer))
            found = orjson.loads(await whole_body(answer, ends_s))
        except orjson.JSONDecodeError:
            found = None
        finally:
            await answer.aclose()
        if not isinstance(found, dict):
            raise UpstreamError("garbage", "the answer is no JSON object", is_retryable=True)
        return found


def _key(target: Target) -> tuple[str, str]:
    return target.base_url, target.model


def _json(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # a schema of a client may hold integers over 64 bits
        return json.dumps(body).encode()
