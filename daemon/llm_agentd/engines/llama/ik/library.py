"""ik_llama.cpp's C API through ctypes (`lib`), as PyPI's ik-llama-cpp-python brings it: found, checked and opened.

The package's own Python is not imported: it passes a vocabulary where this C API wants the model, and crashes. A
library with other structures than `llama_h` has would read and write beside them, so before anything else is called
`check_structs` has the library fill each of them and looks where it wrote.

Beside cyllama's and llama-cpp-python's llama.cpp in one process: RTLD_LOCAL keeps each copy's symbols to itself, and
RTLD_DEEPBIND has this one find its own first, whatever was opened before it. Engine thread only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from ctypes import c_int32, create_string_buffer
from ctypes import c_void_p as address
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from llm_agentd.engines.llama.ctypes_calls import ErrorLog
from llm_agentd.engines.llama.ik.llama_h import (
    FUNCTIONS,
    HEADER_SIZES,
    Batch,
    Candidates,
    ContextParams,
    LogCallback,
    ModelParams,
    TokenData,
)
from llm_agentd.errors import StartError
from llm_agentd.util.cpu_info import cpu_flags

PACKAGE, MODULE = "ik-llama-cpp-python", "ik_llama_cpp"
INSTALL = "pip install 'llm-agentd[ik]'"
NEEDED_FLAGS = frozenset({"avx2", "fma", "f16c"})  # the wheel is compiled for these and does not ask
MACHINES = frozenset({"x86_64", "AMD64"})
FILES = {"linux": "libllama.so", "darwin": "libllama.dylib", "win32": "llama.dll"}
GUARD_BYTES = 256  # behind each structure, to see whether the library writes further than it should


def open_library() -> ctypes.CDLL:
    path = _library_path()
    mode = getattr(os, "RTLD_NOW", 0) | getattr(os, "RTLD_LOCAL", 0) | getattr(os, "RTLD_DEEPBIND", 0)
    try:
        library = ctypes.CDLL(str(path), mode=mode)
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (AttributeError, OSError) as error:
        raise StartError(
            f"engine llama_ik: {PACKAGE} does not load ({error}); {INSTALL}, or use engine llama"
        ) from error
    check_structs(library)
    return library


def _library_path() -> Path:
    """Raises StartError where there is none, or none that this processor can run."""
    spec = find_spec(MODULE) if sys.modules.get(MODULE, True) is not None else None
    if spec is None or spec.origin is None:
        raise StartError(f"engine llama_ik: {PACKAGE} is not installed; {INSTALL}")
    missing = NEEDED_FLAGS - flags if (flags := cpu_flags()) else ()
    if platform.machine() not in MACHINES or missing:
        lacking = f"no {', '.join(sorted(missing))}" if missing else f"a {platform.machine()} processor"
        raise StartError(
            f"engine llama_ik: {PACKAGE} needs a PC processor with AVX2, here is {lacking}; use engine llama"
        )
    return Path(spec.origin).parent / "lib" / FILES.get(sys.platform, FILES["linux"])


def check_structs(library: ctypes.CDLL) -> None:
    """Raises StartError where the library's structures are not those above: then nothing of it may be called.

    A function that returns a structure this large is given, as a hidden first argument, where to write it. So it is
    called with memory of ours twice, filled with different bytes before: what is the same afterwards the library wrote.
    """
    token = (c_int32 * 1)(7)
    for struct, name, arguments in (
        (ModelParams, "llama_model_default_params", ()),
        (ContextParams, "llama_context_default_params", ()),
        (Batch, "llama_batch_get_one", (token, c_int32(1), c_int32(5), c_int32(3))),
    ):
        fill = ctypes.CFUNCTYPE(address, address, *map(type, arguments))((name, library))
        images = []
        room = HEADER_SIZES[struct] + GUARD_BYTES
        for byte in (b"\x00", b"\xa5"):
            memory = create_string_buffer(byte * room, room)
            fill(memory, *arguments)
            images.append(memory.raw)
        size = 1 + max((at for at, (one, other) in enumerate(zip(*images, strict=True)) if one == other), default=-1)
        _check_size(struct, -(-size // ctypes.alignment(struct)) * ctypes.alignment(struct))
    _check_meaning(library, token)


def _check_size(struct: Any, size: int) -> None:
    if not size == HEADER_SIZES[struct] == ctypes.sizeof(struct):
        raise StartError(
            f"engine llama_ik: {PACKAGE} {installed_version()} has a {struct.__name__} of {size} bytes, not "
            f"{HEADER_SIZES[struct]}: it is another version than this program knows; {INSTALL}, or use engine llama"
        )


def _check_meaning(library: ctypes.CDLL, token: Any) -> None:
    """Fields at the beginning, in the midst and at the end hold what llama.h says their defaults are."""
    model, context = library.llama_model_default_params(), library.llama_context_default_params()
    batch = library.llama_batch_get_one(token, 1, 5, 3)
    cells = (TokenData * 3)((0, 1.0, 0), (1, 3.0, 0), (2, 2.0, 0))
    found = (
        (model.use_mmap, model.use_mlock, model.vocab_only, model.dry_run),
        (context.n_ctx, context.n_seq_max, context.rope_scaling_type, context.type_k, context.type_v),
        (context.embeddings, context.offload_kqv, context.abort_callback),
        (batch.n_tokens, batch.token[0], batch.all_pos_0, batch.all_pos_1, batch.all_seq_id),
        library.llama_sample_token_greedy(None, Candidates(cells, 3, -1, False)),
    )
    if found != ((True, False, False, False), (512, 1, -1, 1, 1), (False, True, None), (1, 7, 5, 1, 3), 1):
        raise StartError(
            f"engine llama_ik: {PACKAGE} {installed_version()} has other structures than this program knows "
            f"({found}); {INSTALL}, or use engine llama"
        )


def installed_version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "of unknown version"


_log = ErrorLog()
_collect = LogCallback(_log.collect)
collected_errors = _log.collected


lib = open_library()
lib.llama_log_set(_collect, None)  # the callback is a module's, so it outlives every call
lib.llama_backend_init()
