"""Lines that are alike are few; what is left out is counted; others are not touched."""

from __future__ import annotations

import logging

from llm_agentd.util.log_limit import ALIKE_MAX, WINDOW_S, LogLimit


class Log:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.limit = LogLimit(lambda: self.now_s)
        self.lines: list[str] = []

    def warn(self, message: str, *arguments: object, line: int = 1) -> None:
        record = logging.LogRecord("x", logging.WARNING, "file.py", line, message, arguments, None)
        if self.limit.filter(record):
            self.lines.append(record.getMessage())


def test_lines_of_one_place_are_few_and_the_rest_is_counted() -> None:
    log = Log()
    for number in range(1000):
        log.warn("bad request %d", number)
    assert log.lines == [f"bad request {number}" for number in range(ALIKE_MAX)]
    log.warn("another", line=2)
    assert log.lines[-1] == "another"
    log.now_s = WINDOW_S
    log.warn("bad request %d%%", 50)
    assert log.lines[-1] == f"bad request 50% (and {1000 - ALIKE_MAX} more lines like this in 60 s)"


def test_few_lines_are_as_they_were() -> None:
    log = Log()
    for number in range(50):
        log.now_s = number * WINDOW_S / ALIKE_MAX
        log.warn("now and then %d", number)
    assert log.lines == [f"now and then {number}" for number in range(50)]
