"""llama-cpp-python's C API (`lib`): loaded once, its log off stderr, and a build that would crash refused.

Engine thread only. llama.cpp's log callback is one for the whole process; it is this module's for good, since a Python
callback that goes away before the library does crashes the process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from llm_agentd.errors import StartError

__all__ = ["check_build", "collected_errors", "lib"]

try:
    import llama_cpp as lib
except (AttributeError, ImportError, OSError, RuntimeError) as error:
    raise StartError(
        f"engine llama_native: llama-cpp-python does not load ({error}); pip install llama-cpp-python (it is "
        "compiled, so a C++ compiler is needed), or use engine llama"
    ) from error

ERROR = 4  # ggml_log_level
LINES_MAX = 20  # a broken file can log a line for each tensor
AMX_CURE = (
    'CMAKE_ARGS="-DCMAKE_C_FLAGS=-mno-amx-int8 -DCMAKE_CXX_FLAGS=-mno-amx-int8" '
    "pip install --force-reinstall --no-cache-dir llama-cpp-python"
)

_lines: list[str] = []


@lib.llama_log_callback  # type: ignore[untyped-decorator,unused-ignore]
def _collect(level: int, text: bytes, _data: object) -> None:
    """llama.cpp's log, off stderr: only errors are kept, for the message to the user."""
    if level == ERROR and len(_lines) < LINES_MAX:
        _lines.append(text.decode(errors="replace").strip())


lib.llama_log_set(_collect, ctypes.c_void_p(0))  # the callback is a module's, so it outlives every call
lib.llama_backend_init()


def check_build() -> None:
    """Refuses a build whose matrix product with AMX would crash the process. Raises StartError with the fix.

    The compiler takes AMX by itself where the processor has it (Sapphire Rapids and later); nothing at run time
    switches it off again.
    """
    if b"AMX_INT8 = 1" in lib.llama_print_system_info():
        raise StartError(
            "engine llama_native: llama-cpp-python is compiled with AMX, with which llama.cpp crashes "
            f"(ggml-org/llama.cpp#20824); reinstall it without: {AMX_CURE}"
        )


@contextmanager
def collected_errors() -> Iterator[list[str]]:
    """The error lines that llama.cpp logs inside the block."""
    _lines.clear()
    found: list[str] = []
    try:
        yield found
    finally:
        found += _lines
        _lines.clear()
