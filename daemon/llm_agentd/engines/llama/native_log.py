"""Keeps llama.cpp's log off stderr, and what it says about a failure for the message to the user.

Its log callback is one for the whole process; so it is lent for the length of one native call and then switched off
(a Python callback that outlives its module brings the process down at exit). Engine thread only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cyllama.llama import llama_cpp

ERROR = 4  # ggml_log_level; warnings are 3
LINES_MAX = 20  # a broken file can log a line for each tensor


@contextmanager
def native_errors() -> Iterator[list[str]]:
    """Collects the error lines that llama.cpp logs inside the block; the log is off after it."""
    lines: list[str] = []

    def keep(level: int, text: str) -> None:
        if level == ERROR and len(lines) < LINES_MAX:
            lines.append(text.strip())

    llama_cpp.set_log_callback(keep)
    try:
        yield lines
    finally:
        llama_cpp.disable_logging()
