"""A model small enough to be sent around, and a server that sends ranges of it as a hub does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from llm_agentd.ops.models.store import ModelStore
from tests.support.tiny_gguf import write_tiny_gguf

ServeFile = Callable[..., str]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model of some 300 kB with a chat template."""
    return write_tiny_gguf(tmp_path_factory.mktemp("model") / "tiny-Q8_0.gguf")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken connection is tried again at once."""
    monkeypatch.setattr("llm_agentd.ops.models.fetch.download.PAUSE_S", 0)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def serve_file(httpserver: HTTPServer) -> ServeFile:
    """Serves bytes under a path, with ranges and an ETag; returns the address. `breaks_at`: first answers end there."""

    def serve(path: str, data: bytes, *, breaks_at: list[int] | None = None, etag: str = '"1"') -> str:
        breaks = list(breaks_at or [])

        def answer(request: Request) -> Response:
            found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
            start = int(found[1]) if found and request.headers.get("If-Range", etag) == etag else 0
            if start >= len(data) and found:
                return Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
            headers = {"ETag": etag}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            end = breaks.pop(0) if breaks else len(data)
            response = Response(data[start:end], status=206 if start else 200, headers=headers)
            response.headers["Content-Length"] = str(len(data) - start)  # more than comes: the connection breaks
            return response

        httpserver.expect_request(path).respond_with_handler(answer)
        return httpserver.url_for(path)

    return serve


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
