"""CURVE on the ROUTER: encryption, and only those clients whose public keys lie in a folder.

`Gatekeeper` is made, started and stopped by the main thread; its checks run on a thread of pyzmq's, which answers
ZeroMQ for each handshake (ZAP). Knows keys and files, nothing of messages.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import zmq
from zmq.auth import load_certificate

from llm_agentd.errors import StartError
from llm_agentd.util.regular_file import check_regular

if TYPE_CHECKING:
    from zmq.auth.thread import ThreadAuthenticator

log = logging.getLogger(__name__)

DOMAIN = "llm-agentd"  # with a domain that is enforced, nobody gets in while the authenticator does not answer
KEY_FILE_MAX_BYTES = 16 * 1024  # a key has 40, and comments around it
SUFFIX = ".key"  # of a public key's file, as czmq and pyzmq have it; secret ones end in .key_secret

Signature: TypeAlias = tuple[tuple[str, int, int], ...]  # name, mtime and size of each file


class ClientKeys:
    """The public keys in a folder, read again when its files change: who is added may come, who is removed may not come
    back. A connection that stands stays until it ends."""

    def __init__(self, folder: Path) -> None:
        """Raises StartError where the folder cannot be read."""
        self._folder = folder
        self._signature: Signature | None = None
        self._keys: frozenset[bytes] = frozenset()
        try:
            self._refresh()
        except OSError as error:
            raise StartError(
                f"zmq.curve_clients_dir: cannot read {folder}: {error.strerror}; `llm-agentd keys NAME` makes it"
            ) from None
        if not self._keys:
            log.warning("zmq.curve_clients_dir: no keys in %s: nobody can connect; see `llm-agentd keys`", folder)

    def callback(self, domain: str, key: bytes) -> bool:
        """What pyzmq asks for each handshake. Never raises: that would end its thread."""
        try:
            self._refresh()
        except OSError as error:
            log.error("zmq.curve_clients_dir: cannot read %s: %s; the keys stay as they were", self._folder, error)
        if key in self._keys:
            return True
        log.warning("a client without a key in %s was refused: %s", self._folder, key.decode("ascii", "replace"))
        return False

    def _refresh(self) -> None:
        files = sorted(path for path in self._folder.iterdir() if path.name.endswith(SUFFIX))
        statuses = [(path.name, path.stat()) for path in files]
        signature = tuple((name, status.st_mtime_ns, status.st_size) for name, status in statuses)
        if signature == self._signature:
            return
        keys = set()
        for path in files:
            try:
                keys.add(_public_key(path))
            except (OSError, ValueError) as error:
                log.error("zmq.curve_clients_dir: %s is no public key: %s", path, error)
        self._keys, self._signature = frozenset(keys), signature


class Gatekeeper:
    """`start` before the socket binds, `secure` on that socket, `stop` when it is closed."""

    def __init__(self, secret_file: Path, clients_dir: Path) -> None:
        """Raises StartError where the files are not as they must be."""
        self._public, self._secret = _read_secret(secret_file)
        self._clients = ClientKeys(clients_dir)
        self._authenticator: ThreadAuthenticator | None = None

    def start(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        from zmq.auth.thread import ThreadAuthenticator  # with asyncio, 2.6 MiB: for who has clients with keys

        self._authenticator = ThreadAuthenticator(context)
        self._authenticator.start()
        self._authenticator.configure_curve_callback(domain=DOMAIN, credentials_provider=self._clients)

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        socket.setsockopt_string(zmq.ZAP_DOMAIN, DOMAIN)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret)

    def stop(self) -> None:
        if self._authenticator is not None:
            self._authenticator.stop()
            self._authenticator = None


def _public_key(path: Path) -> bytes:
    """Raises OSError, ValueError. pyzmq opens the file itself, which would wait at a pipe: for ever, and in the thread
    that all who connect wait for."""
    check_regular(path)
    if path.stat().st_size > KEY_FILE_MAX_BYTES:
        raise ValueError(f"it has more than {KEY_FILE_MAX_BYTES} bytes")
    return load_certificate(path)[0]


def _read_secret(path: Path) -> tuple[bytes, bytes]:
    key = "zmq.curve_secret_file"
    try:
        check_regular(path)
        public, secret = load_certificate(path)
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise StartError(f"{key}: cannot read a key from {path}: {error}; `llm-agentd keys` makes it") from None
    if secret is None:
        raise StartError(
            f"{key}: {path} holds no secret key; want the file server.key_secret that `llm-agentd keys` made"
        )
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StartError(
            f"{key}: other users may read {path}: run `chmod 600 {path}`, and make new keys if they may have"
        )
    return public, secret
