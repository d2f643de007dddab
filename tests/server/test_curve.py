"""CURVE with real sockets: who has a key is served, nobody else, and the daemon does not mind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
import zmq.auth

from llm_agentd.client import Client, CurveFiles
from llm_agentd.errors import StartError, Unavailable
from llm_agentd.ops.keys import keys
from llm_agentd.protocol import wire
from llm_agentd.server.socket.curve import ClientKeys, Gatekeeper
from llm_agentd.server.socket.keys import make_pair
from tests.support.daemon_in_process import InProcess

CONNECT_S = 5.0
REFUSED_S = 0.7  # a handshake takes milliseconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys as `llm-agentd keys ana` makes them."""
    with (tmp_path / "said").open("w") as out:
        keys(tmp_path, ["ana"], out)
    return tmp_path / "curve"


@pytest.fixture
def daemon(folder: Path) -> Iterator[InProcess]:
    gatekeeper = Gatekeeper(folder / "server.key_secret", folder / "clients")
    with InProcess("tcp://127.0.0.1:*", gatekeeper=gatekeeper) as daemon:
        yield daemon


def client(daemon: InProcess, curve: CurveFiles | None, connect_s: float = CONNECT_S) -> Client:
    return Client(daemon.router.endpoint, curve=curve, connect_timeout_s=connect_s)


def is_served(daemon: InProcess, curve: CurveFiles | None) -> bool:
    with client(daemon, curve, REFUSED_S) as peer:
        try:
            peer.ping()
            return True
        except Unavailable:
            return False


def test_client_with_a_key_is_served_a_whole_part_too(daemon: InProcess, folder: Path) -> None:
    for name in ("ana", "local"):
        with client(daemon, CurveFiles(folder / "server.key", folder / f"{name}.key_secret")) as peer:
            assert peer.infer("Hello").text
    socket = zmq.Context().socket(zmq.DEALER)
    for option, value in CurveFiles(folder / "server.key", folder / "ana.key_secret").options().items():
        socket.setsockopt(option, value)
    socket.connect(daemon.router.endpoint)
    record = wire.encode({"op": "ping", "id": "x", "y": "z" * 250_000})
    part = record * (wire.PART_MAX_BYTES // len(record))
    socket.send(part + bytes(wire.PART_MAX_BYTES - len(part)))
    assert socket.poll(10_000)
    socket.close(0)


def test_nobody_else_is_served_and_the_daemon_lives(daemon: InProcess, folder: Path, tmp_path: Path) -> None:
    good = CurveFiles(folder / "server.key", folder / "ana.key_secret")
    stranger = make_pair("stranger", tmp_path)
    assert not is_served(daemon, None)
    assert not is_served(daemon, CurveFiles(folder / "server.key", stranger.secret_file))
    assert not is_served(daemon, CurveFiles(stranger.public_file, folder / "ana.key_secret"))
    with client(daemon, good) as peer:
        peer.ping()


def test_keys_are_read_again_when_the_folder_changes(daemon: InProcess, folder: Path) -> None:
    bo = make_pair("bo", folder, folder / "clients")
    with client(daemon, CurveFiles(folder / "server.key", bo.secret_file)) as peer:
        peer.ping()
    bo.public_file.unlink()
    assert not is_served(daemon, CurveFiles(folder / "server.key", bo.secret_file))


def test_daemon_with_keys_may_listen_beyond_loopback(folder: Path) -> None:
    gatekeeper = Gatekeeper(folder / "server.key_secret", folder / "clients")
    with InProcess("tcp://0.0.0.0:*", gatekeeper=gatekeeper) as daemon:
        with client(daemon, CurveFiles(folder / "server.key", folder / "ana.key_secret")) as peer:
            peer.ping()
        assert not is_served(daemon, None)


def test_refused_client_is_told_that_it_may_be_the_key(daemon: InProcess, folder: Path, tmp_path: Path) -> None:
    stranger = CurveFiles(folder / "server.key", make_pair("stranger", tmp_path).secret_file)
    with client(daemon, stranger, REFUSED_S) as peer, pytest.raises(Unavailable, match=r"zmq\.curve_clients_dir"):
        peer.ping()


def test_secret_that_others_may_read_is_refused(folder: Path) -> None:
    secret = folder / "server.key_secret"
    secret.chmod(0o640)
    with pytest.raises(StartError, match=f"chmod 600 {secret}"):
        Gatekeeper(secret, folder / "clients")


@pytest.mark.parametrize(
    ("secret", "clients", "words"),
    [
        ("missing", "clients", "zmq.curve_secret_file: cannot read a key"),
        ("server.key", "clients", "zmq.curve_secret_file: .* no secret key"),
        ("server.key_secret", "missing", "zmq.curve_clients_dir: cannot read"),
    ],
)
def test_files_that_are_wrong_stop_the_start(folder: Path, secret: str, clients: str, words: str) -> None:
    with pytest.raises(StartError, match=words):
        Gatekeeper(folder / secret, folder / clients)


@pytest.mark.parametrize(
    ("server", "own", "words"),
    [
        ("missing", "ana.key_secret", "zmq.curve_server_key_file: cannot read"),
        ("server.key", "missing", "zmq.curve_client_secret_file: cannot read"),
        ("server.key", "clients/ana.key", "zmq.curve_client_secret_file: .* no secret key"),
    ],
)
def test_client_files_that_are_wrong_are_named(folder: Path, server: str, own: str, words: str) -> None:
    with pytest.raises(StartError, match=words):
        CurveFiles(folder / server, folder / own).options()


def test_file_that_is_no_key_does_not_shut_out_the_others(folder: Path) -> None:
    (folder / "clients" / "broken.key").write_text("nothing")
    known = ClientKeys(folder / "clients")
    public, _ = zmq.auth.load_certificate(folder / "ana.key_secret")
    assert known.callback("llm-agentd", public)
    assert not known.callback("llm-agentd", b"x" * 40)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_pipe_and_endless_file_among_the_keys_do_not_hold_up_the_others(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(folder / "clients" / "pipe.key")
    (folder / "clients" / "zero.key").symlink_to("/dev/zero")
    (folder / "clients" / "long.key").write_bytes(b"#" * 100_000)
    key = zmq.auth.load_certificate(folder / "clients" / "ana.key")[0]
    assert ClientKeys(folder / "clients").callback("llm-agentd", key)
    assert caplog.text.count("is no public key") == 3
