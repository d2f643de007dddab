"""Server-sent events: bytes as they come from a socket → the data of whole events. Pure.

After the WHATWG standard: line ends are LF, CR or CRLF, lines that begin with a colon are comments (servers send them
to keep a connection open), and several `data` lines are one event. Bytes are split before they are decoded, so that a
character may be cut between two reads, and so that what only Unicode calls a line end (U+2028 in a reply) is none.
"""

from __future__ import annotations

LINE_MAX_BYTES = 2**20  # an event holds a few tokens; a body that is one endless line must not fill the memory
_BOM = b"\xef\xbb\xbf"


class EventReader:
    """`feed` what came; `end` once the body has ended. Both raise ValueError where a line never ends."""

    def __init__(self) -> None:
        self._rest = b""  # of a line
        self._data: list[bytes] = []  # lines of the event that is not closed yet
        self._is_first = True

    def feed(self, data: bytes) -> list[bytes]:
        if self._is_first and data:
            self._is_first = False
            data = data.removeprefix(_BOM)
        lines = (self._rest + data).splitlines(keepends=True)
        self._rest = b""
        # A CR at the end may be half of a CRLF.
        if lines and not lines[-1].endswith(b"\n"):
            self._rest = lines.pop()
            if len(self._rest) > LINE_MAX_BYTES:
                raise ValueError(f"a line of more than {LINE_MAX_BYTES} bytes")
        return self._take(lines)

    def end(self) -> list[bytes]:
        """The last event, which some servers do not close with an empty line."""
        return self._take([self._rest, b""])

    def _take(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        for line in lines:
            line = line.rstrip(b"\r\n")
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data))
                    self._data = []
                continue
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
        return events
