"""How the C library holds memory that was freed: glibc's, by two calls; elsewhere they do nothing. Any thread.

A process of ours allocates much while it starts and little afterwards, has a dozen threads, and passes states of
megabytes from one to the other. By itself glibc gives each thread an arena of its own, where what is freed stays; and
after the first large block that is freed it takes those of that size from the arenas too.
"""

from __future__ import annotations

import ctypes
import platform

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of malloc.h
MAPPED_FROM_BYTES = 2**20  # a block of its own, which the kernel has back once it is freed; by mallopt it stays so
ARENAS = 2  # threads allocate under the interpreter's lock, but for the model's, which allocate next to nothing


def set_up() -> None:
    """At the start of a process, before it has threads."""
    if (library := _glibc()) is not None:
        library.mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
        library.mallopt(M_ARENA_MAX, ARENAS)


def trim() -> None:
    """Gives back what a start has freed."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
