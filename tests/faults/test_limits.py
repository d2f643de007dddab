"""No more file descriptors, no more memory: the process says so, serves whom it can, and recovers."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
import pytest
import zmq

from llm_agentd.errors import AgentdError
from tests.faults.campaign import Tally, size
from tests.faults.host import MIB, Host, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CALM_SHARE = 0.6  # of a core at most, while it can accept nobody


def at_most(files: int) -> Callable[[], None]:
    def set_limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    return set_limit


def test_adapter_without_file_descriptors(tally: Tally, tmp_path: Path) -> None:
    """Of connections that have asked nothing it closes some: who has asked and who comes is served, and it is calm."""
    with Host(tmp_path) as host:
        host.ready("daemon")
        adapter = host.ready("http", limits=at_most(64))
        with host.http() as game:
            assert game.post("/infer", json={"prompt": "Hello"}).status_code == 200
            crowd = [socket.create_connection(("127.0.0.1", host.port)) for _ in range(100)]
            time.sleep(0.5)
            with Calm(tally, adapter.pid):
                for number in range(size(short=6, long=50)):
                    answer = game.post("/infer", json={"prompt": f"Hello {number}"})
                    is_served = answer.status_code == 200
                    tally.check(is_served, f"a connected client: {answer.status_code} {answer.text[:200]}")
                    time.sleep(0.2)
            with host.http(timeout_s=10) as newcomer:
                tally.check(newcomer.get("/readyz").status_code == 200, "no new client is served beside idle ones")
            for one in crowd:
                one.close()
        said = adapter.errors()
        tally.check(said.count("\n") < 200, f"{said.count(chr(10))} lines of log")
        tally.check("Traceback" not in said, said[-1000:])
        tally.check(adapter.stop() == 0, f"exit code {adapter.popen.returncode}")


class Calm:
    """A process may not spin meanwhile."""

    def __init__(self, tally: Tally, pid: int) -> None:
        self._tally = tally
        self._process = psutil.Process(pid)

    def __enter__(self) -> None:
        self._begun_s, self._before = time.monotonic(), self._process.cpu_times()

    def __exit__(self, *_: object) -> None:
        after = self._process.cpu_times()
        used_s = after.user + after.system - self._before.user - self._before.system
        share = used_s / (time.monotonic() - self._begun_s)
        self._tally.check(share < CALM_SHARE, f"it used {share:.0%} of a core meanwhile")
        self._tally.figure(cpu_share=share)


@pytest.fixture
def crowd() -> Iterator[list[zmq.Socket[bytes]]]:
    """200 peers, not connected yet."""
    with zmq.Context() as context:
        sockets = [context.socket(zmq.DEALER) for _ in range(200)]
        for one in sockets:
            one.setsockopt(zmq.LINGER, 0)
        yield sockets
        for one in sockets:
            one.close()


def test_crowd_of_peers(tally: Tally, tmp_path: Path, crowd: list[zmq.Socket[bytes]]) -> None:
    """More than the soft limit of descriptors, which the daemon raises: nobody notices."""

    def few_at_first() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (96, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    with Host(tmp_path) as host:
        daemon = host.ready("daemon", limits=few_at_first)
        with host.client() as client:
            client.ping()
            for one in crowd:
                one.connect(host.endpoint)
            for number in range(size(short=6, long=50)):
                try:
                    client.infer(f"Hello {number}")
                    tally.passed(1)
                except AgentdError as error:
                    tally.check(False, f"a connected peer: {error.code}: {error}")
                time.sleep(0.1)
        tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}: {daemon.errors()[-500:]}")


def test_daemon_without_file_descriptors(tally: Tally, tmp_path: Path, crowd: list[zmq.Socket[bytes]]) -> None:
    """Beyond the hard limit libzmq ends the process: `serve` says why, and starts it again until there is room."""
    with Host(tmp_path) as host:
        serve = host.ready("serve", limits=at_most(96))
        with host.http() as http:
            for one in crowd:
                one.connect(host.endpoint)
            time.sleep(size(short=2, long=10))
            for one in crowd:
                one.close()
            served = wait_until(lambda: is_served(http), 60)
        tally.check(served, f"not served although there is room again: {serve.errors()[-500:]}")
        tally.check("open files" in serve.errors(), f"not a word of files: {serve.errors()[-500:]!r}")
        tally.check(serve.stop() == 0, f"exit code {serve.popen.returncode}")


def is_served(http: httpx2.Client) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return http.post("/infer", json={"prompt": "There is room again"}).status_code == 200
    return False


def test_start_with_too_little_memory(tally: Tally, tmp_path: Path) -> None:
    """It says so in a line, or it serves. With less than the first, not even its libraries can be loaded."""
    for mib in size(short=(120, 400), long=(120, 150, 200, 250, 300, 350, 400, 500, 600, 700)):

        def set_limit(limit: int = mib * MIB) -> None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        with Host(tmp_path / str(mib)) as host:
            daemon = host.start("daemon", limits=set_limit)
            if daemon.wait_ready():
                with host.client() as client, contextlib.suppress(AgentdError):
                    client.infer("Hello")
                daemon.stop()
                tally.passed(1)
                continue
            code = daemon.stop()
            said = daemon.errors()
            tally.check(code not in (0, -9), f"{mib} MiB: exit code {code}")
            tally.check(
                "memory" in said.lower(), f"{mib} MiB: exit code {code}, and no word of memory: {said[-400:]!r}"
            )


def test_memory_runs_out_while_serving(tally: Tally, tmp_path: Path) -> None:
    """What cannot be had is refused, or the process dies and is started again; both for a while only."""
    with Host(tmp_path) as host:
        serve = host.ready("serve")
        with host.http() as http:
            for round_number in range(size(short=1, long=5)):
                daemon = psutil.Process(http.get("/info").json()["pid"])
                limit = daemon.memory_info().vms + tally.random.choice([0, 2, 8]) * MIB
                daemon.rlimit(psutil.RLIMIT_AS, (limit, psutil.RLIM_INFINITY))
                for number in range(40):
                    text = f"Round {round_number}, {number}: " + "words and words " * 300
                    answer = http.post("/infer", json={"prompt": text[:7000]})
                    tally.check(answer.status_code in (200, 429, 500, 502, 503, 504), f"{answer.status_code}")
                with contextlib.suppress(psutil.NoSuchProcess):
                    daemon.rlimit(psutil.RLIMIT_AS, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
                served = wait_until(lambda: is_served(http), 60)
                tally.check(served, f"not served again: {serve.errors()[-700:]}")
        tally.check(serve.stop() == 0, f"exit code {serve.popen.returncode}: {serve.errors()[-500:]}")
