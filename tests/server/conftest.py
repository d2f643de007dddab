"""Daemons inside the test, with the public client and a bare peer of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.stub.engine import StubEngine
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.raw_peer import RawPeer


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def gated(endpoint: str, gate: Gate) -> Iterator[InProcess]:
    """A daemon whose engine waits at each step."""
    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=4, on_step=gate.on_step)) as daemon:
        try:
            yield daemon
        finally:
            gate.open()


@pytest.fixture
def daemon(endpoint: str) -> Iterator[InProcess]:
    with InProcess(endpoint) as daemon:
        yield daemon


@pytest.fixture
def client(daemon: InProcess) -> Iterator[Client]:
    with daemon.client() as client:
        yield client


@pytest.fixture
def peer(daemon: InProcess) -> Iterator[RawPeer]:
    with daemon.peer() as peer:
        yield peer
