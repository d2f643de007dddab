"""llama.cpp's own quantization, through whichever library is here, as a process of its own.

The native code knows no Ctrl-C, and a file that it stumbles over must not end whoever calls. It logs to stderr; what
went wrong stands on the last line, behind "error: ".
"""

from __future__ import annotations

import ctypes
import os
import sys


def main(args: list[str]) -> int:
    """`SOURCE TARGET FILE_TYPE THREADS yes|no`; the file type is llama.cpp's number, the last word whether a quantized
    source is allowed.
    """
    source, target, file_type, threads, requantize = args
    try:
        _quantize(source, target, int(file_type), int(threads), allow_requantize=requantize == "yes")
    except (AttributeError, ImportError, OSError, RuntimeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _quantize(source: str, target: str, file_type: int, threads: int, *, allow_requantize: bool) -> None:
    try:
        from cyllama.llama import llama_cpp
    except ImportError:
        import llama_cpp as lib

        native = lib.llama_model_quantize_default_params()
        native.ftype, native.nthread, native.allow_requantize = file_type, threads, allow_requantize
        if lib.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(native)):
            raise RuntimeError("llama.cpp says no more") from None
        return
    params = llama_cpp.LlamaModelQuantizeParams()
    params.ftype = file_type
    params.nthread = threads
    params.allow_requantize = allow_requantize
    llama_cpp.model_quantize(source, target, params)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
