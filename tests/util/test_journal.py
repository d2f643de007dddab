"""The journal's native protocol, read back as journald reads it; and who gets a line for each request."""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.server import request_line
from llm_agentd.util.journal import FIELD_MAX_BYTES, JournalHandler, about, is_for_journal
from llm_agentd.util.log_limit import ALIKE_MAX, LogLimit


def fields_of(data: bytes) -> dict[str, str]:
    """As https://systemd.io/JOURNAL_NATIVE_PROTOCOL says, the form with a length alone."""
    fields = {}
    while data:
        name, _, rest = data.partition(b"\n")
        (size,) = struct.unpack("<Q", rest[:8])
        assert rest[8 + size : 9 + size] == b"\n"
        fields[name.decode()] = rest[8 : 8 + size].decode()
        data = rest[9 + size :]
    return fields


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"{tmp_path}/journal")
        receiver.settimeout(5)
        yield receiver


@pytest.fixture
def log(journal: socket.socket) -> Iterator[logging.Logger]:
    logger = logging.getLogger("llm_agentd.test_journal")
    handler = JournalHandler(journal.getsockname())
    logger.addHandler(handler)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    handler.close()


def test_a_line_has_the_fields_that_a_person_filters_by(log: logging.Logger, journal: socket.socket) -> None:
    log.warning("slow: %d ms", 7, extra=about(request="r1", npc="mira"))
    fields = fields_of(journal.recv(1 << 20))
    assert fields["MESSAGE"] == "slow: 7 ms"
    assert (fields["PRIORITY"], fields["REQUEST"], fields["NPC"]) == ("4", "r1", "mira")
    assert (fields["SYSLOG_IDENTIFIER"], fields["LOGGER"]) == ("llm-agentd", log.name)
    assert fields["CODE_FILE"] == __file__


@pytest.mark.parametrize(("level", "priority"), [("debug", "7"), ("info", "6"), ("error", "3"), ("critical", "2")])
def test_levels_are_syslogs(log: logging.Logger, journal: socket.socket, level: str, priority: str) -> None:
    log.setLevel(logging.DEBUG)
    getattr(log, level)("x")
    fields = fields_of(journal.recv(1 << 20))
    assert fields["PRIORITY"] == priority
    assert "NPC" not in fields, "what a line is not about it does not name"


def test_no_text_can_begin_a_field_of_its_own(log: logging.Logger, journal: socket.socket) -> None:
    log.error("first\nPRIORITY=0\nNPC\n", extra=about(npc="a\nUNIT=ssh.service"))
    fields = fields_of(journal.recv(1 << 20))
    assert fields["MESSAGE"] == "first\nPRIORITY=0\nNPC\n"
    assert fields["NPC"] == "a\nUNIT=ssh.service"
    assert (fields["PRIORITY"], "UNIT" in fields) == ("3", False)


def test_a_traceback_is_in_the_message_and_a_long_one_is_cut(log: logging.Logger, journal: socket.socket) -> None:
    try:
        raise ValueError("x" * 500_000)
    except ValueError:
        log.exception("it broke")
    message = fields_of(journal.recv(1 << 20))["MESSAGE"]
    assert message.startswith("it broke\nTraceback")
    assert len(message) == FIELD_MAX_BYTES


def test_without_a_journal_lines_go_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = JournalHandler(f"{tmp_path}/nobody")
    handler.emit(logging.LogRecord("x", logging.ERROR, "f.py", 1, "told all the same", (), None))
    handler.close()
    assert capsys.readouterr().err == "told all the same\n"


def test_only_a_stderr_that_is_the_journal_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open(tmp_path / "stderr", "w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        status = os.fstat(file.fileno())
        assert is_for_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not is_for_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not is_for_journal({})


# One line a request -------------------------------------------------------------------------------------------------

DONE = {"event": "done", "text": "hush", "model": "qwen", "cache": "miss", "finish": "stop"}
RECORD = {"op": "think", "id": "r7", "npc": {"id": "mira", "name": "Mira"}, "player": "Ada", "utterance": "a secret"}


def test_each_request_is_one_line_at_debug_alone_without_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    request_line.note(RECORD, DONE, 51.26)
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, request_line.__name__)
    request_line.note(RECORD, DONE, 51.26)
    request_line.note({"op": "infer", "id": "r8"}, {"event": "error", "code": "overloaded", "message": "…"}, None)
    assert caplog.messages == [
        "think of mira (r7): done by qwen, cache miss, stop after 51.3 ms",
        "infer (r8): overloaded",
    ]
    assert [vars(record)["journal_fields"] for record in caplog.records] == [
        {"REQUEST": "r7", "NPC": "mira"},
        {"REQUEST": "r8"},
    ]


def test_a_record_that_was_refused_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, request_line.__name__)
    request_line.note({"op": "think", "id": "r9", "npc": 7}, {"event": "error", "code": "bad_request"}, None)
    assert caplog.messages == ["think (r9): bad_request"]


def test_lines_for_debugging_are_not_thinned_out() -> None:
    limit = LogLimit()
    lines = [logging.LogRecord("x", logging.DEBUG, "file.py", 1, "a request", (), None) for _ in range(ALIKE_MAX * 2)]
    assert all(limit.filter(line) for line in lines)
