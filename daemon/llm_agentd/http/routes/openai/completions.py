"""`POST /v1/completions`. Runs on the event loop."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.errors import BadRequest
from llm_agentd.http.application import Application
from llm_agentd.http.body import read_object
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import openai_schema, schema
from llm_agentd.http.routes.openai import fields
from llm_agentd.http.routes.openai.answers import TEXT
from llm_agentd.http.routes.openai.served import ServedModel
from llm_agentd.http.routes.openai.whole import answer
from llm_agentd.http.sessions import Sessions

OWN = frozenset({"prompt", "response_format"})  # the latter as vLLM has it


def add(app: Application, daemon: DaemonClient, served: ServedModel, sessions: Sessions) -> None:
    @app.post(
        "/v1/completions",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: what continues a text",
            "response_model": openai_schema.Completion,
            "responses": openai_schema.generation_answers(),
            "openapi_extra": schema.body_of(openai_schema.CompletionBody),
        },
    )
    async def completions(request: Request) -> Response:
        """As the chat's route, for a raw text. No `echo`, no `suffix`, no `best_of`."""
        body = await read_object(request, '{"prompt": "Once upon a time"}')
        wanted = fields.read(body, OWN)
        wanted.record["prompt"] = _prompt(body.get("prompt"))
        wanted.record.update(fields.response_format(body.get("response_format")))
        return await answer(daemon, served, sessions, request, wanted, TEXT)


def _prompt(value: Any) -> str:
    """Older clients send a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value:
        raise BadRequest("prompt: want one text that is not empty; tokens and several prompts are not taken")
    return value
