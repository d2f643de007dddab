"""Frames between the HTTP process and the process that speaks."""

from __future__ import annotations

import io

import pytest

from llm_agentd.speech.worker import frames


def test_frame_comes_back_as_it_was_packed() -> None:
    stream = io.BytesIO(frames.pack({"text": "Grüß Gott"}, b"\0\xff") + frames.pack({}))
    assert frames.read(stream) == ({"text": "Grüß Gott"}, b"\0\xff")
    assert frames.read(stream) == ({}, b"")


@pytest.mark.parametrize("cut", [0, 3, 9, -1])
def test_end_within_a_frame_is_an_end(cut: int) -> None:
    with pytest.raises(EOFError):
        frames.read(io.BytesIO(frames.pack({"a": 1}, b"data")[:cut]))


@pytest.mark.parametrize(
    "garbage",
    [
        b"Segmentation fault (core dumped)\n",
        frames.pack({})[:8].replace(b"\x02", b"\x03") + b"{x}",
        b"\0\0\0\x02\0\0\0\0[]",
    ],
)
def test_what_is_no_frame_is_told_at_once(garbage: bytes) -> None:
    with pytest.raises(frames.BadFrame):
        frames.read(io.BytesIO(garbage))
