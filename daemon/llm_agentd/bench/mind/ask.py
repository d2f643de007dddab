"""Asks a mind for the reply to each case, and lets it live through what comes before it in `memory`.

A mind is a real daemon over ZeroMQ (here), or another server with the daemon's prompts (upstream.py). Runs an event
loop in the main thread; a few requests are open at a time. Knows cases and the client, no scores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from llm_agentd.bench.mind.cases import Case, Json
from llm_agentd.bench.mind.scoring import Answer
from llm_agentd.client import AsyncClient
from llm_agentd.errors import AgentdError, Filtered

OPEN_AT_ONCE = 4  # enough for a batch; with more each reply would wait longer than in a village
DEADLINE_MS = 600_000  # a large model on two cores takes its time; how long is measured, not judged
HANGS_S = DEADLINE_MS / 1000 + 5  # a daemon that answers nothing until then hangs
BETWEEN_MAX_TOKENS = 24  # of replies that nobody reads


class Mind(Protocol):
    """`name`: of the model, for the report."""

    name: str

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def think(self, case: Case, said: str, options: Json) -> Answer:
        """The reply to `said` in the case's situation. A request that fails is an answer too."""

    async def remember(self, lines: Sequence[Json]) -> None:
        """As the op `remember`."""


def ask_all(mind: Mind, cases: Sequence[Case], *, seed: int, on_answer: Callable[[Answer], None]) -> None:
    """`on_answer` is called for each case, in the order in which the answers come."""

    async def run() -> None:
        waiting = list(reversed(cases))

        async def worker() -> None:
            while waiting:
                on_answer(await _ask(mind, waiting.pop(), seed))

        async with mind:
            await asyncio.gather(*(worker() for _ in range(OPEN_AT_ONCE)))

    asyncio.run(run())


async def _ask(mind: Mind, case: Case, seed: int) -> Answer:
    """Only `memory` remembers: what is said in other cases must not change with their order."""
    remembers = case.set == "memory"
    options: Json = {"seed": seed, "remember": remembers}
    if remembers:
        npc = {"npc": case.think["npc"]["id"], "name": case.npc, "player": case.player}
        if case.happened:
            await mind.remember([{**npc, "text": text} for text in case.happened])
        for said in filter(None, (case.told, *case.between)):
            await mind.think(case, said, {**options, "max_tokens": BETWEEN_MAX_TOKENS})
    return await mind.think(case, case.say, options)


class DaemonMind:
    """A daemon; every reply is streamed, as players get it, and none comes from the cache."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.name = ""

    async def __aenter__(self) -> Self:
        self._client = AsyncClient(self._endpoint, timeout_s=HANGS_S)
        info = await self._client.info()
        self.name = f"{info['model']} ({info['engine']})"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def think(self, case: Case, said: str, options: Json) -> Answer:
        fields: dict[str, Any] = {**case.think, **options}
        shown = ""
        try:
            async with self._client.stream(utterance=said, cache="off", deadline_ms=DEADLINE_MS, **fields) as stream:
                async for piece in stream:
                    shown += piece
        except Filtered as filtered:
            return Answer(case, filtered.text, shown, is_filtered=True)
        except AgentdError as error:
            return Answer(case, shown=shown, error=f"{error.code}: {error.message}")
        reply = stream.reply
        return Answer(case, reply.text, shown, reply.action, reply.finish, reply.timing_ms.total)

    async def remember(self, lines: Sequence[Json]) -> None:
        await self._client.remember(lines)
