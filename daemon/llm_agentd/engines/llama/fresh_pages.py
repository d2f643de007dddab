"""Has a context take memory as it is filled, not all of it at once.

llama.cpp clears the cells of a new context, and with that every page of them is taken from the machine: 45 MiB for the
embedded model, gigabytes for a large one, though most sequences never get half as long as they may. A page that holds
nothing but zeros is given back here; the kernel hands it out again, zeroed, when something is written there. Linux with
glibc alone: elsewhere the block is not found, and all stays as it was. Engine thread.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAPS = Path("/proc/self/maps")
WORD_BYTES = 8
# A block that malloc took from the kernel by itself begins on a page, with its size and this bit (glibc's malloc.c).
IS_MMAPPED, FLAGS = 2, 7
LEAST_BYTES = 2**20  # smaller ones malloc has from its own store, and nothing would be won
SLACK = 1.25  # a cache of cells is rounded up; what is larger still is another block, perhaps of another thread
LOOK_BYTES = 256 * 1024

Range = tuple[int, int]


@contextmanager
def taken_as_filled(least_bytes: int) -> Iterator[None]:
    """Gives back the zeros of the block, of so many bytes or a little more, that is allocated inside of the `with`."""
    if least_bytes < LEAST_BYTES:
        yield
        return
    before = _anonymous()
    yield
    for block in _blocks(_without(_anonymous(), before), least_bytes):
        _give_back(block)


def _anonymous() -> list[Range]:
    """Ranges of memory that can be written and belong to no file, by their addresses."""
    found: list[Range] = []
    if sys.platform == "linux":
        with suppress(OSError):
            for line in MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
                addresses, mode, *rest = line.split()
                if mode == "rw-p" and len(rest) == 3:  # offset, device, inode; no name
                    start, end = addresses.split("-")
                    found.append((int(start, 16), int(end, 16)))
    return found


def _without(ranges: list[Range], before: list[Range]) -> Iterator[Range]:
    """What is new: the kernel shows neighbours as one range, so an old one may have grown."""
    for start, end in ranges:
        at = start
        for old_start, old_end in before:
            if at < old_end and old_start < end:
                if at < old_start:
                    yield at, old_start
                at = max(at, old_end)
        if at < end:
            yield at, end


def _blocks(ranges: Iterator[Range], least_bytes: int) -> Iterator[Range]:
    for start, end in ranges:
        at = start
        while at + least_bytes <= end:
            size = _block_bytes(at)
            if least_bytes <= size <= min(end - at, SLACK * least_bytes):
                yield at, at + size
            at += max(size, mmap.PAGESIZE) if size <= end - at else mmap.PAGESIZE


def _block_bytes(at: int) -> int:
    """0 where none begins at this page."""
    word = ctypes.c_uint64.from_address(at + WORD_BYTES).value
    size = word - word % (FLAGS + 1)
    return size if word & FLAGS == IS_MMAPPED and size % mmap.PAGESIZE == 0 else 0


def _give_back(block: Range) -> None:
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    start, end = block
    zeros = bytes(LOOK_BYTES)
    for at in range(start + mmap.PAGESIZE, end, LOOK_BYTES):  # the first page holds the block's size
        size = min(LOOK_BYTES, end - at)
        if ctypes.string_at(at, size) == zeros[:size]:
            madvise(at, size, mmap.MADV_DONTNEED)
