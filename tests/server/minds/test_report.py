"""What is told of the minds, and how often."""

from __future__ import annotations

import logging

import pytest

from llm_agentd.metrics import Metrics
from llm_agentd.protocol.admin_records import EventsRecord
from llm_agentd.server.admin.event_stream import EventStream
from llm_agentd.server.minds.report import LOG_PAUSE_S, Report

TODAY, TOMORROW = "over the daily budget of 9 tokens until tomorrow", "over the daily budget until the day after"


class Told:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.events = EventStream(lambda: self.now_s)
        self.report = Report(self.events, Metrics(), lambda: self.now_s)

    def problems(self) -> list[str]:
        fields = self.events.take((b"x",), EventsRecord(op="events", id="1", after=0))
        assert fields is not None
        return [event["problem"] for event in fields["events"] if event["kind"] == "mind"]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.WARNING)
    return Told()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_budget_is_said_once_in_each_period(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    others_words = TODAY.replace("9 tokens", "9 tokens (2 are left)")
    for problem in (TODAY, others_words, "", TODAY, "", TOMORROW):
        told.report.look(problem, is_over_budget=bool(problem))
    said = [line for line in lines(caplog) if "budget" in line]
    assert [line.endswith(TODAY) for line in said] == [True, False]
    assert told.problems() == [TODAY, "", TODAY, "", TOMORROW]


def test_server_that_comes_and_goes_is_said_once_a_minute(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    for seconds in range(5):
        told.report.look("down", is_over_budget=False)
        told.report.look(f"down, tried again in {seconds} s", is_over_budget=False)
        told.report.look("", is_over_budget=False)
    assert lines(caplog) == ["not asked: down", "the remote model: it can be asked again"]
    assert len(told.problems()) == 10
    told.now_s = LOG_PAUSE_S
    told.report.look("down", is_over_budget=False)
    assert len(lines(caplog)) == 3
