"""What a web page of another origin could send is refused on every path, over real sockets and byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from llm_agentd.errors import Forbidden
from llm_agentd.http.auth import BearerToken, OwnOrigin
from llm_agentd.http.origin import OwnHosts, check_origin
from tests.support.http_harness import DEADLINE_S, FakeDaemon, HttpServer, serve_http

TOKEN = "of-the-test-and-long-enough"
PATHS = ("/healthz", "/docs", "/openapi.json", "/metrics", "/info", "/readyz", "/v1/roles", "/infer", "/nowhere", "//x")
OWN = "127.0.0.1:8000"
EVIL = "rebind.example"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeDaemon, HttpServer]]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('shared')}/z"
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        yield daemon, server


def raw(server: HttpServer, head: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to these very bytes."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connection:
        lines = [*head.split("\n"), f"Content-Length: {len(body)}"] if body else head.split("\n")
        lines += [] if "HTTP/1.0" in head else ["Connection: close"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    top, _, content = answer.partition(b"\r\n\r\n")
    status, *rest = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return int(status.split(" ")[1]), headers, content


def get(server: HttpServer, *headers: str, path: str = "/healthz", version: str = "1.1") -> int:
    return raw(server, "\n".join((f"GET {path} HTTP/{version}", *headers)))[0]


# -- Host -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_foreign_host_is_403_on_every_path(shared: tuple[FakeDaemon, HttpServer], path: str) -> None:
    daemon, server = shared
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
        head = f"{method} {path} HTTP/1.1\nHost: {EVIL}:8000\nContent-Type: application/json"
        status, headers, content = raw(server, head, b'{"prompt":"x"}' if method in ("POST", "PUT") else b"")
        assert status == 403, method
        if method != "HEAD":
            error = json.loads(content)["error"]
            assert error["code"] == "forbidden"
            assert "http.allowed_hosts" in error["message"]
        assert not [name for name in headers if name.startswith("access-control-")]
    assert daemon.received.empty()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", OWN, "127.255.0.3:1", "localhost", "LocalHost:8000", "[::1]", "[::1]:8000",
        "localhost:9000",  # a forwarded port
    ],
)  # fmt: skip
def test_own_host_passes(shared: tuple[FakeDaemon, HttpServer], host: str) -> None:
    assert get(shared[1], f"Host: {host}") == 200


@pytest.mark.parametrize(
    "host",
    [
        EVIL, "", "localhost.rebind.example", "127.0.0.1.rebind.example", "rebind.example:127.0.0.1", "user@localhost",
        "localhost@rebind.example", "127.0.0.1:8000:8000", "localhost:", "localhost:x", "localhost:999999", "[::1",
        "::1", "[::1]x", "[rebind.example]", "localhost,rebind.example", "localhost rebind.example", "localhost/",
        "localhost#", "lоcalhost".encode().decode("latin-1"), "127.1", "2130706433", "0x7f000001", "192.168.1.5",
        "0.0.0.0", "[::]", "[fe80::1]", "*", "." * 5000,
    ],
)  # fmt: skip
def test_other_host_is_403(shared: tuple[FakeDaemon, HttpServer], host: str) -> None:
    assert get(shared[1], f"Host: {host}") == 403


def test_missing_or_second_host_is_refused(shared: tuple[FakeDaemon, HttpServer]) -> None:
    server = shared[1]
    assert get(server) == 400
    assert get(server, f"Host: {OWN}", f"Host: {OWN}") == 400
    assert get(server, f"Host: {OWN}", f"Host: {EVIL}") == 403
    assert get(server, f"Host: {EVIL}", f"Host: {OWN}") == 403
    assert get(server, f"Host: {OWN}", f"X-Forwarded-Host: {EVIL}") == 200, "who forwards is not asked"


def test_http_1_0_needs_no_host_but_no_foreign_one(shared: tuple[FakeDaemon, HttpServer]) -> None:
    assert get(shared[1], version="1.0") == 200
    assert get(shared[1], f"Host: {EVIL}", version="1.0") == 403


def test_absolute_target_does_not_replace_the_host(shared: tuple[FakeDaemon, HttpServer]) -> None:
    assert get(shared[1], f"Host: {EVIL}", path="http://127.0.0.1:8000/healthz") == 403
    assert get(shared[1], f"Host: {OWN}", path=f"http://{OWN}/healthz") == 200
    assert get(shared[1], path=f"http://{OWN}/healthz") == 400


def test_long_host_is_cut_in_the_error(shared: tuple[FakeDaemon, HttpServer]) -> None:
    content = raw(shared[1], f"GET / HTTP/1.1\nHost: {'x' * 5000}")[2]
    assert len(content) < 400


def test_address_that_others_reach_is_called_by_any_address_but_no_foreign_name() -> None:
    for listen in ("0.0.0.0", "::", "192.168.1.5", "game.example.org"):
        own = OwnHosts(listen)
        assert all(map(own.has, ("192.168.1.5:8000", "[2001:db8::1]", "127.0.0.1", "localhost:8000")))
        assert not own.has(EVIL)
    assert OwnHosts("game.example.org").has("GAME.example.org:8000")


def test_allowed_hosts_are_names_with_any_port_or_the_one_they_have() -> None:
    own = OwnHosts("127.0.0.1", ["Game.example.org", "npc.example.org:8443"])
    assert all(map(own.has, ("game.example.org", "game.example.org:9000", "NPC.example.org:8443")))
    for other in ("npc.example.org", "npc.example.org:80", "x.game.example.org", "game.example.org.rebind.example"):
        assert not own.has(other)


# -- Origin and Sec-Fetch-Site ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        f"http://{EVIL}", f"https://{EVIL}", "null", "", "http://127.0.0.1", "http://127.0.0.1:3000",
        "http://localhost:8000", f"file://{OWN}", f"chrome-extension://{OWN}", OWN, f"http://{OWN}.{EVIL}",
        f"http://{OWN} http://{EVIL}",
    ],
)  # fmt: skip
def test_foreign_origin_is_403_and_gets_no_cors(shared: tuple[FakeDaemon, HttpServer], origin: str) -> None:
    daemon, server = shared
    more = "\nAccess-Control-Request-Method: POST\nContent-Type: application/json"
    for number, path in enumerate(PATHS):
        method = ("GET", "OPTIONS", "POST")[number % 3]
        status, headers, _ = raw(server, f"{method} {path} HTTP/1.1\nHost: {OWN}\nOrigin: {origin}{more}")
        assert status == 403, path
        assert not [name for name in headers if name.startswith("access-control-")]
    assert daemon.received.empty()


def test_own_origin_passes(shared: tuple[FakeDaemon, HttpServer]) -> None:
    server = shared[1]
    for host in (OWN, "localhost:8000", "[::1]:8000", "localhost"):
        assert get(server, f"Host: {host}", f"Origin: http://{host}") == 200
    assert get(server, f"Host: {OWN}", f"Origin: HTTPS://{OWN}") == 200, "behind a proxy that speaks TLS"
    assert get(server, f"Host: {OWN}", f"Origin: http://{OWN}", f"Origin: http://{EVIL}") == 403


def test_preflight_from_the_own_origin_is_no_invitation_either(shared: tuple[FakeDaemon, HttpServer]) -> None:
    head = f"OPTIONS /infer HTTP/1.1\nHost: {OWN}\nAccess-Control-Request-Method: POST"
    status, headers, _ = raw(shared[1], head)
    assert status == 405
    assert not [name for name in headers if name.startswith("access-control-")]


def test_allowed_host_is_an_origin_as_well() -> None:
    own = OwnHosts("127.0.0.1", ["game.example.org"])
    headers = [(b"host", OWN.encode()), (b"origin", b"https://game.example.org")]
    check_origin(headers, own, method="GET", path="/", http_version="1.1")
    with pytest.raises(Forbidden):
        check_origin(headers, OwnHosts("127.0.0.1"), method="GET", path="/", http_version="1.1")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "anything"])
def test_page_of_another_site_may_link_here_but_not_fetch_or_embed(
    shared: tuple[FakeDaemon, HttpServer], site: str
) -> None:
    server, told = shared[1], (f"Host: {OWN}", f"Sec-Fetch-Site: {site}")
    assert get(server, *told) == 403
    assert get(server, *told, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image") == 403
    assert get(server, *told, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe") == 403
    assert get(server, *told, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document") == 200
    posted = raw(
        server,
        "\n".join(("POST /infer HTTP/1.1", *told, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")),
        b"prompt=x",
    )
    assert posted[0] == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_own_page_and_typed_address_pass(shared: tuple[FakeDaemon, HttpServer], site: str) -> None:
    assert get(shared[1], f"Host: {OWN}", f"Sec-Fetch-Site: {site}") == 200


# -- Content-Type -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", None, "",
        "multipart/form-data; boundary=application/json", "application/jsonp", "application/json, text/plain",
        "application/json\nContent-Type: text/plain",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "route",
    [
        "POST /infer", "POST /v1/exchange", "POST /v1/memory/forget", "POST /v1/roles/monk", "PUT /v1/roles/monk",
        "POST /v1/roles/monk/delete", "DELETE /v1/roles/monk", "POST /nowhere",
    ],
)  # fmt: skip
def test_body_that_is_not_declared_as_json_is_403(
    shared: tuple[FakeDaemon, HttpServer], route: str, kind: str | None
) -> None:
    daemon, server = shared
    declared = "" if kind is None else f"\nContent-Type: {kind}"
    status, _, content = raw(server, f"{route} HTTP/1.1\nHost: {OWN}{declared}", b'{"session":"s","prompt":"x"}')
    assert status == 403
    assert "Content-Type: want application/json" in json.loads(content)["error"]["message"]
    assert daemon.received.empty()


def test_empty_post_without_a_type_is_403_but_delete_needs_none(shared: tuple[FakeDaemon, HttpServer]) -> None:
    daemon, server = shared
    assert raw(server, f"POST /v1/roles/monk/delete HTTP/1.1\nHost: {OWN}\nContent-Length: 0")[0] == 403
    assert daemon.received.empty()
    assert server.http.delete("/v1/roles/monk").status_code == 200
    assert daemon.next()["op"] == "set_role"


def test_chunked_body_is_a_body(shared: tuple[FakeDaemon, HttpServer]) -> None:
    daemon, server = shared
    answer = server.http.request("DELETE", "/v1/roles/monk", content=iter([b"x"]))
    assert answer.status_code == 403
    assert daemon.received.empty()


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", " application/json ;x=y"])
def test_json_passes(shared: tuple[FakeDaemon, HttpServer], kind: str) -> None:
    daemon, server = shared
    head = f"POST /infer HTTP/1.1\nHost: {OWN}\nContent-Type:{kind}"
    assert raw(server, head, b'{"prompt":"x"}')[0] == 200
    assert daemon.next()["prompt"] == "x"


# -- before all else --------------------------------------------------------------------------------


def test_foreign_page_learns_not_even_whether_its_token_is_right(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint, token=TOKEN) as server:
        for given in ({}, {"Authorization": f"Bearer {TOKEN}"}):
            for sent in ({"Host": EVIL}, {"Origin": f"http://{EVIL}"}, {"Sec-Fetch-Site": "cross-site"}):
                assert server.http.get("/info", headers={**given, **sent}).status_code == 403


def test_refused_body_is_not_read_and_the_connection_closes(shared: tuple[FakeDaemon, HttpServer]) -> None:
    head = f"POST /infer HTTP/1.1\nHost: {EVIL}\nContent-Length: 4000000"
    status, headers, _ = raw(shared[1], head)
    assert (status, headers["connection"]) == (403, "close")


def test_websocket_handshake_is_checked_like_a_request() -> None:
    """Whatever its path: the middlewares are asked directly."""
    passed: list[Any] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    guarded = OwnOrigin(BearerToken(app, TOKEN), OwnHosts("127.0.0.1"))

    def shake(*headers: tuple[bytes, bytes]) -> None:
        scope = {"type": "websocket", "path": "/v1/ws", "headers": list(headers), "http_version": "1.1"}
        asyncio.run(guarded(scope, receive, send))

    authorized = (b"authorization", b"Bearer " + TOKEN.encode())
    shake((b"host", OWN.encode()), (b"origin", b"http://" + EVIL.encode()), authorized)
    shake((b"host", EVIL.encode()), authorized)
    shake((b"host", OWN.encode()))
    assert not passed
    starts = [message for message in sent if message["type"] == "websocket.http.response.start"]
    assert [message["status"] for message in starts] == [403, 403, 401]
    shake((b"host", OWN.encode()), authorized)
    assert len(passed) == 1
