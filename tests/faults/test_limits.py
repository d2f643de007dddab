"""No more file descriptors, no more memory: the process says so, serves whom it can, and recovers."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

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
    """Connected clients are served, it does not spin, it says so, and takes new ones when some have left."""
    with Host(tmp_path) as host:
        host.ready("daemon")
        adapter = host.ready("http", limits=at_most(64))
        with host.http() as game:
            assert game.post("/infer", json={"prompt": "Hello"}).status_code == 200
            crowd = [socket.create_connection(("127.0.0.1", host.port)) for _ in range(100)]
            process = psutil.Process(adapter.pid)
            time.sleep(0.5)
            before = process.cpu_times()
            begun_s = time.monotonic()
            for number in range(size(short=10, long=50)):
                answer = game.post("/infer", json={"prompt": f"Hello {number}"})
                tally.check(answer.status_code == 200, f"a connected client: {answer.status_code} {answer.text[:200]}")
                time.sleep(0.2)
            after = process.cpu_times()
            share = (after.user + after.system - before.user - before.system) / (time.monotonic() - begun_s)
            tally.check(share < CALM_SHARE, f"it used {share:.0%} of a core while it could accept nobody")
            for one in crowd:
                one.close()

            def newcomer() -> bool:
                with contextlib.suppress(Exception), host.http(timeout_s=2) as other:
                    return other.get("/healthz").status_code == 200
                return False

            tally.check(wait_until(newcomer, 15), "no new client is served although there is room again")
        said = adapter.errors()
        tally.check(
            "open files" in said or "EMFILE" in said or "file descriptors" in said, f"not a word: {said[-500:]!r}"
        )
        tally.check(said.count("\n") < 200, f"{said.count(chr(10))} lines of log")
        tally.check(adapter.is_running(), "the adapter has ended")
        tally.figure(cpu_share=share)


def test_daemon_without_file_descriptors(tally: Tally, tmp_path: Path) -> None:
    """Many peers come, more than it has descriptors for; those who are there are served, others when there is room."""
    with Host(tmp_path) as host, zmq.Context() as context:
        daemon = host.ready("daemon", limits=at_most(96))
        with host.client() as client:
            client.ping()
            crowd = [context.socket(zmq.DEALER) for _ in range(200)]
            for one in crowd:
                one.connect(host.endpoint)
            for number in range(size(short=10, long=50)):
                try:
                    client.infer(f"Hello {number}")
                    tally.passed(1)
                except AgentdError as error:
                    tally.check(False, f"a connected peer: {error.code}: {error}")
                time.sleep(0.1)
            tally.check(daemon.is_running(), f"the daemon has ended: {daemon.errors()[-500:]}")
            for one in crowd:
                one.close(0)

        def newcomer() -> bool:
            with contextlib.suppress(AgentdError), host.client(timeout_s=3) as other:
                other.ping()
                return True
            return False

        tally.check(wait_until(newcomer, 20), "no new peer is served although there is room again")
        tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")


def test_start_with_too_little_memory(tally: Tally, tmp_path: Path) -> None:
    """It says so in a line, or it serves."""
    for mib in size(short=(120, 400), long=(60, 90, 120, 150, 200, 250, 300, 400, 500, 700)):

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

                def is_served() -> bool:
                    return http.post("/infer", json={"prompt": "There is room again"}).status_code == 200

                tally.check(wait_until(is_served, 30), f"not served again: {serve.errors()[-700:]}")
        tally.check(serve.stop() == 0, f"exit code {serve.popen.returncode}: {serve.errors()[-500:]}")
