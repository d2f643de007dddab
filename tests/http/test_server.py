"""The HTTP process: what it refuses to start with, what it prints, how it leaves."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from llm_agentd.config.http_binding import check_binding
from llm_agentd.errors import StartError
from llm_agentd.http.server import listen
from tests.support.http_harness import DEADLINE_S, Background, FakeDaemon, silent


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_binding_needs_no_token(host: str) -> None:
    check_binding(host, None, tls=False, allow_plain=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "2001:db8::1", "game.example.org"])
def test_binding_beyond_loopback_requires_token_and_tls(host: str) -> None:
    with pytest.raises(StartError, match=r"take `http\.token: off` out"):
        check_binding(host, None, tls=True, allow_plain=True)
    with pytest.raises(StartError, match=r"take `http\.token: off` out"):
        check_binding(host, "", tls=True, allow_plain=True)
    with pytest.raises(StartError, match=r"http\.allow_plain"):
        check_binding(host, "t", tls=False, allow_plain=False)
    check_binding(host, "t", tls=True, allow_plain=False)
    check_binding(host, "t", tls=False, allow_plain=True)


def test_taken_port_is_named_with_the_cure() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"http\.port: 127\.0\.0\.1:{port} is taken .* set http\.port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_foreign_host_is_named(host: str) -> None:
    with pytest.raises(StartError, match=rf"http\.host: '?{host}'? is no address"):
        listen(host, 0)


@pytest.fixture
def endpoint(free_port: int) -> str:
    """TCP, as the daemon of these tests has no plain socket beside ZeroMQ's."""
    return f"tcp://127.0.0.1:{free_port}"


@contextmanager
def process(endpoint: str, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`llm-agentd http` on a free port: the process, and its URL once it said that it is ready. It wants no token."""
    sets = [f"zmq.endpoint={endpoint}", "http.port=0", "http.token=off", *more]
    command = [sys.executable, "-m", "llm_agentd", "http", *(word for item in sets for word in ("--set", item))]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        assert line.startswith("ready http="), (line, child.stderr.read() if child.stderr else "")
        yield child, line.removeprefix("ready http=").strip()
    finally:
        child.kill()
        child.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_signal_answers_waiting_calls_and_exits_0(endpoint: str, stop: signal.Signals) -> None:
    with FakeDaemon(endpoint, silent) as daemon, process(endpoint) as (child, url):
        body = {"session": "s", "wait_ms": 30_000, "requests": [{"op": "infer", "id": "a", "prompt": "x"}]}
        held = Background(lambda: httpx2.post(f"{url}/v1/exchange", json=body, timeout=DEADLINE_S))
        daemon.next()
        os.kill(child.pid, stop)
        assert held.result().status_code == 200
        assert child.wait(DEADLINE_S) == 0
        assert child.communicate() == ("", "")


@pytest.mark.slow
def test_taken_port_ends_the_process_with_one_line(endpoint: str) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        sets = ["--set", f"zmq.endpoint={endpoint}", "--set", f"http.port={port}"]
        ended = subprocess.run(
            [sys.executable, "-m", "llm_agentd", "http", *sets], capture_output=True, text=True, timeout=4 * DEADLINE_S
        )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert str(port) in ended.stderr


@pytest.mark.slow
def test_tls_serves_https(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    with process(endpoint, f"http.tls_cert={cert}", f"http.tls_key={key}", "http.host=localhost") as (_, url):
        assert url.startswith("https://localhost:")
        trust = ssl.create_default_context(cafile=cert)
        assert httpx2.get(f"{url}/healthz", verify=trust).status_code == 200
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert negotiated(url, cert, version) == version.name.replace("_", ".")
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with pytest.raises(ssl.SSLError):
                negotiated(url, cert, version)


def negotiated(url: str, cert: Path, version: ssl.TLSVersion) -> str | None:
    """What a client that speaks this version alone gets."""
    trust = ssl.create_default_context(cafile=cert)
    trust.set_ciphers("ALL:@SECLEVEL=0")  # or this side would not offer what is old
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        trust.minimum_version = trust.maximum_version = version
    port = int(url.rpartition(":")[2])
    with (
        socket.create_connection(("localhost", port), DEADLINE_S) as connection,
        trust.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        return secured.version()


@pytest.mark.slow
def test_broken_certificate_ends_the_process_with_one_line(
    endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    broken = tmp_path_factory.mktemp("tls") / "cert.pem"
    broken.write_text("no certificate")
    sets = [f"zmq.endpoint={endpoint}", "http.port=0", f"http.tls_cert={broken}", f"http.tls_key={broken}"]
    ended = subprocess.run(
        [sys.executable, "-m", "llm_agentd", "http", *(word for item in sets for word in ("--set", item))],
        capture_output=True, text=True, timeout=4 * DEADLINE_S,
    )  # fmt: skip
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert str(broken) in ended.stderr


def test_listen_on_ipv6() -> None:
    with listen("::1", 0) as listener:
        assert listener.family is socket.AF_INET6
