"""What must hold before the ROUTER binds: who could reach the endpoint, and whether another daemon has it.

Main thread, at start. Everything that would let in somebody uninvited stops the start, with the cure. Knows addresses,
folders and locks; no sockets.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import stat
from pathlib import Path

import zmq

from llm_agentd.errors import StartError
from llm_agentd.util.endpoint import TCP_ENDPOINT, socket_path, stream_path
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.loopback import is_loopback

log = logging.getLogger(__name__)

INTERNET = (socket.AF_INET, socket.AF_INET6)
FOLDER_MODE = 0o700
SOCKET_MODE = 0o600
GROUP_SOCKET_MODE = 0o660  # in a folder that its group may enter, as a systemd unit's: then the group is meant


def check_reach(endpoint: str, *, has_curve: bool) -> None:
    """Raises StartError where other machines could connect without a key; says so where other users could."""
    if has_curve or not endpoint.startswith("tcp://"):
        return
    host = endpoint.removeprefix("tcp://").rpartition(":")[0]
    if not _is_local(host):
        raise StartError(
            f"zmq.endpoint: {endpoint} can be reached from other machines, and whoever reaches it may read and delete"
            f" memories and write roles: set zmq.endpoint to auto or {TCP_ENDPOINT}; or make keys with"
            " `llm-agentd keys`, and set zmq.curve_secret_file and zmq.curve_clients_dir"
        )
    log.info("any user of this machine can connect to %s; zmq.endpoint=auto lets in this user alone", endpoint)


def take_path(endpoint: str) -> FileLock | None:
    """The lock of a unix socket's path, in a folder of which others cannot change what is in it; None for TCP.

    ZeroMQ silently takes a path over from whoever has it; the lock beside it keeps a second daemon out. Socket and lock
    file of a daemon that was killed stop nobody: the kernel has freed the lock, and ZeroMQ replaces the socket.
    """
    if endpoint.startswith(("ipc://@", "ipc://*")):
        raise StartError(
            f"zmq.endpoint: {endpoint} lies in no folder that could protect it; want ipc:///path/to/socket"
        )
    path = socket_path(endpoint)
    if path is None:
        return None
    try:
        _prepare_folder(path.parent)
        return FileLock(path.with_name(path.name + ".lock"))
    except BlockingIOError:
        raise StartError(_taken(endpoint)) from None
    except OSError as error:
        raise StartError(f"zmq.endpoint: cannot use {endpoint}: {error.strerror}; choose another folder") from None


def _prepare_folder(folder: Path) -> None:
    """Makes the folder where it is missing. Raises StartError where others may put their own socket into it."""
    if os.name != "posix":
        return
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid not in (os.getuid(), 0):
        raise StartError(
            f"zmq.endpoint: {folder} belongs to another user, who could put a socket of their own there; choose a"
            " folder of your own, or zmq.endpoint=auto"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StartError(
            f"zmq.endpoint: others may write into {folder}, and could put a socket of their own there; run"
            f" `chmod go-w {folder}`, choose a folder of your own, or zmq.endpoint=auto"
        )


def protect_socket(endpoint: str) -> None:
    """After binding: only those may connect who may enter the folder, by user or group."""
    if os.name != "posix":
        return
    for path in (socket_path(endpoint), stream_path(endpoint)):
        if path is not None and path.exists():
            is_for_group = path.parent.stat().st_mode & stat.S_IXGRP
            path.chmod(GROUP_SOCKET_MODE if is_for_group else SOCKET_MODE)


def bind_failure(endpoint: str, error: zmq.ZMQError | OSError) -> StartError:
    if error.errno == errno.EADDRINUSE:
        return StartError(_taken(endpoint))
    return StartError(
        f"zmq.endpoint: cannot bind {endpoint}: {error.strerror}; want auto, tcp://127.0.0.1:PORT or"
        " ipc:///path/to/socket (of at most 107 bytes)"
    )


def _taken(endpoint: str) -> str:
    return f"zmq.endpoint: {endpoint} is in use: another llm-agentd runs? stop it, or choose another endpoint"


def _is_local(host: str) -> bool:
    """ZeroMQ takes the name of a network interface too: all its addresses are meant."""
    import psutil  # a megabyte, for an endpoint on TCP

    addresses = [address.address for address in psutil.net_if_addrs().get(host, ()) if address.family in INTERNET]
    return all(map(is_loopback, addresses)) if addresses else is_loopback(host)
