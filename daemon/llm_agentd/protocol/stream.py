"""Records out of a stream of bytes: what came is cut into parts of whole records.

Pure. A ZeroMQ message has an end, a plain socket has none; the bytes in both are the same (wire.py).
"""

from __future__ import annotations

from llm_agentd.errors import BadFrame
from llm_agentd.protocol.wire import LENGTH_BYTES, RECORD_MAX_BYTES, RECORDS_MAX


class RecordSplitter:
    """Keeps what follows the last whole record: less than one record."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Parts as the wire allows them, where `data` is at most one; empty where no record is whole yet.

        Raises BadFrame for a length over the limit: where the next record begins is not known any more.
        """
        data = self._rest + data
        parts: list[bytes] = []
        start = end = count = 0
        while (after := _end_of_record(data, end)) <= len(data):
            end, count = after, count + 1
            if count == RECORDS_MAX:
                parts.append(data[start:end])
                start, count = end, 0
        if end > start:
            parts.append(data[start:end])
        self._rest = data[end:]
        return parts


def _end_of_record(data: bytes, start: int) -> int:
    """Beyond the end of `data` where not all of it is there."""
    body = start + LENGTH_BYTES
    if body > len(data):
        return body
    length = int.from_bytes(data[start:body], "big")
    if length > RECORD_MAX_BYTES:
        raise BadFrame(f"a record's length says {length} bytes; the limit is {RECORD_MAX_BYTES}")
    return body + length
