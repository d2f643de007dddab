"""A mind behind any OpenAI-compatible server: it is sent what the daemon would send, and read as the daemon reads.

Prompts, memory, the schema of actions and the guard of words are the daemon's own, used in this process; moderation is
not. Runs on the event loop of ask.py. What a server refuses is an answer with an error, which the report counts.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self

import httpx2

from llm_agentd.bench.mind.ask import DEADLINE_MS
from llm_agentd.bench.mind.cases import Case, Json
from llm_agentd.bench.mind.scoring import Answer
from llm_agentd.engines.base import EngineInfo, Piece, Prompt
from llm_agentd.errors import AgentdError, StartError
from llm_agentd.memory import Outcome, SqliteMemory
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.protocol import schema
from llm_agentd.roles import Roles
from llm_agentd.scheduler.sequence import Sequence, make_assembler
from llm_agentd.server.request_builder import Place, RequestBuilder, RequestDefaults
from llm_agentd.types import Reply, Request

CONTEXT_TOKENS = 4096  # far over any prompt here; a server that has less says so
MEMORY_MAX_BYTES = 2**26
MEMORY_TURNS = 5  # agents.remember_turns
MALFORMED = (ValueError, LookupError, TypeError, AttributeError)  # what reading an answer of another shape raises


class UpstreamMind:
    """`url`: with or without `/v1`; `api_key`: sent as Bearer where it is set. Uses the server's first model."""

    def __init__(self, url: str, api_key: str = "") -> None:
        base = url.rstrip("/").removesuffix("/v1")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx2.AsyncClient(base_url=base, headers=headers, timeout=DEADLINE_MS / 1000, trust_env=False)
        self._url = url
        self._ids = itertools.count(1)
        self.name = ""

    async def __aenter__(self) -> Self:
        try:
            self._model = str((await self._http.get("/v1/models")).raise_for_status().json()["data"][0]["id"])
        except (httpx2.HTTPError, *MALFORMED) as problem:
            raise StartError(f"{self._url}: /v1/models names no model: {type(problem).__name__}: {problem}") from None
        self.name = f"{Path(self._model).name} (upstream)"
        self._folder = tempfile.TemporaryDirectory(prefix="llm-agentd-bench-")
        path = Path(self._folder.name) / "memory.db"
        self._memory = SqliteMemory(path, turns=MEMORY_TURNS, max_bytes=MEMORY_MAX_BYTES, summarize_by="rules")
        self._memory.start(self._memory.return_job)  # which rules leave nothing to do
        self._builder = RequestBuilder(PromptBuilder(Roles.load(), memory=self._memory), RequestDefaults(), None)
        self._info = EngineInfo(
            engine="upstream",
            model=self._model,
            fingerprint=self._model,
            context_tokens=CONTEXT_TOKENS,
            max_num_seqs=1,
            features=frozenset({"messages", "json_schema"}),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
        self._memory.close()
        self._folder.cleanup()

    async def think(self, case: Case, said: str, options: Json) -> Answer:
        arrived_s = time.monotonic()
        record = {"op": "think", "id": str(next(self._ids)), "utterance": said, **case.think, **options}
        try:
            checked = schema.validate(schema.ThinkRecord, record)
            request = self._builder.think(checked, self._info, Place((), arrived_s), None)
            answer = (await self._http.post("/v1/chat/completions", json=self._body(request))).raise_for_status()
            choice = answer.json()["choices"][0]
            text, finish_reason = choice["message"]["content"] or "", choice.get("finish_reason") or "stop"
        except AgentdError as error:
            return Answer(case, error=f"{error.code}: {error.message}")
        except (httpx2.HTTPError, *MALFORMED) as problem:
            return Answer(case, error=f"{type(problem).__name__}: {problem}")
        reply = _read(request, str(text), str(finish_reason))
        if request.chat and request.chat.memory_turn and not reply.cut:
            self._memory.add_exchange(request.chat.memory_turn, reply.text, arrived_s)
            self._memory.flush()  # a search sees only what is written; a fast server would ask before
        total_ms = (time.monotonic() - arrived_s) * 1000
        return Answer(case, reply.text, reply.text, reply.action, reply.finish, total_ms)

    def _body(self, request: Request) -> dict[str, Any]:
        assert request.chat is not None
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in request.chat.messages],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
        }
        if sampling.json_schema:
            form = {"name": "reply", "schema": sampling.json_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    async def remember(self, lines: Iterable[Json]) -> None:
        self._memory.add_outcomes(
            [Outcome(line["npc"], line["name"], line["player"], "", line["text"]) for line in lines]
        )


def _read(request: Request, text: str, finish_reason: str) -> Reply:
    """As the scheduler reads a sequence, here in one piece."""
    sequence = Sequence(
        0, [request], make_assembler(request), Prompt([]), prompt_tokens=0, reused_tokens=0, started_s=0
    )
    ended: Literal["stop", "length"] = "length" if finish_reason == "length" else "stop"
    _, finish = sequence.feed(Piece(seq=0, data=text.encode(), tokens=0, finish=ended), now_s=0)
    return sequence.reply(request, finish or "stop", model="", now_s=0)
