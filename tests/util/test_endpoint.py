"""Where daemon and clients meet when nobody says it, and what counts as loopback."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from llm_agentd.util import endpoint
from llm_agentd.util.endpoint import AUTO, SOCKET_PATH_MAX_BYTES, TCP_ENDPOINT, endpoint_to_bind, endpoint_to_connect
from llm_agentd.util.loopback import is_loopback


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a service that this machine may have must not matter to tests."""
    folder = tmp_path / "service"
    monkeypatch.setattr(endpoint, "SERVICE_FOLDER", folder)
    return folder


def listen(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


def test_both_sides_choose_the_same_place(tmp_path: Path) -> None:
    runtime, xdg, state = (str(tmp_path / name) for name in ("runtime", "xdg", "state"))
    (tmp_path / "xdg").mkdir()
    everything = {"RUNTIME_DIRECTORY": f"{runtime}:/other", "XDG_RUNTIME_DIR": xdg, "STATE_DIRECTORY": state}
    for environ, place in (
        (everything, f"ipc://{runtime}/zmq"),
        ({"XDG_RUNTIME_DIR": xdg, "STATE_DIRECTORY": state}, f"ipc://{xdg}/llm-agentd/zmq"),
        ({"XDG_RUNTIME_DIR": f"{xdg}/missing", "STATE_DIRECTORY": state}, f"ipc://{state}/run/zmq"),
        ({"HOME": "/home/ana"}, "ipc:///home/ana/.local/state/llm-agentd/run/zmq"),
    ):
        assert endpoint_to_bind(AUTO, environ) == endpoint_to_connect(AUTO, environ) == place


def test_folder_of_another_user_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "STATE_DIRECTORY": "/state"}
    assert endpoint_to_bind(AUTO, environ) == "ipc:///state/run/zmq"


def test_path_too_long_for_a_socket_is_passed_over() -> None:
    longest = "/" + "x" * (SOCKET_PATH_MAX_BYTES - len("//zmq"))
    assert endpoint_to_bind(AUTO, {"RUNTIME_DIRECTORY": longest}) == f"ipc://{longest}/zmq"
    too_long = {"RUNTIME_DIRECTORY": longest + "x", "STATE_DIRECTORY": longest}
    assert endpoint_to_bind(AUTO, too_long) == TCP_ENDPOINT
    assert endpoint_to_bind(AUTO, too_long | {"STATE_DIRECTORY": "/state"}) == "ipc:///state/run/zmq"


def test_system_without_unix_sockets_takes_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    assert endpoint_to_bind(AUTO, {"STATE_DIRECTORY": "/state"}) == TCP_ENDPOINT


def test_client_finds_the_service_where_its_user_has_no_daemon(tmp_path: Path, service: Path) -> None:
    environ = {"STATE_DIRECTORY": str(tmp_path / "state")}
    own = endpoint_to_bind(AUTO, environ)
    with listen(service / "zmq"):
        assert endpoint_to_connect(AUTO, environ) == f"ipc://{service}/zmq"
        with listen(tmp_path / "state" / "run" / "zmq"):
            assert endpoint_to_connect(AUTO, environ) == own
        assert endpoint_to_bind(AUTO, environ) == own, "a daemon never takes the service's place"


def test_what_is_said_is_taken_as_it_is() -> None:
    for said in (TCP_ENDPOINT, "ipc:///x"):
        assert endpoint_to_bind(said, {}) == endpoint_to_connect(said, {}) == said


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1", "localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "*", "0.0.0.0", "0", "::", "[::]", "10.0.0.1", "fe80::1%eth0", "::ffff:10.0.0.1", "x.invalid"],
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_name_counts_by_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(addresses: list[str]) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (text, 0)) for text in addresses])

    resolve(["127.0.0.1", "::1"])
    assert is_loopback("here")
    resolve(["127.0.0.1", "10.0.0.1"])
    assert not is_loopback("here")
