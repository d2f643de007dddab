"""The page into which players speak: its files, `POST /voice/login` for a code, `POST /voice/say` for what was said.

Runs on the event loop. A code or the page's token stands in the place of the daemon's token; all else that is checked
elsewhere is checked here too. Sound is held until it is recognised and kept nowhere.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.errors import BadRequest, Unauthorized
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response, read_audio, read_object
from llm_agentd.http.routes import schema
from llm_agentd.http.routes.dashboard import INDEX, load_files
from llm_agentd.http.voice import wav
from llm_agentd.http.voice.microphones import ASK_ANEW, Microphones

CODE_MAX_CHARS = 32  # with what people type between the digits
# Of the dashboard's files those that the page takes, under its own folder: a proxy may show players /voice alone.
SHARED = ("dom.js", "i18n.js", "icon.svg", "storage.js", "style.css")
HEADERS = {"Permissions-Policy": "microphone=(self)"}
AUDIO_BODY = {
    "requestBody": {
        "required": True,
        "content": {wav.MEDIA_TYPE: {"schema": {"type": "string", "contentMediaType": wav.MEDIA_TYPE}}},
    }
}


def add(app: Application, microphones: Microphones, *, seconds_max: float) -> None:
    _add_files(app)

    @app.post(
        "/voice/login",
        lambda: {
            "tags": ["voice"],
            "summary": "A code from the game becomes the token of a page",
            "response_model": schema.VoiceLoginAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429),
            "openapi_extra": schema.body_of(schema.VoiceLoginBody),
        },
    )
    async def login(request: Request) -> Response:
        """The code is that of `listen`, for one use and five minutes. After wrong ones each try waits longer: 429."""
        fields = await read_object(request, '{"code": "482-913"}')
        code = fields.get("code")
        if set(fields) != {"code"} or not isinstance(code, str) or len(code) > CODE_MAX_CHARS:
            raise BadRequest("code: want the code that /llm mic shows in the game, as a string, and nothing else")
        token, microphone = microphones.login(code, request.client.host if request.client else "")
        return json_response({"token": token, "player": microphone.record.player, "seconds_max": seconds_max})

    @app.post(
        "/voice/say",
        lambda: {
            "tags": ["voice"],
            "summary": "What a player said, to be heard in the game",
            "response_model": schema.VoiceSayAnswer,
            "responses": schema.errors(400, 401, 403, 413, 429, 502, 503, 504),
            "openapi_extra": AUDIO_BODY,
        },
    )
    async def say(request: Request) -> Response:
        """`Authorization: Bearer` with the token of `/voice/login`; the body is a WAV of 16 kHz, mono, 16 bits.

        The answer's `text` is what was understood and what the game hears, empty where nothing was. One at a time; too
        many at once: 429. No sound is kept.
        """
        with microphones.speaking(_token_of(request)) as microphone:
            audio = await read_audio(request, wav.bytes_max(seconds_max))
            wav.check(audio, seconds_max)
            record = microphone.record
            transcript = await request.app.state.speech.recognize(audio, record.lang or "", record.phrases)
            return json_response({"text": microphones.heard(microphone, transcript.text, transcript.confidence)})


def _add_files(app: Application) -> None:
    dashboard = load_files()
    page = load_files("voice/page") | {f"shared/{name}": dashboard[name] for name in SHARED}

    @app.get("/voice")
    async def index(request: Request) -> Response:
        return page[INDEX].answer(request, HEADERS)

    @app.get("/voice/{name:path}")
    async def file(request: Request) -> Response:
        found = page.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "not found")
        return found.answer(request, HEADERS)


def _token_of(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(f"want the header `Authorization: Bearer TOKEN` with the token of a code; {ASK_ANEW}")
    return token.strip()
