"""What both routes do once they have read their fields: ask for the model, run the request, answer whole or streamed.

Runs on the event loop.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.client.records import error_of
from llm_agentd.errors import AgentdError
from llm_agentd.http.body import json_response
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.error_shape import as_openai
from llm_agentd.http.open_requests import timeout_s_of
from llm_agentd.http.replies import run
from llm_agentd.http.routes.openai.answers import Chunks, Kind, ended
from llm_agentd.http.routes.openai.fields import Wanted
from llm_agentd.http.routes.openai.served import ServedModel
from llm_agentd.http.routes.openai.stream import stream
from llm_agentd.http.sessions import Sessions

# Clients of OpenAI's API have a timeout of their own, of ten minutes by default, and hang up then, which cancels: so a
# long text on a slow machine has its time. A game's line, which is late after seconds, comes by other routes.
TIMEOUT_MS = 120_000


async def answer(
    daemon: DaemonClient, served: ServedModel, sessions: Sessions, request: Request, wanted: Wanted, kind: Kind
) -> Response:
    model = (await served.find(wanted.model))["model"]
    wanted.record.setdefault("deadline_ms", max(TIMEOUT_MS, sessions.timeout_ms))
    timeout_s = timeout_s_of(wanted.record, TIMEOUT_MS)
    if wanted.streams:
        return await stream(daemon, request, wanted.record, Chunks(kind, model, wanted.includes_usage), timeout_s)
    try:
        record = await run(daemon, wanted.record, request.receive, timeout_s)
    except AgentdError as error:
        raise as_openai(error) from None
    end = ended(record, model)
    if end is None:
        raise as_openai(error_of(record))
    return json_response(kind.whole(end))
