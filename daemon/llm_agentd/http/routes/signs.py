"""The routes of signs: a picture of a fingerspelled word, and the sign languages there are.

Runs on the event loop; pictures are drawn by a child process (`speech/signs/service.py`).
"""

from __future__ import annotations

import unicodedata
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.errors import BadRequest, Unavailable
from llm_agentd.http.application import Application
from llm_agentd.http.body import json_response
from llm_agentd.http.routes import schema
from llm_agentd.speech.signs.languages import DEFAULT_LANGUAGE, LANGUAGES
from llm_agentd.speech.signs.service import CURE, SignPictures, is_installed

TEXT_MAX_CHARS = 24  # a name of three words; more side by side are wider than a screen
HEIGHT_DEFAULT, HEIGHT_MIN, HEIGHT_MAX = 96, 32, 256  # pixels: of a hand that can be read, up to a banner
KEPT_BY_CLIENTS_S = 86_400  # the same word looks the same for as long as the package is the same

_PARAMETERS: dict[str, Any] = {
    "text": {"type": "string", "maxLength": TEXT_MAX_CHARS, "examples": ["Mira"]},
    "lang": {"type": "string", "enum": list(LANGUAGES), "default": DEFAULT_LANGUAGE},
    "height": {"type": "integer", "minimum": HEIGHT_MIN, "maximum": HEIGHT_MAX, "default": HEIGHT_DEFAULT},
}
_DESCRIBED = {
    "parameters": [
        {"name": name, "in": "query", "required": name == "text", "schema": field}
        for name, field in _PARAMETERS.items()
    ]
}


def add(app: Application, pictures: SignPictures) -> None:
    @app.get(
        "/v1/signs",
        lambda: {
            "tags": ["signs"],
            "summary": "A word fingerspelled in SignWriting, as a PNG",
            "response_class": Response,
            "responses": {
                200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
                **schema.errors(400, 401, 403, 429, 503),
            },
            "openapi_extra": _DESCRIBED,
        },
    )
    async def signs(request: Request) -> Response:
        """The signs side by side, the letter under each; what has no sign stays a letter. 503 without the package."""
        for name in request.query_params:
            if name not in _PARAMETERS:
                raise BadRequest(f"{name}: unknown parameter; known: {', '.join(_PARAMETERS)}")
        text, lang = _text(request.query_params.get("text", "")), _lang(request.query_params.get("lang"))
        picture = await pictures.picture(text, lang, _height(request.query_params.get("height")))
        return Response(
            picture, media_type="image/png", headers={"Cache-Control": f"private, max-age={KEPT_BY_CLIENTS_S}"}
        )

    @app.get(
        "/v1/signs/languages",
        lambda: {
            "tags": ["signs"],
            "summary": "The sign languages whose fingerspelling there is",
            "response_model": schema.SignLanguagesAnswer,
            "responses": schema.errors(401, 403, 503),
        },
    )
    async def languages(_: Request) -> Response:
        """By their codes of ISO 639-3. 503 without the package, as `/v1/signs` would answer."""
        if not is_installed():
            raise Unavailable(f"signs need the Python package signwriting: {CURE}")
        names = [{"code": code, "name": name} for code, name in LANGUAGES.items()]
        return json_response({"default": DEFAULT_LANGUAGE, "languages": names})


def _text(given: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", given).split())
    if not text:
        raise BadRequest("text: give the word that is to be spelled, as in /v1/signs?text=Mira")
    if len(text) > TEXT_MAX_CHARS:
        raise BadRequest(f"text: {len(text)} characters; at most {TEXT_MAX_CHARS} stand side by side: ask word by word")
    if not text.isprintable():
        raise BadRequest("text: has characters that cannot be shown; leave them out")
    return text


def _lang(given: str | None) -> str:
    if given is not None and given not in LANGUAGES:
        example = f"{DEFAULT_LANGUAGE} ({LANGUAGES[DEFAULT_LANGUAGE]})"
        raise BadRequest(f"lang: {given[:20]!r} is no code such as {example}; GET /v1/signs/languages lists them")
    return given or DEFAULT_LANGUAGE


def _height(given: str | None) -> int:
    height = int(given) if given is not None and given.isascii() and given.isdecimal() and len(given) < 6 else None
    if given is not None and (height is None or not HEIGHT_MIN <= height <= HEIGHT_MAX):
        raise BadRequest(f"height: want a whole number of pixels from {HEIGHT_MIN} to {HEIGHT_MAX}")
    return height or HEIGHT_DEFAULT
