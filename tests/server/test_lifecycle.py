"""Start, failure of an engine, stop."""

from __future__ import annotations

import threading

import pytest

from llm_agentd.cache import NullCache
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import EngineFailed, StartError, Unavailable
from llm_agentd.protocol import wire
from llm_agentd.scheduler import engine_loop
from llm_agentd.server import router
from llm_agentd.server.control import Control
from llm_agentd.server.pipeline import at_engine
from tests.support.daemon_in_process import Gate, InProcess


def test_broken_engine_is_opened_again(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(break_mark="quake")) as daemon, daemon.client() as client:
        with pytest.raises(EngineFailed):
            client.infer("quake")
        assert client.infer("Calm again").text
        assert "llm_agentd_engine_restarts_total 1.0" in client.metrics()


def test_engine_that_stays_broken_ends_the_engine_loop(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(break_mark="quake")) as daemon, daemon.client() as client:
        for _ in range(3):
            with pytest.raises(EngineFailed):
                client.infer("quake")
        assert daemon.engine_loop.ended.wait(5)
        assert daemon.engine_loop.failure is not None
        with pytest.raises(Unavailable):
            client.infer("Anyone?")


def test_ping_says_that_the_engine_hangs_while_it_does(
    endpoint: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)) as daemon,
        daemon.peer() as peer,
        daemon.client() as client,
    ):
        peer.send({"op": "infer", "id": "a", "prompt": "Hang"})
        assert gate.entered.wait(5)
        client.ping()
        with monkeypatch.context() as patched:
            patched.setattr(engine_loop, "SILENT_MAX_S", -1.0)
            with pytest.raises(Unavailable, match="engine loop is silent"):
                client.ping()
        gate.open()
        client.ping()


@pytest.mark.slow
def test_router_answers_a_late_request_while_the_engine_hangs(
    gated: InProcess, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_engine, "LATE_MAX_S", 0.1)
    with gated.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "Hang", "deadline_ms": 100})
        assert gate.entered.wait(5)
        assert peer.events("a")[-1]["code"] == "deadline_exceeded"
        gate.open()
        assert peer.request(op="infer", id="a", prompt="Again")["event"] == "done"


def test_engine_that_does_not_open_is_reported(endpoint: str) -> None:
    def missing() -> StubEngine:
        raise StartError("no such model")

    with InProcess(endpoint, engine=missing) as daemon:
        assert isinstance(daemon.engine_loop.failure, StartError)


def test_router_that_breaks_sets_ended_and_can_be_stopped(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a bug")

    with InProcess(endpoint) as daemon, daemon.peer() as client:
        monkeypatch.setattr(wire, "pack", broken)
        client.send({"op": "ping", "id": "p"})
        assert daemon.router.ended.wait(5)


def test_stop_with_grace_finishes_what_runs_and_refuses_the_rest(endpoint: str, gate: Gate) -> None:
    daemon = InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1, on_step=gate.on_step))
    with daemon, daemon.peer() as client:
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Last words {i}"} for i in range(2)))
        assert gate.entered.wait(5)
        stopping = threading.Thread(target=daemon.engine_loop.stop, args=(30,))
        stopping.start()
        assert daemon.engine_loop.stopping.wait(5)
        assert client.request(op="infer", prompt="Too late")["code"] == "unavailable"
        gate.open()
        assert {record["event"] for record in client.events("0", "1")} == {"done"}
        stopping.join()


def test_stop_without_grace_answers_unavailable(endpoint: str, gate: Gate) -> None:
    daemon = InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1, on_step=gate.on_step))
    with daemon, daemon.peer() as client:
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Cut off {i}"} for i in range(2)))
        assert gate.entered.wait(5)
        stopping = threading.Thread(target=daemon.engine_loop.stop, args=(0,))
        stopping.start()
        assert daemon.engine_loop.stopping.wait(5)
        gate.open()
        stopping.join()
        assert {record["code"] for record in client.events("0", "1")} == {"unavailable"}


def test_router_that_is_late_to_stop_is_not_broken_by_it(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Under a flood a round may take longer than the stop waits for."""
    is_busy, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> dict[str, object]:
        is_busy.set()
        go_on.wait(10)
        return {}

    monkeypatch.setattr(router, "JOIN_MAX_S", 0)
    monkeypatch.setattr(Control, "run", slow)
    with InProcess(endpoint) as daemon, daemon.peer() as peer:
        peer.send({"op": "ping", "id": "p"})
        assert is_busy.wait(5)
        late = threading.Timer(0.2, go_on.set)
        late.start()
        daemon.router.stop()
        assert "still at work" in caplog.text
        assert peer.receive()[0]["event"] == "done", "what it was at is still answered"
        assert daemon.router.ended.wait(5)
        monkeypatch.setattr(router, "JOIN_MAX_S", 10)
    assert "broke" not in caplog.text


def test_engine_whose_step_outlasts_the_stop_is_not_reported_as_broken(
    endpoint: str, gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class ClosedCache(NullCache):
        is_closed = False

        def put(self, *_: object) -> None:
            if self.is_closed:
                raise RuntimeError("closed")

    monkeypatch.setattr(engine_loop, "STEP_END_MAX_S", 0.0)
    cache = ClosedCache()
    daemon = InProcess(endpoint, cache=cache, engine=lambda: StubEngine(on_step=gate.on_step, script=lambda _: [b"a."]))
    with daemon, daemon.peer() as peer:
        peer.send({"op": "infer", "id": "a", "prompt": "Last words", "max_tokens": 1})
        assert gate.entered.wait(5)
        daemon.stop(0)
        assert peer.receive()[0]["code"] == "unavailable"
        cache.is_closed = True
        gate.open()
        assert daemon.engine_loop.ended.wait(5)
        assert "did not end" in caplog.text
        assert "broke" not in caplog.text


def test_second_daemon_on_an_ipc_endpoint_is_refused(daemon: InProcess) -> None:
    with pytest.raises(StartError, match="in use"):
        InProcess(daemon.endpoint).router.bind()


def test_second_daemon_on_a_tcp_endpoint_is_refused(free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    with InProcess(endpoint), pytest.raises(StartError, match="in use"):
        InProcess(endpoint).router.bind()


def test_engine_that_cannot_be_opened_again_answers_who_waited(endpoint: str) -> None:
    engines = iter([StubEngine(break_mark="quake")])

    def engine() -> StubEngine:
        return next(engines)

    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as client:
        with pytest.raises(EngineFailed):
            client.infer("quake")
        assert daemon.engine_loop.ended.wait(5)
