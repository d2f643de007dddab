"""Where the daemon's ZeroMQ socket is when nobody says it: how the daemon chooses the place, and how clients find it.

A unix socket in a folder of the user's own, where the system has such a thing: nobody else on the machine can reach it.
Both sides follow the same environment, so they meet without being told. Pure but for looking at folders; no sockets.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from llm_agentd.util.state_dir import state_dir

AUTO = "auto"
TCP_ENDPOINT = "tcp://127.0.0.1:5570"  # where there are no unix sockets; other programs know it as the daemon's
SOCKET_NAME = "zmq"
STREAM_SUFFIX = ".http"  # of the HTTP process's socket beside it
SERVICE_FOLDER = Path("/run/llm-agentd")  # the RuntimeDirectory of the systemd unit
# What `sockaddr_un.sun_path` holds, less its final NUL: unix(7), and unix(4) of the BSDs and macOS.
SOCKET_PATH_MAX_BYTES = 107 if sys.platform.startswith("linux") else 103


def endpoint_to_bind(endpoint: str, environ: Mapping[str, str]) -> str:
    """`zmq.endpoint` as the daemon binds it: `auto` is the first place of its own that there is."""
    return next(_own_endpoints(environ), TCP_ENDPOINT) if endpoint == AUTO else endpoint


def endpoint_to_connect(endpoint: str, environ: Mapping[str, str]) -> str:
    """`zmq.endpoint` as a client connects to it: `auto` is where this user's daemon is, else where the service's is.

    Where there is neither yet, it is where this user's would be.
    """
    if endpoint != AUTO:
        return _reachable(endpoint)
    own = endpoint_to_bind(AUTO, environ)
    for place in (own, _ipc(SERVICE_FOLDER)):
        if (path := socket_path(place)) is not None and _may_connect(path):
            return place
    return own


def _reachable(endpoint: str) -> str:
    """An address that stands for all of this machine is none to connect to; loopback is one of them."""
    for everywhere, here in (("*", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]")):
        if endpoint.startswith(f"tcp://{everywhere}:"):
            return endpoint.replace(everywhere, here, 1)
    return endpoint


def socket_path(endpoint: str) -> Path | None:
    """Of an `ipc://` endpoint; None for others."""
    return Path(endpoint.removeprefix("ipc://")) if endpoint.startswith("ipc://") else None


def stream_path(endpoint: str) -> Path | None:
    """Of the plain socket beside a unix socket of ZeroMQ's; None where there is no place for it."""
    path = socket_path(endpoint)
    if path is None or os.name != "posix":
        return None
    beside = path.with_name(path.name + STREAM_SUFFIX)
    return beside if len(os.fsencode(beside)) <= SOCKET_PATH_MAX_BYTES else None


def _own_endpoints(environ: Mapping[str, str]) -> Iterator[str]:
    if os.name != "posix":
        return
    for folder in _own_folders(environ):
        endpoint = _ipc(folder)
        if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES:
            yield endpoint


def _own_folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """The unit's folder; the user's folder for such things, if it is this user's (`su` hands on another's); state."""
    if given := environ.get("RUNTIME_DIRECTORY", "").split(":")[0]:
        yield Path(given)
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    with suppress(OSError):
        if runtime.startswith("/") and Path(runtime).stat().st_uid == os.getuid():
            yield Path(runtime, "llm-agentd")
    yield state_dir(environ) / "run"


def _ipc(folder: Path) -> str:
    return f"ipc://{folder / SOCKET_NAME}"


def _may_connect(path: Path) -> bool:
    try:
        return path.is_socket() and os.access(path, os.W_OK)
    except OSError:  # in a folder that is closed to this user
        return False
