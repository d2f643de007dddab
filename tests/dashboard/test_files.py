"""The dashboard's files over HTTP: who gets them, with which headers, and that no path leads elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from llm_agentd.http.routes.dashboard import load_files
from tests.support.http_harness import FakeDaemon, serve_http

TOKEN = "a-token-of-the-dashboards-tests"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('files')}/z"
    with FakeDaemon(endpoint), serve_http(endpoint, token=TOKEN) as server:
        yield server.http


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/dashboard/app.js", "text/javascript; charset=utf-8"),
        ("/dashboard/style.css", "text/css; charset=utf-8"),
        ("/dashboard/pages/overview.js", "text/javascript; charset=utf-8"),
        ("/dashboard/i18n/de.json", "application/json"),
        ("/dashboard/icon.svg", "image/svg+xml"),
    ],
)
def test_file_comes_without_token_under_a_strict_policy(http: httpx2.Client, path: str, media_type: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_file_that_the_browser_has_is_not_sent_again(http: httpx2.Client) -> None:
    first = http.get("/dashboard/app.js")
    again = http.get("/dashboard/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/", "/dashboard/none.js", "/dashboard/index.html/", "/dashboard/pages", "/dashboard/../app.py",
        "/dashboard/%2e%2e/app.py", "/dashboard/..%2fapp.py", "/dashboard/%2fetc%2fpasswd", "/dashboard//etc/passwd",
        "/dashboard/app.js%00.css",
    ],
)  # fmt: skip
def test_path_that_names_no_file_of_the_dashboard_is_not_found(http: httpx2.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code in (401, 404)  # 401 where the client itself resolved the dots and left the folder
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("path", ["/", "/dashboard/app.js"])
def test_files_can_be_read_and_nothing_else(http: httpx2.Client, path: str) -> None:
    assert http.post(path, json={}).status_code == 405
    assert http.head(path).status_code == 200


@pytest.mark.parametrize("path", ["/info", "/metrics", "/v1/roles", "/dashboard", "/docs"])
def test_all_else_still_wants_the_token(http: httpx2.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_page_of_another_origin_cannot_take_the_files_either(http: httpx2.Client) -> None:
    assert http.get("/", headers={"Host": "evil.test"}).status_code == 403


def test_every_file_of_the_folder_is_served(dashboard_folder: Path) -> None:
    on_disk = {path.relative_to(dashboard_folder).as_posix() for path in dashboard_folder.rglob("*") if path.is_file()}
    assert set(load_files()) == on_disk
