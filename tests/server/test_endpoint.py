"""Who may reach the socket: folders, addresses, and what a daemon that was killed left behind."""

from __future__ import annotations

import logging
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import zmq

from llm_agentd.client import Client
from llm_agentd.errors import StartError
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.server.socket.endpoint import check_reach
from tests.support.daemon_in_process import InProcess


def refusal(endpoint: str) -> str:
    daemon = InProcess(endpoint)
    with pytest.raises(StartError) as refused:
        daemon.start()
    return str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "*", "[::]", "10.1.2.3", "eth7", "games.example.invalid", "0"])
def test_endpoint_beyond_loopback_is_refused_with_the_cure(host: str, free_port: int) -> None:
    said = refusal(f"tcp://{host}:{free_port}")
    assert "can be reached from other machines" in said
    assert "llm-agentd keys" in said
    assert "zmq.curve_secret_file" in said


def test_interface_counts_by_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    def addresses(*texts: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(family=socket.AF_INET, address=text) for text in texts]

    interfaces = {"lo9": addresses("127.0.0.1"), "mixed": addresses("127.0.0.1", "10.0.0.1")}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: interfaces)
    check_reach("tcp://lo9:5570", has_curve=False)
    with pytest.raises(StartError):
        check_reach("tcp://mixed:5570", has_curve=False)
    check_reach("tcp://mixed:5570", has_curve=True)


def test_tcp_on_loopback_works_and_says_who_can_connect(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with InProcess("tcp://127.0.0.1:*") as daemon:
        assert daemon.router.endpoint.startswith("tcp://127.0.0.1:")
        assert not daemon.router.endpoint.endswith("*")
        with Client(daemon.router.endpoint) as client:
            client.ping()
    assert "any user of this machine can connect" in caplog.text


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_folder_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    said = refusal(f"ipc://{folder}/zmq")
    assert f"chmod go-w {folder}" in said


def test_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with InProcess(f"ipc://{folder}/zmq") as daemon, daemon.client() as client:
        client.ping()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "zmq").stat().st_mode) == 0o600


def test_socket_in_a_folder_of_a_group_is_open_to_the_group(tmp_path: Path) -> None:
    folder = tmp_path / "unit"
    folder.mkdir(mode=0o750)
    with InProcess(f"ipc://{folder}/zmq") as daemon, daemon.client() as client:
        client.ping()
        assert stat.S_IMODE((folder / "zmq").stat().st_mode) == 0o660


@pytest.mark.parametrize("endpoint", ["ipc://@llm-agentd", "ipc://*"])
def test_socket_without_a_folder_is_refused(endpoint: str) -> None:
    assert "no folder that could protect it" in refusal(endpoint)


def test_path_that_is_too_long_is_refused_with_the_limit(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 110)
    folder.mkdir(mode=0o700)
    assert "107 bytes" in refusal(f"ipc://{folder}/zmq")


def test_second_daemon_on_the_same_socket_is_refused(endpoint: str) -> None:
    with InProcess(endpoint):
        assert "is in use" in refusal(endpoint)


HOLDER = """
import os, sys, zmq
from pathlib import Path
from llm_agentd.server.socket.endpoint import take_path
lock = take_path(sys.argv[1])
socket = zmq.Context().socket(zmq.ROUTER)
socket.bind(sys.argv[1])
print("bound", flush=True)
os.kill(os.getpid(), 9)
"""


def test_socket_and_lock_of_a_killed_daemon_do_not_stop_a_start(endpoint: str) -> None:
    killed = subprocess.run([sys.executable, "-c", HOLDER, endpoint], stdout=subprocess.PIPE, check=False)
    assert killed.stdout == b"bound\n"
    path = Path(endpoint.removeprefix("ipc://"))
    assert path.is_socket()
    assert path.with_name(path.name + ".lock").exists()
    with InProcess(endpoint) as daemon, daemon.client() as client:
        client.ping()


def test_routing_id_of_the_adapter_cannot_be_guessed(endpoint: str) -> None:
    """ROUTER_HANDOVER gives a name to whoever says it last: so the adapter's must not be guessed."""
    names = {DaemonClient(endpoint, retry_s=1)._dealer(None)._routing_id for _ in range(2)}
    assert len(names) == 2
    for name in names:
        assert name is not None
        assert len(bytes.fromhex(name.decode().removeprefix("http-"))) * 8 >= 128


def test_zmq_has_what_the_defaults_need() -> None:
    assert zmq.has("ipc")
    assert zmq.has("curve")
