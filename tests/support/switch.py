"""The daemon's master switch, for a FakeDaemon whose HTTP process speaks or listens."""

from __future__ import annotations

from tests.support.http_harness import Record


class Switch:
    """A script of FakeDaemon: answers how it stands, and `metrics` with nothing."""

    def __init__(self) -> None:
        self.is_on = True

    def __call__(self, record: Record) -> list[Record]:
        if record["op"] == "metrics":
            return [{"event": "done", "text": ""}]
        assert record["op"] == "switch", record
        return [{"event": "done", "switch": {"on": self.is_on, "since": None, "by": None}}]
