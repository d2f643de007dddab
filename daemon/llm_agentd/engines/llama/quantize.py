"""llama.cpp's own quantization, through cyllama, as a process of its own.

The native code knows no Ctrl-C, and a file that it stumbles over must not end whoever calls. It logs to stderr; what
went wrong stands on the last line, behind "error: ".
"""

from __future__ import annotations

import sys


def main(args: list[str]) -> int:
    """`SOURCE TARGET FILE_TYPE THREADS yes|no`; the file type is llama.cpp's number, the last word whether a quantized
    source is allowed.
    """
    source, target, file_type, threads, requantize = args
    try:
        from cyllama.llama import llama_cpp

        params = llama_cpp.LlamaModelQuantizeParams()
        params.ftype = int(file_type)
        params.nthread = int(threads)
        params.allow_requantize = requantize == "yes"
        llama_cpp.model_quantize(source, target, params)
    except (AttributeError, ImportError, OSError, RuntimeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
