"""Asks a real daemon for the reply of each case, over ZeroMQ, and what comes before it in `memory`.

Runs an event loop in the main thread; a few requests are open at a time. Knows the client and cases, no scores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from llm_agentd.bench.mind.cases import Case
from llm_agentd.bench.mind.scoring import Answer
from llm_agentd.client import AsyncClient
from llm_agentd.errors import AgentdError, Filtered

OPEN_AT_ONCE = 4  # enough for a batch; with more each reply would wait longer than in a village
DEADLINE_MS = 600_000  # a large model on two cores takes its time; how long is measured, not judged
BETWEEN_MAX_TOKENS = 24  # of replies that nobody reads
KEEP_S = 5.0  # more than DEADLINE_MS, until the client gives up on a daemon that hangs

OnAnswer = Callable[[Answer], None]


def ask_all(endpoint: str, cases: Sequence[Case], *, seed: int, on_answer: OnAnswer) -> None:
    """`on_answer` is called for each case, in the order in which the answers come. Raises AgentdError where the daemon
    is gone; a request that fails by itself is an answer too.
    """

    async def run() -> None:
        async with AsyncClient(endpoint, timeout_s=DEADLINE_MS / 1000 + KEEP_S) as client:
            waiting = list(reversed(cases))

            async def worker() -> None:
                while waiting:
                    on_answer(await _ask(client, waiting.pop(), seed))

            await asyncio.gather(*(worker() for _ in range(OPEN_AT_ONCE)))

    asyncio.run(run())


def info(endpoint: str) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with AsyncClient(endpoint) as client:
            return await client.info()

    return asyncio.run(run())


async def _ask(client: AsyncClient, case: Case, seed: int) -> Answer:
    """Only `memory` remembers: what is said in other cases must not change with their order."""
    remembers = case.set == "memory"
    if remembers:
        await _live_through(client, case, seed)
    options = {key: value for key, value in case.think.items() if key != "npc"}
    stream = client.stream(
        npc=case.think["npc"],
        utterance=case.say,
        seed=seed,
        cache="off",
        deadline_ms=DEADLINE_MS,
        remember=remembers,
        **options,
    )
    shown = ""
    try:
        async with stream:
            async for piece in stream:
                shown += piece
    except Filtered as filtered:
        return Answer(case, filtered.text, shown, is_filtered=True)
    except AgentdError as error:
        return Answer(case, shown=shown, error=f"{error.code}: {error.message}")
    reply = stream.reply
    return Answer(case, reply.text, shown, reply.action, reply.finish, reply.timing_ms.total)


async def _live_through(client: AsyncClient, case: Case, seed: int) -> None:
    """What happened and was said before the question, in that order: the fact first, then other talk."""
    npc = case.think["npc"]
    if case.happened:
        lines = [{"npc": npc["id"], "name": case.npc, "player": case.player, "text": text} for text in case.happened]
        await client.remember(lines)
    for said in filter(None, (case.told, *case.between)):
        await _quietly(
            client.think(
                npc,
                said,
                player=case.player,
                context=case.think["context"],
                seed=seed,
                cache="off",
                deadline_ms=DEADLINE_MS,
                max_tokens=BETWEEN_MAX_TOKENS,
            )
        )


async def _quietly(call: Awaitable[Any]) -> None:
    try:
        await call
    except AgentdError:
        return  # a refused line is no matter; a daemon that is gone shows in the question itself
