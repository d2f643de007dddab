"""Blocks of malloc's, cleared as llama.cpp clears its cells: what was not written since is given back."""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Iterator

import psutil
import pytest

from llm_agentd.engines.llama import fresh_pages
from llm_agentd.engines.llama.fresh_pages import taken_as_filled
from llm_agentd.util import malloc

MIB = 2**20
BYTES = 64 * MIB  # far more than tests beside it allocate meanwhile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone")


@pytest.fixture
def block() -> Iterator[list[int]]:
    """Where blocks were put that are freed at the end. What earlier tests freed is given back first: a block that
    malloc takes from there has its pages already."""
    malloc.trim()
    put: list[int] = []
    yield put
    free = ctypes.CDLL(None).free
    free.argtypes = (ctypes.c_void_p,)
    for address in put:
        free(address)


def cleared(size: int) -> int:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = (ctypes.c_size_t,)
    address: int = libc.malloc(size)
    ctypes.memset(address, 0, size)
    return address


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def test_a_block_that_was_cleared_takes_memory_where_it_was_written_to(block: list[int]) -> None:
    before = resident()
    with taken_as_filled(BYTES):
        block.append(cleared(BYTES))
        at = block[0] + 10 * MIB
        ctypes.memmove(at, b"kept", 4)
        assert resident() - before > BYTES // 2
    assert resident() - before < BYTES // 2
    assert ctypes.string_at(at - 2, 8) == b"\0\0kept\0\0"
    ctypes.memset(block[0], 1, BYTES)
    assert ctypes.string_at(block[0] + BYTES - 3, 3) == b"\1\1\1"


@pytest.mark.parametrize("wanted", [0, 2 * BYTES, BYTES // 2])
def test_a_block_of_another_size_is_left_alone(block: list[int], wanted: int) -> None:
    before = resident()
    with taken_as_filled(wanted):
        block.append(cleared(BYTES))
    assert resident() - before > BYTES // 2


def test_only_what_is_new_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    page = mmap.PAGESIZE
    ranges = [(2 * page, 9 * page), (20 * page, 30 * page)]
    before = [(4 * page, 6 * page), (7 * page, 9 * page), (20 * page, 25 * page)]
    found = [(start // page, end // page) for start, end in fresh_pages._without(ranges, before)]
    assert found == [(2, 4), (6, 7), (25, 30)]
