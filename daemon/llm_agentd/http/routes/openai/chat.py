"""`POST /v1/chat/completions`. Runs on the event loop."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application
from llm_agentd.http.body import read_object
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import openai_schema, schema
from llm_agentd.http.routes.openai import fields
from llm_agentd.http.routes.openai.answers import CHAT
from llm_agentd.http.routes.openai.messages import messages_of
from llm_agentd.http.routes.openai.served import ServedModel
from llm_agentd.http.routes.openai.whole import answer
from llm_agentd.http.sessions import Sessions

EXAMPLE = '{"messages": [{"role": "user", "content": "Good evening!"}]}'
OWN = frozenset({"messages", "max_completion_tokens", "response_format"})


def add(app: Application, daemon: DaemonClient, served: ServedModel, sessions: Sessions) -> None:
    @app.post(
        "/v1/chat/completions",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: the next message of a chat",
            "response_model": openai_schema.ChatCompletion,
            "responses": openai_schema.generation_answers(),
            "openapi_extra": schema.body_of(openai_schema.ChatBody),
        },
    )
    async def chat(request: Request) -> Response:
        """In one piece, or with `stream` as server-sent events. Moderated: what is held back ends with `finish_reason`
        `content_filter` and a harmless line. One `n`, text alone, no tools: what cannot be done is refused by name.
        """
        body = await read_object(request, EXAMPLE)
        wanted = fields.read(body, OWN)
        wanted.record["messages"] = messages_of(body.get("messages"))
        wanted.record.update(fields.response_format(body.get("response_format")))
        return await answer(daemon, served, sessions, request, wanted, CHAT)
