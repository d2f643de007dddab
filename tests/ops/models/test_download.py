"""Files over HTTP: gone on with after a break, within one call and in the next, and what is refused with a cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.download import download
from tests.ops.models.conftest import ServeFile


def fetch(url: str, folder: Path, **options: Any) -> Path:
    seen = options.pop("seen", [])
    return download(
        url,
        folder,
        "m.gguf",
        check_room=options.pop("check_room", lambda _: None),
        on_progress=lambda done, total: seen.append((done, total)),
        **options,
    )


def ranges(server: HTTPServer) -> list[str]:
    return [request.headers.get("Range", "") for request, _ in server.log]


def test_file_comes_whole_with_progress(model: Path, serve_file: ServeFile, tmp_path: Path) -> None:
    data, seen = model.read_bytes(), list[tuple[int, int]]()
    assert fetch(serve_file("/m.gguf", data), tmp_path, seen=seen).read_bytes() == data
    assert seen[0] == (0, len(data))
    assert seen[-1] == (len(data), len(data))


def test_break_in_the_middle_goes_on_where_it_broke(
    model: Path, serve_file: ServeFile, tmp_path: Path, httpserver: HTTPServer
) -> None:
    data = model.read_bytes()
    url = serve_file("/m.gguf", data, breaks_at=[1000, 2500])
    assert fetch(url, tmp_path).read_bytes() == data
    assert ranges(httpserver) == ["", "bytes=1000-", "bytes=2500-"]


def test_next_call_goes_on_where_the_last_one_ended(
    model: Path, serve_file: ServeFile, tmp_path: Path, httpserver: HTTPServer
) -> None:
    data = model.read_bytes()
    url = serve_file("/m.gguf", data, breaks_at=[500, *[500] * 5])
    with pytest.raises(
        StartError, match=r"broke 5 times in a row .*run the same command again, it goes on at 500 bytes"
    ):
        fetch(url, tmp_path)
    assert fetch(url, tmp_path).read_bytes() == data
    assert ranges(httpserver)[-1] == "bytes=500-"
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf.part"]


def test_file_that_was_whole_already_is_not_fetched_again(
    model: Path, serve_file: ServeFile, tmp_path: Path, httpserver: HTTPServer
) -> None:
    data = model.read_bytes()
    (tmp_path / "m.gguf.part").write_bytes(data)
    assert fetch(serve_file("/m.gguf", data), tmp_path).read_bytes() == data
    assert [response.status_code for _, response in httpserver.log] == [416]


def test_another_version_on_the_server_begins_anew(model: Path, serve_file: ServeFile, tmp_path: Path) -> None:
    data = model.read_bytes()
    (tmp_path / "m.gguf.part").write_bytes(b"GGUF of yesterday")
    (tmp_path / "m.gguf.version").write_text('"0"')
    assert fetch(serve_file("/m.gguf", data), tmp_path).read_bytes() == data


def test_server_without_ranges_begins_anew(model: Path, httpserver: HTTPServer, tmp_path: Path) -> None:
    data = model.read_bytes()
    (tmp_path / "m.gguf.part").write_bytes(data[:100])
    httpserver.expect_request("/m.gguf").respond_with_data(data)
    assert fetch(httpserver.url_for("/m.gguf"), tmp_path).read_bytes() == data


def test_too_long_a_rest_begins_anew(model: Path, serve_file: ServeFile, tmp_path: Path) -> None:
    data = model.read_bytes()
    (tmp_path / "m.gguf.part").write_bytes(data + b"more")
    assert fetch(serve_file("/m.gguf", data), tmp_path).read_bytes() == data


def test_web_page_is_refused_before_it_is_fetched(httpserver: HTTPServer, tmp_path: Path) -> None:
    httpserver.expect_request("/m.gguf").respond_with_data("<!doctype html><p>Log in", content_type="text/html")
    with pytest.raises(StartError, match=r"no GGUF file .*web page: give the address of the file itself"):
        fetch(httpserver.url_for("/m.gguf"), tmp_path)


@pytest.mark.parametrize(
    ("status", "says"),
    [(404, "no such file .*check the address"), (403, "wants a login, or consent.*HF_TOKEN"), (410, "HTTP 410; check")],
)
def test_refusal_names_the_cure(status: int, says: str, httpserver: HTTPServer, tmp_path: Path) -> None:
    httpserver.expect_request("/m.gguf").respond_with_data("no", status=status)
    with pytest.raises(StartError, match=says):
        fetch(httpserver.url_for("/m.gguf"), tmp_path)


def test_busy_server_is_asked_again(httpserver: HTTPServer, model: Path, tmp_path: Path) -> None:
    httpserver.expect_ordered_request("/m.gguf").respond_with_data("later", status=503)
    httpserver.expect_ordered_request("/m.gguf").respond_with_data(model.read_bytes())
    assert fetch(httpserver.url_for("/m.gguf"), tmp_path).read_bytes() == model.read_bytes()


def test_other_size_than_expected_is_an_error(model: Path, serve_file: ServeFile, tmp_path: Path) -> None:
    data = model.read_bytes()
    with pytest.raises(StartError, match=f"{len(data):,} bytes came where there should be {len(data) + 1:,}"):
        fetch(serve_file("/m.gguf", data), tmp_path, want_bytes=len(data) + 1)


def test_full_disk_is_found_before_anything_is_written(model: Path, serve_file: ServeFile, tmp_path: Path) -> None:
    def check_room(wanted: int) -> None:
        raise StartError(f"no room for {wanted}")

    with pytest.raises(StartError, match=f"no room for {model.stat().st_size}"):
        fetch(serve_file("/m.gguf", model.read_bytes()), tmp_path, check_room=check_room)
    assert not list(tmp_path.glob("*.part"))


def test_nobody_at_the_address_says_what_to_do(free_port: int, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"127\.0\.0\.1 cannot be reached .*fetch it on another machine"):
        fetch(f"http://127.0.0.1:{free_port}/m.gguf", tmp_path)
