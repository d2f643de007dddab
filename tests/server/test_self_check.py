"""The op `doctor`: looked at off the router thread, shared by those who ask meanwhile, and a bug ends no thread."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from llm_agentd.errors import AgentdError
from llm_agentd.server import daemon as daemon_module
from llm_agentd.server.control import Control
from llm_agentd.server.self_check import SelfCheck
from tests.support.daemon_in_process import InProcess


def test_who_asks_while_one_looks_shares_its_result() -> None:
    may_end, posted = threading.Event(), threading.Event()
    looks: list[int] = []
    work: list[Any] = []

    def look() -> dict[str, Any]:
        looks.append(1)
        may_end.wait(10)
        return {"checks": [], "ok": True}

    def post(step: Any) -> None:
        work.append(step)
        posted.set()

    check = SelfCheck(look, post)
    answers: list[Any] = []
    for _ in range(3):
        check.run(answers.append)
    may_end.set()
    assert posted.wait(10)
    assert answers == [], "only the router thread answers"
    work[0]()
    assert answers == [{"checks": [], "ok": True}] * 3
    assert len(looks) == 1
    posted.clear()
    check.run(answers.append)
    assert posted.wait(10)
    assert len(looks) == 2


def test_a_bug_in_a_check_is_answered_as_one() -> None:
    posted: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look() -> dict[str, Any]:
        raise ZeroDivisionError

    check = SelfCheck(look, posted.put)
    answers: list[Any] = []
    check.run(answers.append)
    posted.get(timeout=10)()
    assert isinstance(answers[0], AgentdError)


def test_the_daemon_answers_others_while_a_disk_hangs(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_looking, may_end = threading.Event(), threading.Event()

    def look() -> dict[str, Any]:
        is_looking.set()
        may_end.wait(10)
        return {"checks": [], "ok": True}

    monkeypatch.setattr(daemon_module, "Control", lambda **given: Control(**(given | {"self_check": look})))
    with InProcess(endpoint) as running, running.client() as client:
        answered: list[Any] = []
        asking = threading.Thread(target=lambda: answered.append(client.request("doctor")))
        asking.start()
        assert is_looking.wait(10)
        client.ping()
        assert answered == []
        may_end.set()
        asking.join(10)
    assert answered[0]["ok"] is True
