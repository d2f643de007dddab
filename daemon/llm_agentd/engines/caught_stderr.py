"""Holds back what native code prints to stderr, for libraries that report their errors only there. Engine thread only.

File descriptor 2 belongs to the whole process: what other threads print meanwhile is held back too, so this is for
short calls, and the caller passes on whatever turns out not to be the library's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def caught_stderr() -> Iterator[list[str]]:
    """Afterwards the list holds one string: all that was printed inside the block."""
    printed: list[str] = []
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            try:
                yield printed
            finally:
                os.dup2(kept, 2)
                file.seek(0)
                printed.append(file.read().decode(errors="replace"))
    finally:
        os.close(kept)


def pass_on(printed: list[str]) -> None:
    """Prints it after all."""
    if printed and printed[0]:
        os.write(2, printed[0].encode())
