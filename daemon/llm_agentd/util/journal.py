"""Log lines for systemd's journal with fields that a person can filter by: `journalctl NPC=mira REQUEST=…`.

A logging handler that speaks the journal's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram a
line, no library. The wheels that wrap libsystemd need a newer glibc than some servers have, and pip compiles them where
none fits, which a daemon that runs without systemd too must not ask for. Any thread; a send never waits.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping
from typing import Any

SOCKET = "/run/systemd/journal/socket"
IDENTIFIER = "llm-agentd"  # as the lines that go by stderr have it
# Under the kernel's usual 208 KiB of a datagram, beyond which the journal wants a file. A traceback is a few KiB.
FIELD_MAX_BYTES = 48 * 1024
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))  # syslog(3)
DEBUG_PRIORITY = 7
_ATTRIBUTE = "journal_fields"


def about(*, request: str = "", npc: str = "") -> dict[str, Any]:
    """For `extra=` of a log call: the request and the NPC that a line is about."""
    return {_ATTRIBUTE: {name: value for name, value in (("REQUEST", request), ("NPC", npc)) if value}}


def is_for_journal(environ: Mapping[str, str] = os.environ) -> bool:
    """stderr is the journal itself: systemd names its device and inode in JOURNAL_STREAM, systemd.exec(5)."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # no stderr, or a test's
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Where the journal does not take a line, it goes to stderr, which leads there too, without fields."""

    def __init__(self, address: str = SOCKET) -> None:
        super().__init__()
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a journal that is overrun must not hold up an engine
        self._fallback = logging.StreamHandler()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._socket.sendto(datagram(record, self.format(record)), self._address)
        except OSError:
            self._fallback.emit(record)
        except Exception:
            self.handleError(record)

    def setFormatter(self, formatter: logging.Formatter | None) -> None:
        super().setFormatter(formatter)
        self._fallback.setFormatter(formatter)

    def close(self) -> None:
        self._socket.close()
        super().close()


def datagram(record: logging.LogRecord, message: str) -> bytes:
    fields = {
        "MESSAGE": message,
        "PRIORITY": str(_priority(record.levelno)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
        **getattr(record, _ATTRIBUTE, {}),
    }
    return b"".join(_field(name, str(value)) for name, value in fields.items())


def _priority(level: int) -> int:
    return next((priority for least, priority in PRIORITIES if level >= least), DEBUG_PRIORITY)


def _field(name: str, value: str) -> bytes:
    """With the length before it, which lets a value hold line ends: nobody's text can begin a field of its own."""
    data = value.encode("utf-8", "replace")[:FIELD_MAX_BYTES]
    return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
