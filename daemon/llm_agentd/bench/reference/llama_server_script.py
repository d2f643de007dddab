"""Starts llama-server as the other side of a benchmark, and prints `ready http://127.0.0.1:PORT pid=N`.

    python llama_server_script.py MODEL.gguf --np 4 --threads 2 --port 8090 [--binary /path/to/llama-server]

Without --binary it is the server inside the wheel of xllamacpp, best in a virtual environment for it alone:
`python -m venv peer && peer/bin/pip install xllamacpp`, then run this file with peer/bin/python. So it imports nothing
of this project and no other package. All settings but those named are llama-server's own defaults.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

NICE = 10  # as the daemon's engine thread: on a busy machine the kernel must treat both alike
CONTEXT_TOKENS = 2048  # of one slot
HTTP_THREADS = 64  # one for each open request, or they would wait before accept()
ALL_LAYERS = 999  # more than any model has
POLL_S = 0.01
HOST = "127.0.0.1"


def main() -> int:
    parser = argparse.ArgumentParser(description="start llama-server for a benchmark")
    parser.add_argument("model", metavar="MODEL.gguf")
    parser.add_argument("--np", type=int, default=4, help="slots: requests computed at the same time")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--port", type=int, default=0, help="0 = any free port")
    parser.add_argument("--context-tokens", type=int, default=CONTEXT_TOKENS, help="of one slot")
    parser.add_argument("--http-threads", type=int, default=HTTP_THREADS)
    parser.add_argument("--gpu-layers", type=int, default=0, help="on the GPU; -1 = all")
    parser.add_argument("--binary", metavar="PATH", help="a llama-server, instead of the one in xllamacpp")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # leaves by `finally`, so that no server stays behind
    os.nice(NICE)
    options.port = options.port or _free_port()
    options.gpu_layers = ALL_LAYERS if options.gpu_layers < 0 else options.gpu_layers
    try:
        return _run_binary(options) if options.binary else _run_embedded(options)
    except KeyboardInterrupt:
        return 130


def _run_binary(options: argparse.Namespace) -> int:
    command = [options.binary, "--model", options.model, "--host", HOST, "--port", str(options.port)]
    command += ["--parallel", str(options.np), "--ctx-size", str(options.np * options.context_tokens)]
    command += ["--threads-http", str(options.http_threads), "--n-gpu-layers", str(options.gpu_layers)]
    command += ["--threads", str(options.threads), "--threads-batch", str(options.threads), "--log-disable"]
    # Its output goes to stderr: stdout carries the line `ready` alone.
    child = subprocess.Popen(command, stdout=sys.stderr)
    try:
        while not _answers(options.port):
            if child.poll() is not None:
                print(f"{options.binary} ended with exit code {child.returncode}", file=sys.stderr)
                return 1
            time.sleep(POLL_S)
        _print_ready(options.port, child.pid)
        return child.wait()
    finally:
        child.terminate()
        child.wait()


def _run_embedded(options: argparse.Namespace) -> int:
    try:
        import xllamacpp  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        print(f"no llama-server here: {sys.executable} -m pip install xllamacpp, or give --binary", file=sys.stderr)
        return 1
    params: Any = xllamacpp.CommonParams()
    params.model.path = options.model
    params.port = options.port
    params.n_parallel = options.np
    params.n_threads_http = options.http_threads
    params.n_gpu_layers = options.gpu_layers
    params.n_ctx = options.np * options.context_tokens
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.ui = False
    params.verbosity = 0
    server = xllamacpp.Server(params)  # returns when the model is loaded and warm
    _print_ready(options.port, os.getpid())
    try:
        while True:
            signal.pause()
    finally:
        del server


def _print_ready(port: int, pid: int) -> None:
    print(f"ready http://{HOST}:{port} pid={pid}", flush=True)


def _answers(port: int) -> bool:
    """True once the model is loaded; before that /health says 503, or nobody listens."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
