"""The routes of roles: what there are, and an admin's own set and taken away.

Runs on the event loop. What a role may hold is the daemon's to check; schema.py describes it for /docs.
Whatever PUT and DELETE do, a POST does as well, for the game: in engines before 5.9 one PUT or DELETE turns all later
calls of the server, those of other mods too, into the same (luanti-org/luanti#14394).
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.client.records import Record, without_envelope
from llm_agentd.http.application import Application
from llm_agentd.http.body import changed_via, json_response, read_object
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.routes import schema, steering_schema
from llm_agentd.http.routes.ops import from_body, from_query
from llm_agentd.http.routes.preview import EXAMPLE, try_role


def add(app: Application, daemon: DaemonClient) -> None:
    @app.get(
        "/v1/roles",
        lambda: {
            "tags": ["roles"],
            "summary": "All roles, and what is wrong with an admin's own",
            "response_model": schema.RolesAnswer,
            "responses": schema.errors(401, 403, 503),
        },
    )
    async def roles(_: Request) -> Response:
        """Fields that a role does not set are left out. `version` changes when any role does."""
        return json_response(without_envelope(await daemon.request({"op": "roles"})))

    @app.put("/v1/roles/{name}", _writing)
    @app.post("/v1/roles/{name}", _writing)
    async def set_role(request: Request) -> Response:
        """The body is the whole role; it becomes `NAME.yaml` in `agents.roles_dir` and holds from the next reply on."""
        return await _set(request, await read_object(request, '{"title": "the ferryman", "persona": "…"}'))

    @app.delete("/v1/roles/{name}", _taking)
    async def delete_role(request: Request) -> Response:
        """Where a shipped role has the same name it holds again, and is in the answer."""
        return await _set(request, None)

    @app.post("/v1/roles/{name}/delete", _taking)
    async def delete_role_by_post(request: Request) -> Response:
        """As DELETE, whatever the body."""
        return await _set(request, None)

    @app.get(
        "/v1/roles/{name}/history",
        lambda: {
            "tags": ["roles"],
            "summary": "What a role was before each change",
            "response_model": steering_schema.RoleHistoryAnswer,
            "responses": schema.errors(400, 401, 403, 503),
            "openapi_extra": schema.named_role(),
        },
    )
    async def history(request: Request) -> Response:
        """The last 20, the newest first; also of roles that were taken away."""
        return await from_query(daemon, "role_history", path=("name",))(request)

    @app.post(
        "/v1/roles/{name}/undo",
        lambda: {
            "tags": ["roles"],
            "summary": "Take the last change of a role back",
            "response_model": schema.RoleAnswer,
            "responses": schema.errors(400, 401, 403, 413, 503),
            "openapi_extra": schema.named_role(schema.Nothing),
        },
    )
    async def undo(request: Request) -> Response:
        """Again, and the change before it. What was undone stays in the history."""
        return await from_body(daemon, "undo_role", path=("name",))(request)

    @app.post(
        "/v1/roles/{name}/preview",
        lambda: {
            "tags": ["roles"],
            "summary": "What an NPC would say with a role that is not saved",
            "response_model": steering_schema.PreviewAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 502, 503, 504),
            "openapi_extra": schema.named_role(steering_schema.PreviewBody),
        },
    )
    async def preview(request: Request) -> Response:
        """Nothing of it is kept or remembered."""
        return json_response(await try_role(daemon, request.path_params["name"], await read_object(request, EXAMPLE)))

    async def _set(request: Request, fields: Record | None) -> Response:
        name = request.path_params["name"]
        record = {"op": "set_role", "name": name, "role": fields, "via": changed_via(request)}
        return json_response(without_envelope(await daemon.request(record)))


def _writing() -> dict[str, Any]:
    return {
        "tags": ["roles"],
        "summary": "Write a role",
        "response_model": schema.RoleAnswer,
        "responses": schema.errors(400, 401, 403, 413, 503),
        "openapi_extra": schema.named_role(schema.RoleBody),
    }


def _taking() -> dict[str, Any]:
    return {
        "tags": ["roles"],
        "summary": "Take an admin's own role away",
        "response_model": schema.RoleAnswer,
        "responses": schema.errors(400, 401, 403, 503),
        "openapi_extra": schema.named_role(),
    }
