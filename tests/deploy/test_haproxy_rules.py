"""What the shipped HAProxy configuration does to each call: names, addresses, refusals, TLS. Adapters are stand-ins.

The last test has real ones, on another "machine": over TCP with CURVE keys.
"""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from llm_agentd.config.sources import variable_name
from llm_agentd.ops.harness import free_port, process
from llm_agentd.ops.keys import keys
from tests.conftest import ThreadedHTTPServer
from tests.support.haproxy import HAProxy, haproxy
from tests.support.mod_client import ModClient
from tests.support.upstream import make_certificate

pytestmark = pytest.mark.slow

TOKEN = "of-all-adapters-0123456789"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
WAIT_S = 90.0
SESSIONS = 40


def answer(request: Request) -> Response:
    """As an adapter that says what reached it. Like a real one it wants the token, for /readyz too."""
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return Response(status=401)
    return Response(json.dumps({"headers": dict(request.headers), "port": request.environ["SERVER_PORT"]}))


@dataclass
class Rules:
    balancer: HAProxy
    adapters: Sequence[HTTPServer]
    http: httpx2.Client

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.http.get(path, headers=AUTHORIZED | headers)

    def seen(self, **headers: str) -> dict[str, Any]:
        content: dict[str, Any] = self.get("/v1/exchange", **headers).json()
        return content


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rules]:
    folder = tmp_path_factory.mktemp("rules")
    with ExitStack() as stack:
        adapters = [stack.enter_context(ThreadedHTTPServer()) for _ in range(3)]
        for adapter in adapters:
            adapter.expect_request("/readyz").respond_with_handler(answer)
            adapter.expect_request("/v1/exchange").respond_with_handler(answer)
        balancer = stack.enter_context(haproxy(folder, [adapter.port for adapter in adapters], TOKEN))
        balancer.wait_checked(WAIT_S)
        http = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{balancer.port}"))
        yield Rules(balancer, adapters, http)


def test_a_session_stays_with_one_adapter_and_all_have_some(rules: Rules) -> None:
    names = [f"session-{number}.1" for number in range(SESSIONS)]
    first = {name: rules.seen(**{"X-Session-ID": name})["port"] for name in names}
    again = {name: rules.seen(**{"X-Session-ID": name})["port"] for name in names}
    assert first == again
    counts = [list(first.values()).count(str(adapter.port)) for adapter in rules.adapters]
    assert min(counts) >= SESSIONS // 10, counts


def test_who_names_no_session_stays_by_its_address(rules: Rules) -> None:
    assert len({rules.seen()["port"] for _ in range(6)}) == 1
    assert rules.seen()["headers"]["X-Session-Id"] == "127.0.0.1"


def test_the_address_of_a_client_is_what_it_is_and_not_what_it_says(rules: Rules) -> None:
    headers = rules.seen(**{"X-Forwarded-For": "203.0.113.9"})["headers"]
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert "X-Forwarded-Proto" not in headers


def test_metrics_are_asked_of_each_adapter_and_not_here(rules: Rules) -> None:
    assert rules.get("/metrics").status_code == 404


def test_a_session_is_in_no_log(rules: Rules) -> None:
    rules.seen(**{"X-Session-ID": "a-secret-name"})
    assert "a-secret-name" not in rules.balancer.log.read_text()
    assert TOKEN not in rules.balancer.log.read_text()


def test_an_adapter_that_no_check_reaches_is_left_out(rules: Rules, tmp_path: Path) -> None:
    """A wrong token for the checks, as after `llm-agentd token --new`: 503, and not calls that go nowhere."""
    with haproxy(tmp_path, [adapter.port for adapter in rules.adapters], "another") as balancer:
        balancer.wait_checked(WAIT_S, "L7STS")
        refused = httpx2.get(f"http://127.0.0.1:{balancer.port}/v1/exchange", headers=AUTHORIZED)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")


def test_tls_in_front_of_adapters_that_reach_the_daemon_with_keys(tmp_path: Path) -> None:
    """The line for TLS that stands in the file, and a daemon on another machine: a game talks through both."""
    certificate, key = make_certificate(tmp_path / "tls")
    both = tmp_path / "tls" / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    keys(tmp_path, ("adapters",), io.StringIO())
    curve, endpoint, ports = tmp_path / "curve", f"tcp://127.0.0.1:{free_port()}", [free_port(), free_port()]
    daemon_sets = [
        "model.engine=stub",
        f"zmq.endpoint={endpoint}",
        "http.enabled=false",
        f"cache.path={tmp_path}/cache",
        f"agents.memory_path={tmp_path}/memory.db",
        f"zmq.curve_secret_file={curve}/server.key_secret",
        f"zmq.curve_clients_dir={curve}/clients",
    ]
    adapter_sets = [
        f"zmq.endpoint={endpoint}",
        f"zmq.curve_server_key_file={curve}/server.key",
        f"zmq.curve_client_secret_file={curve}/adapters.key_secret",
    ]
    with ExitStack() as stack:
        stack.enter_context(process(_command("serve", daemon_sets), "ready "))
        for port in ports:
            arguments = _command("http", [*adapter_sets, f"http.port={port}"])
            stack.enter_context(process(arguments, "ready ", more_environ={variable_name("http.token"): TOKEN}))
        unused = free_port()  # the file has three adapters
        balancer = stack.enter_context(haproxy(tmp_path, [*ports, unused], TOKEN, tls_file=both))
        trust = ssl.create_default_context(cafile=certificate)
        game = stack.enter_context(ModClient(f"https://localhost:{balancer.port}", TOKEN, "game", verify=trust))
        game.ask({"op": "infer", "prompt": "Good evening"}, 60_000)
        game.wait_all(WAIT_S)
        ((end,),) = game.answers.values()
        assert end["kind"] == "done"
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"http://localhost:{balancer.port}/healthz")


def _command(name: str, sets: list[str]) -> list[str]:
    return ["-m", "llm_agentd", name, *(word for item in sets for word in ("--set", item))]
