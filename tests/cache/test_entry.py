"""Cache entries as bytes: whole again, or refused."""

from __future__ import annotations

import pytest

from llm_agentd.cache.entry import DamagedEntry, decode, decode_header, encode
from tests.cache.contract import START_S, entry


@pytest.mark.parametrize(
    "raw", [b"", b"x" * 31, b"\0" * 32, b"\0" * 32 + b"{}", b"\0" * 32 + b"[1,2]", b"\0" * 32 + b"7"]
)
def test_bytes_that_are_no_entry_are_refused(raw: bytes) -> None:
    with pytest.raises(DamagedEntry):
        decode(raw)


def test_entry_survives_encoding() -> None:
    made = entry("a\0b", role="elder", created_s=START_S, expires_s=START_S + 1.5, last_hit_s=START_S + 1, hits=7)
    assert decode(encode(made)) == made
    assert decode_header(encode(made)).last_use_us == int((START_S + 1) * 1e6)
