"""Reads what comes over a connection: the events of a stream, or a whole body, in time and within bounds.

Event loop. Knows HTTP's bodies and server-sent events; what an event says is read by `reply.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2
import orjson

from llm_agentd.engines.openai.api.problem import Problem, read_problem
from llm_agentd.engines.openai.api.sse import EventReader
from llm_agentd.engines.openai.target import UpstreamError

ERROR_MAX_BYTES = 2**16  # of a refusal: it has a sentence
ERROR_READ_S = 2.0  # a server that refuses and then does not say why is not waited for
WHOLE_MAX_BYTES = 2**22  # of an answer that is no stream: as long as a message part of ours
USAGE_WAIT_S = 2.0  # after the end of the text, for the usage behind it
DRAIN_S = 0.25  # for the end of the body behind the last event: only then the connection can be used again
DONE = b"[DONE]"


async def events_of(answer: httpx2.Response, ends_s: float, is_finished: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Of a stream, [DONE] too. Ends with the body; where that does not end, a while after `is_finished`."""
    events = EventReader()
    body = answer.aiter_bytes()
    clock = asyncio.get_running_loop().time
    finished_s: float | None = None
    while True:
        try:
            async with asyncio.timeout_at(ends_s if finished_s is None else min(ends_s, finished_s + USAGE_WAIT_S)):
                data = await anext(body)
        except StopAsyncIteration:
            for event in events.end():
                yield event
            return
        except TimeoutError:
            if finished_s is None:
                raise
            return  # the text is whole; only its usage does not come
        try:
            found = events.feed(data)
        except ValueError as error:
            raise UpstreamError("garbage", f"the answer is no stream of events: {error}", is_retryable=True) from None
        for event in found:
            if event.strip() == DONE:
                await _drain(body)
            yield event
        if finished_s is None and is_finished():
            finished_s = clock()


async def _drain(body: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in body:
                pass
    except (TimeoutError, httpx2.TransportError):
        pass  # the reply is whole; only the connection is of no more use


async def whole_body(answer: httpx2.Response, ends_s: float, max_bytes: int = WHOLE_MAX_BYTES) -> bytes:
    data = bytearray()
    async with asyncio.timeout_at(ends_s):
        async for part in answer.aiter_bytes():
            data += part
            if len(data) > max_bytes:
                raise UpstreamError("garbage", f"an answer of more than {max_bytes} bytes")
    return bytes(data)


async def problem_of(answer: httpx2.Response) -> Problem:
    """What a refusal says; nothing where its body does not come, or is a page for people."""
    ends_s = asyncio.get_running_loop().time() + ERROR_READ_S
    try:
        return read_problem(orjson.loads(await whole_body(answer, ends_s, ERROR_MAX_BYTES)))
    except (orjson.JSONDecodeError, TimeoutError, UpstreamError, httpx2.TransportError):
        return Problem()
    finally:
        await answer.aclose()
