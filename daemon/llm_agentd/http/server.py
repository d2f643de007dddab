"""The HTTP process: takes the port, says when it listens, leaves on SIGTERM.

Main thread. Knows uvicorn and the configuration, nothing of requests. Order of stopping: calls that wait are answered,
no new connections, what runs gets `STOP_GRACE_S`, then the connection to the daemon closes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn.config
import uvicorn.server

from llm_agentd.client.curve import CurveFiles
from llm_agentd.config import Config
from llm_agentd.config.http_binding import check_binding
from llm_agentd.config.http_token import find_token
from llm_agentd.config.sections import Model, Zmq
from llm_agentd.errors import StartError
from llm_agentd.http.app import create_app
from llm_agentd.http.protocol import BoundedProtocol
from llm_agentd.http.routes.doctor import Examine
from llm_agentd.http.websocket_protocol import SETTINGS, BoundedWebSocket
from llm_agentd.scheduler.affinity import pick_cpus
from llm_agentd.util.cpus import available_cpus
from llm_agentd.util.endpoint import endpoint_to_connect, stream_path
from llm_agentd.util.stop_signals import stop_signals

STOP_GRACE_S = 5  # for requests that run; the daemon's own grace is as long
KEEP_ALIVE_S = 75  # a game calls every few seconds: a connection that stays saves it a handshake
TICKS_A_CHECK = 10  # uvicorn ticks ten times a second; limits of time are seconds
RECEIVE_BUFFER_BYTES = 64 * 1024  # a connection; the kernel would grow it to megabytes, and one read takes all of it
BACKLOG = 512  # connections that may wait to be accepted


def run(config: Config, on_ready: Callable[[str], None] | None = None, *, examine: Examine) -> int:
    """Serves until SIGTERM or Ctrl-C, then 0. Prints `ready http=URL` and calls `on_ready(URL)` once it listens.

    `examine`: the doctor, for `GET /v1/doctor`.

    Raises StartError where it cannot start.
    """
    http = config.http
    tls = http.tls_cert is not None and http.tls_key is not None
    token = find_token(http.token, http.token_file)
    check_binding(http.host, token, tls=tls, allow_plain=http.allow_plain)
    app = create_app(
        endpoint=config.zmq.endpoint,
        retry_s=config.zmq.retry_s,
        stream=_stream(config.zmq),
        curve=CurveFiles.of(config.zmq.curve_server_key_file, config.zmq.curve_client_secret_file),
        token=token,
        timeout_ms=config.inference.timeout_ms,
        host=http.host,
        allowed_hosts=http.allowed_hosts,
        has_public_figures=http.dashboard_public,
        speech=config.speech,
        speech_cpus=_speech_cpus(config.model),
        language=config.agents.language,
        examine=examine,
    )
    settings = uvicorn.config.Config(
        app,
        http=BoundedProtocol,
        ws=BoundedWebSocket,
        **SETTINGS,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_GRACE_S,
        ssl_certfile=http.tls_cert,
        ssl_keyfile=http.tls_key,
    )
    try:
        settings.load()
    except (OSError, ssl.SSLError) as error:
        raise StartError(
            f"http.tls_cert, http.tls_key: cannot use {http.tls_cert} and {http.tls_key}: {error}; "
            "want a PEM certificate chain and its key, readable for this user"
        ) from None
    if settings.ssl is not None:
        settings.ssl.minimum_version = ssl.TLSVersion.TLSv1_2  # whatever OpenSSL's own configuration allows
    listener = listen(http.host, http.port)
    url = _url(http.host, listener.getsockname()[1], tls=tls)

    def ready() -> None:
        print(f"ready http={url}", flush=True)
        if on_ready is not None:
            on_ready(url)

    server = Server(settings, ready)
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        runner.run(server.serve(sockets=[listener]))
    return 0


def _stream(zmq: Zmq) -> Path | None:
    """Of the daemon's plain socket: there is one beside each unix socket of ZeroMQ's that wants no keys."""
    if zmq.curve_server_key_file is not None:
        return None
    return stream_path(endpoint_to_connect(zmq.endpoint, os.environ))


def _speech_cpus(model: Model) -> tuple[int, ...]:
    """Those that the model is not pinned to, where it leaves any; () = wherever the kernel likes."""
    if model.engine == "openai":
        return ()
    available = available_cpus()
    try:
        pinned = pick_cpus(model.pin_cpus, available)
    except StartError:  # the daemon says so
        return ()
    return tuple(cpu for cpu in available if cpu not in pinned) if pinned else ()


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's. There is none for Windows, whose own default cannot watch ZeroMQ's descriptor."""
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop()
    return uvloop.new_event_loop()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free. Raises StartError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise StartError(f"http.host: {host!r} is no address here ({error.strerror}); try 127.0.0.1") from None
    try:
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise StartError(_listen_failure(host, port, error)) from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)  # its connections inherit it
    return listener


def _listen_failure(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"http.port: {host}:{port} is taken by another program; stop that one, or set http.port to a free port"
    if error.errno == errno.EACCES:
        return f"http.port: {port} may be opened by root only; set http.port to one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"http.host: {host} is no address of this machine; try 127.0.0.1"
    return f"http.host, http.port: cannot listen on {host}:{port}: {error.strerror}"


def _url(host: str, port: int, *, tls: bool) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{name}:{port}"


class Server(uvicorn.server.Server):
    """uvicorn's for what `create_app` made, with our ready line, our way of stopping, and exit code 0 after SIGTERM."""

    def __init__(self, config: uvicorn.config.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.daemon.start()  # type: ignore[union-attr]  # here, so that its StartError stays one line
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_CHECK == 0:
            now_s = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.check_time(now_s)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.sessions.stop()  # type: ignore[union-attr]
        self.config.app.state.feeds.stop()  # type: ignore[union-attr]
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's raises the signal once more at the end; for a service a stop that was asked for is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in stop_signals()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
