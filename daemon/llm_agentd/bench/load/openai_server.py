"""`python -m llm_agentd.bench.load.openai_server PORT STEP_MS`: a server of OpenAI's protocol that talks as the stub.

For benchmarks of what comes of a slow server: it speaks a piece a step, and its steps computes nothing. `POST /slow`
with `{"delay_ms": N}` makes every answer begin so much later from then on, until it is told otherwise. It has no
queue: whatever comes is answered side by side.
"""

from __future__ import annotations

import asyncio
import codecs
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.types import Message, Sampling

MODULE = "llm_agentd.bench.load.openai_server"
MODEL = "bench-stub"
CONTEXT_TOKENS = 4096
DEFAULT_MAX_TOKENS = 256


class Server:
    """What is asked, and what it answers."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._delay_s = 0.0
        self.app = FastAPI()
        self.app.get("/v1/models")(self.models)
        self.app.post("/v1/chat/completions")(self.chat)
        self.app.post("/slow")(self.slow)

    async def models(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": CONTEXT_TOKENS}]}

    async def slow(self, request: Request) -> dict[str, Any]:
        self._delay_s = (await request.json())["delay_ms"] / 1000
        return {"ok": True}

    async def chat(self, request: Request) -> StreamingResponse:
        events = self._stream(orjson.loads(await request.body()))
        return StreamingResponse(events, media_type="text/event-stream")

    async def _stream(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        await asyncio.sleep(self._delay_s)
        pieces, prompt_tokens = _words(body)
        for piece in pieces:
            await asyncio.sleep(self._step_s)
            yield _event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(pieces)}
        yield _event({"choices": [], "usage": usage | {"total_tokens": sum(usage.values())}})
        yield b"data: [DONE]\n\n"


def _event(fields: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps({"model": MODEL, **fields}) + b"\n\n"


def _words(body: dict[str, Any]) -> tuple[list[str], int]:
    """The stub's pieces for these messages, and how many tokens the prompt has."""
    form = body.get("response_format") or {}
    sampling = Sampling(
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or DEFAULT_MAX_TOKENS,
        temperature=body.get("temperature", 1.0),
        seed=body.get("seed"),
        json_schema=form["json_schema"]["schema"] if form.get("type") == "json_schema" else None,
    )
    engine = StubEngine(context_tokens=CONTEXT_TOKENS, max_num_seqs=1)
    prompt = engine.encode(None, [Message(one["role"], one["content"]) for one in body["messages"]], sampling)
    engine.start(0, prompt, sampling)
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    return [decode(data) for data in _pieces(engine)], len(prompt)


def _pieces(engine: StubEngine) -> Iterator[bytes]:
    while True:
        for piece in engine.step():
            if piece.tokens:
                yield piece.data
            if piece.finish:
                return


def main() -> None:
    port, step_ms = int(sys.argv[1]), float(sys.argv[2])
    config = uvicorn.Config(
        Server(step_ms / 1000).app, host="127.0.0.1", port=port, log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    start = server.startup

    async def startup(sockets: Any = None) -> None:
        await start(sockets)
        print("ready", flush=True)

    server.startup = startup  # type: ignore[method-assign]
    server.run()


if __name__ == "__main__":
    main()
