"""The ASGI application: its lifespan, its routes in order, and errors as JSON.

Runs on the event loop. Each family of routes is a file of its own (`routes/`) with one function `add(app, …)`;
a new one is registered in `create_app`. Knows nothing of models, caches or NPCs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from llm_agentd.client.curve import CurveFiles
from llm_agentd.config.speech import Speech
from llm_agentd.errors import AgentdError
from llm_agentd.http.application import Application
from llm_agentd.http.auth import BearerToken, OwnOrigin, is_allowed
from llm_agentd.http.body import AUDIOS_MAX_BYTES, BodyBudget, error_response, json_response
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.direct import Answer, DirectRoutes, bug, client_is_gone
from llm_agentd.http.drain import DrainUnreadBodies
from llm_agentd.http.error_shape import is_openai, openai_fields
from llm_agentd.http.event_feeds import EventFeeds
from llm_agentd.http.metrics import CountRequests, HttpMetrics
from llm_agentd.http.origin import OwnHosts
from llm_agentd.http.routes import (
    cache,
    dashboard,
    doctor,
    exchange,
    infer,
    info,
    memory,
    model,
    openai,
    requests,
    roles,
    settings,
    signs,
    voice,
    watch,
    ws,
)
from llm_agentd.http.routes import speech as speech_routes
from llm_agentd.http.sessions import Sessions
from llm_agentd.http.spoken_log import SpokenLog
from llm_agentd.http.switch_watch import SwitchWatch
from llm_agentd.http.voice.microphones import Microphones
from llm_agentd.speech.service import SpeechService
from llm_agentd.speech.signs.service import SignPictures

SWEEP_EVERY_S = 30.0  # idle sessions end up to so much later


def create_app(
    *,
    endpoint: str,
    retry_s: float,
    stream: Path | None = None,
    curve: CurveFiles | None = None,
    token: str | None,
    timeout_ms: int,
    host: str = "127.0.0.1",
    allowed_hosts: Sequence[str] = (),
    has_public_figures: bool = False,
    speech: Speech | None = None,
    speech_cpus: Sequence[int] = (),
    language: str = "en",
    examine: doctor.Examine = lambda records, error: {"checks": [], "ok": True},
    clock: Callable[[], float] = time.monotonic,
) -> Application:
    """The application. `host`: the address it listens on; `allowed_hosts`: further names that it is called by.

    `has_public_figures`: some routes want no token to be read (http.dashboard_public). `speech`: None is off;
    `speech_cpus`: where it may be computed, none is anywhere; `language`: of what is spoken where nothing says it.
    `examine`: the doctor, for `/v1/doctor`.

    `state.daemon` (a DaemonClient) starts with it unless it runs already.

    `state.sessions.stop()` and `state.feeds.stop()` end the calls that wait, for a quick shutdown.
    """
    daemon = DaemonClient(endpoint, retry_s=retry_s, stream=stream, curve=curve)
    feeds = EventFeeds(daemon)
    metrics = HttpMetrics()
    speech_config = speech or Speech(tts="off", stt="off")
    speech_service = SpeechService(
        speech_config,
        gate=SwitchWatch(daemon).check,
        on_end=SpokenLog(daemon).note,
        cpus=speech_cpus,
        registry=metrics.registry,
    )
    microphones = Microphones(clock=clock, has_ears=lambda: bool(speech_service.info()["stt"]))
    metrics.show_microphones(lambda: microphones.page_count)
    sessions = Sessions(daemon, microphones, timeout_ms=timeout_ms, clock=clock)
    sign_pictures = SignPictures()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        daemon.start()
        sweeper = asyncio.create_task(_sweep(sessions, microphones))
        yield
        sweeper.cancel()
        sessions.stop()
        feeds.stop()
        await speech_service.close()
        daemon.stop()
        await sign_pictures.close()

    app = Application(lifespan=lifespan)
    app.state.daemon, app.state.sessions, app.state.body_budget = daemon, sessions, BodyBudget()
    app.state.audio_budget = BodyBudget(AUDIOS_MAX_BYTES)
    app.state.feeds, app.state.speech, app.state.sign_pictures = feeds, speech_service, sign_pictures
    if token:
        app.add_middleware(BearerToken, token=token, has_public_figures=has_public_figures)
    own_hosts = OwnHosts(host, allowed_hosts)
    app.add_middleware(OwnOrigin, own=own_hosts)
    app.add_middleware(DrainUnreadBodies)  # the last one added is the first one passed
    _handle_errors(app)
    answers: dict[str, Answer] = {
        infer.PATH: infer.add(app, daemon, sessions),
        exchange.PATH: exchange.add(app, sessions),
    }
    openai.add(app, daemon, sessions, speech_service, language)
    roles.add(app, daemon)
    memory.add(app, daemon)
    requests.add(app, daemon)
    watch.add(app, daemon, feeds)
    settings.add(app, daemon, sessions)
    cache.add(app, daemon)
    model.add(app, daemon)
    info.add(app, daemon, sessions, metrics, speech_service)
    doctor.add(app, daemon, examine)
    speech_routes.add(app, speech_service, language)
    signs.add(app, sign_pictures)
    ws.add(app, daemon, sessions, metrics)
    dashboard.add(app)
    voice.add(app, microphones, seconds_max=float(speech_config.seconds_max))
    app.surround(
        lambda inner: CountRequests(
            DirectRoutes(
                inner,
                routes=app.routes,
                answers=answers,
                is_allowed=lambda scope: is_allowed(scope, own_hosts, token),
            ),
            metrics=metrics,
        )
    )
    return app


async def _sweep(sessions: Sessions, microphones: Microphones) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        sessions.sweep()
        microphones.sweep()


def _handle_errors(app: Application) -> None:
    async def expected(request: Request, error: AgentdError) -> Response:
        return error_response(error, path=request.url.path)

    async def routing(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        message = f"{request.method} {request.url.path}: {str(error.detail).lower()}; /docs lists what there is"
        fields = {"code": code, "message": message}
        if is_openai(request.url.path):
            fields = openai_fields(fields, error.status_code)
        return json_response({"error": fields}, error.status_code, error.headers)

    async def disconnected(_: Request, __: ClientDisconnect) -> Response:
        return client_is_gone()

    async def unexpected(request: Request, _: Exception) -> Response:
        return bug(request.url.path)

    app.handle_error(AgentdError, expected)
    app.handle_error(HTTPException, routing)
    app.handle_error(ClientDisconnect, disconnected)
    app.handle_error(Exception, unexpected)  # logged with its traceback by uvicorn
