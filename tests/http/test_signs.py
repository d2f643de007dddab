"""GET /v1/signs and /v1/signs/languages, with the real package in the real child."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterator

import pytest
from PIL import Image

from llm_agentd.speech.signs.languages import LANGUAGES
from tests.support.http_harness import FakeDaemon, HttpServer, serve_http


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('signs')}/z"
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        yield server


@pytest.mark.slow
def test_a_word_comes_as_a_png_of_the_height_that_was_asked(server: HttpServer) -> None:
    answer = server.http.get("/v1/signs", params={"text": " Mira ", "lang": "gsg", "height": "64"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert "max-age" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).height == 64
    plain = server.http.get("/v1/signs", params={"text": "Mira"})
    assert Image.open(io.BytesIO(plain.content)).height == 96
    assert plain.content == server.http.get("/v1/signs", params={"text": "Mira", "lang": "ase"}).content


@pytest.mark.slow
def test_letters_without_signs_are_a_bad_request(server: HttpServer) -> None:
    answer = server.http.get("/v1/signs", params={"text": "Ковка"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "text: American Sign Language has a sign for none of these letters"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "text: give the word"),
        ({"text": "  "}, "text: give the word"),
        ({"text": "a" * 25}, "text: 25 characters; at most 24"),
        ({"text": "a\x00b"}, "cannot be shown"),
        ({"text": "Mira", "lang": "asl"}, "lang: 'asl' is no code such as ase (American Sign Language); GET /v1/"),
        ({"text": "Mira", "lang": "../ase"}, "lang: "),
        ({"text": "Mira", "height": "31"}, "height: want a whole number of pixels from 32 to 256"),
        ({"text": "Mira", "height": "257"}, "height: "),
        ({"text": "Mira", "height": "9" * 5000}, "height: "),
        ({"text": "Mira", "height": "²"}, "height: "),
        ({"text": "Mira", "size": "3"}, "size: unknown parameter; known: text, lang, height"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_cure(
    server: HttpServer, params: dict[str, str], message: str
) -> None:
    answer = server.http.get("/v1/signs", params=params)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["error"]["message"]


def test_languages_are_listed_with_their_names(server: HttpServer) -> None:
    answer = server.http.get("/v1/signs/languages").json()
    assert answer["default"] == "ase"
    assert {one["code"]: one["name"] for one in answer["languages"]} == LANGUAGES


def test_without_the_package_both_answer_503_and_the_cure(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for path in ("/v1/signs?text=Anja", "/v1/signs/languages"):
        answer = server.http.get(path)
        assert answer.status_code == 503
        assert "pip install 'llm-agentd[signs]'" in answer.json()["error"]["message"]
