"""The daemon's master switch, for a FakeDaemon whose HTTP process speaks or listens."""

from __future__ import annotations

from tests.support.http_harness import Record


class Switch:
    """A script of FakeDaemon: answers how it stands, `metrics` with nothing, and keeps what was `spoken`."""

    def __init__(self) -> None:
        self.is_on = True
        self.spoken: list[Record] = []  # what the request log was told

    def __call__(self, record: Record) -> list[Record]:
        if record["op"] == "metrics":
            return [{"event": "done", "text": ""}]
        if record["op"] == "spoken":
            self.spoken.append(record)
            return [{"event": "done"}]
        assert record["op"] == "switch", record
        return [{"event": "done", "switch": {"on": self.is_on, "since": None, "by": None}}]
