"""llama-cpp-python's C API (`lib`): loaded once, its log off stderr, and a build that would crash refused.

Engine thread only. llama.cpp's log callback is one for the whole process; it is this module's for good, since a Python
callback that goes away before the library does crashes the process.
"""

from __future__ import annotations

import ctypes

from llm_agentd.engines.llama.ctypes_calls import ErrorLog
from llm_agentd.errors import StartError

__all__ = ["check_build", "collected_errors", "lib"]

try:
    import llama_cpp.llama_cpp as lib
except (AttributeError, ImportError, OSError, RuntimeError) as error:
    raise StartError(
        f"engine llama_native: llama-cpp-python does not load ({error}); pip install llama-cpp-python (it is "
        "compiled, so a C++ compiler is needed), or use engine llama"
    ) from error

AMX_CURE = (
    'CMAKE_ARGS="-DCMAKE_C_FLAGS=-mno-amx-int8 -DCMAKE_CXX_FLAGS=-mno-amx-int8" '
    "pip install --force-reinstall --no-cache-dir llama-cpp-python"
)

_log = ErrorLog()
_collect = lib.llama_log_callback(_log.collect)
collected_errors = _log.collected


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
