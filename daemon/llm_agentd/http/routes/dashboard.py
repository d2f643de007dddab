"""The dashboard's files: `/` and what it loads from `/dashboard/`. They hold no secret, so they want no token.

Runs on the event loop; all files are read once, at start, so no request opens one and no path can lead elsewhere. What
the pages show they fetch from the other routes, with the token. Knows nothing of the pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from llm_agentd.http.application import Application

INDEX = "index.html"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
ETAG_CHARS = 16  # of a SHA-256 in hex: 64 bits tell two versions of a file apart
# What players say is shown on these pages. The browser runs no script but our files, and turns no text into HTML
# (trusted types), so a player's name stays text even where a page should have a fault.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept by the browser, but asked for by ETag: after an upgrade no old page stays
}


@dataclass(frozen=True)
class File:
    """One file as it is sent."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> File:
        digest = hashlib.sha256(content).hexdigest()[:ETAG_CHARS]
        return cls(content, TYPES[PurePosixPath(name).suffix], f'"{digest}"')

    def answer(self, request: Request, more: Mapping[str, str] | None = None) -> Response:
        """`more`: further headers."""
        headers = {**HEADERS, "ETag": self.etag, **(more or {})}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type=self.media_type)


def load_files(folder: str = "dashboard") -> dict[str, File]:
    """All files of a page by their path in its folder beside the routes. Files of other types are none of it."""
    found: dict[str, File] = {}
    _collect(files("llm_agentd.http") / folder, "", found)
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, File]) -> None:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            _collect(entry, f"{name}/", found)
        elif PurePosixPath(name).suffix in TYPES:
            found[name] = File.of(name, entry.read_bytes())


def add(app: Application) -> None:
    dashboard = load_files()

    @app.get("/")
    async def index(request: Request) -> Response:
        return dashboard[INDEX].answer(request)

    @app.get("/dashboard/{name:path}")
    async def file(request: Request) -> Response:
        found = dashboard.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "not found")
        return found.answer(request)
