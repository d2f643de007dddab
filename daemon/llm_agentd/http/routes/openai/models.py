"""`GET /v1/models`: the one model that is served. Runs on the event loop."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response
from llm_agentd.http.routes import openai_schema
from llm_agentd.http.routes.openai.served import ServedModel


def add(app: Application, served: ServedModel) -> None:
    @app.get(
        "/v1/models",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: the model that is served",
            "response_model": openai_schema.ModelList,
            "responses": openai_schema.errors(401, 403, 503),
        },
    )
    async def models(_: Request) -> Response:
        """A list of one."""
        return json_response({"object": "list", "data": [await served.view()]})

    @app.get(
        "/v1/models/{name:path}",
        lambda: {
            "tags": ["openai"],
            "summary": "OpenAI's: one model",
            "response_model": openai_schema.Model,
            "responses": openai_schema.errors(401, 403, 404, 503),
            "openapi_extra": {
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
            },
        },
    )
    async def model(request: Request) -> Response:
        """By its id, the name of its file, or `default`; 404 for any other."""
        return json_response(await served.view(request.path_params["name"]))
