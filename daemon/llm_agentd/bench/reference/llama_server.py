"""Starts llama-server for a benchmark, with the model, the threads and the context that the daemon has.

llama_server_script.py does the starting, in a process of its own with a Python that may know nothing of this project.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llm_agentd.bench.result import Options
from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.gguf import read_header
from llm_agentd.engines.threads import pick_threads
from llm_agentd.ops.harness import free_port, process

SCRIPT = Path(__file__).with_name("llama_server_script.py")
SPARE_HTTP_THREADS = 16  # beside one for each client: requests wait in the server's queue, not before accept()
CONTEXT_TOKENS = 512  # of a sequence, for both sides: a prompt of 310 tokens, 32 more, and room


@contextmanager
def llama_server(config: Config, options: Options, *, slots: int) -> Iterator[tuple[str, int]]:
    """A llama-server that computes `slots` requests at the same time: `(url, pid)`. It ends with the block."""
    model = config.model.path or EMBEDDED_MODEL
    threads = config.model.threads or pick_threads(read_header(model).parameters)
    port = free_port()
    args = [str(SCRIPT), str(model), "--np", str(slots), "--threads", str(threads), "--port", str(port)]
    args += ["--context-tokens", str(CONTEXT_TOKENS), "--gpu-layers", str(config.model.gpu_layers)]
    args += ["--http-threads", str(options.clients + options.busy_requests + SPARE_HTTP_THREADS)]
    if options.llama_server_binary is not None:
        args += ["--binary", str(options.llama_server_binary)]
    with process(args, "ready ", python=str(options.llama_server_python or sys.executable)) as child:
        yield f"http://127.0.0.1:{port}", child.pid
