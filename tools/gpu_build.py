"""Builds llama.cpp for a GPU where there is no network, from a folder that tools/gpu_pack.py packed where there is one.

    python -m tools.gpu_build FOLDER TO [--device cpu] [--shapes 1b,8b] [--background]

Leaves in TO: llama-server and the libraries, the ctypes layer that belongs to them, what the daemon imports, random
models of the shapes, build.log, and built.json, which tools/gpu_bench.py waits for. Standard library only: what the
daemon needs is not there before. Knows no benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import site
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parent.parent
SOURCE, PREBUILT, WHEELS = "llama.cpp.tar.xz", "prebuilt.tar.xz", "wheels"
BUILT = "built.json"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
# No AMX: llama.cpp crashes with it, and the daemon refuses such a build. The GPU computes anyway.
CMAKE_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
)
COMMAND_CHARS = 600  # of a command in the log: one can name forty wheels
NICE = 5  # it may run beside another job
MODELS_BYTES = 8 << 30  # of the usual shapes; they lie in memory where there is room for twice as much


class BuildError(Exception):
    """What failed, and its cure."""


def build(folder: Path, to: Path, device: str, shapes: Sequence[str]) -> dict[str, Any]:
    """What is written to built.json. Never raises: what failed stands in `error`."""
    os.nice(NICE)
    seconds: dict[str, float] = {}
    built: dict[str, Any] = {"device": device, "error": "", "prebuilt": False, "models": {}, "seconds": seconds}
    built |= {"python_path": [str(REPO / "daemon"), str(to / "site"), str(to / "python")], "bin": str(to / "build/bin")}
    try:
        with phase("unpack", seconds):
            unpack(folder, to)
        models = start_models(to, shapes, built)
        try:
            with phase("compile", seconds):
                compile_llama(to, device)
        except BuildError as error:
            if not (to / PREBUILT).exists():
                raise
            print(f"{error}: taking what was built elsewhere", flush=True)
            with tarfile.open(to / PREBUILT) as archive:
                archive.extractall(built["bin"], filter="data")
            built |= {"prebuilt": True}
        with phase("models", seconds):
            for shape, child in models:
                if child.wait():
                    raise BuildError(f"no random model of shape {shape}: exit code {child.returncode}")
    except Exception as error:  # whoever waits for built.json must hear of it
        built["error"] = f"{type(error).__name__}: {error}"
    return built


def unpack(folder: Path, to: Path) -> None:
    with tarfile.open(folder / SOURCE) as archive:
        archive.extractall(to, filter="data")
    if (folder / PREBUILT).exists():  # `folder` may be gone when it is wanted, minutes later
        shutil.copy(folder / PREBUILT, to)
    wheels = sorted(map(str, (folder / WHEELS).glob("*.whl")))
    target = ["--no-index", "--no-deps", "--no-compile", "--no-cache-dir", "--upgrade", "--target", str(to / "site")]
    run([*PIP, "install", "-q", *target, *wheels])


def start_models(to: Path, shapes: Sequence[str], built: dict[str, Any]) -> list[tuple[str, subprocess.Popen[bytes]]]:
    """They are written beside the compiler; one that is there is taken as it is."""
    shared = Path("/dev/shm")
    has_room = shared.is_dir() and shutil.disk_usage(shared).free > 2 * MODELS_BYTES
    folder = shared / to.name if has_room else to / "models"
    folder.mkdir(parents=True, exist_ok=True)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(built["python_path"])}
    children = []
    for shape in shapes:
        path = folder / f"{shape}.gguf"
        built["models"][shape] = str(path)
        if not path.exists():
            command = [sys.executable, "-m", "llm_agentd.bench.random_model", str(path), "--shape", shape]
            children.append((shape, subprocess.Popen(command, env=environ)))
    return children


def compile_llama(to: Path, device: str) -> None:
    flags = [*CMAKE_FLAGS, *(cuda_flags() if device == "cuda" else ())]
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    run(["cmake", *generator, "-S", str(to / "llama.cpp"), "-B", str(to / "build"), *flags])
    run(["cmake", "--build", str(to / "build"), "-j", str(os.cpu_count()), "--target", "llama-server", "llama"])


def cuda_flags() -> list[str]:
    """For the card of this machine alone: each architecture more costs as much time again."""
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    if not Path(nvcc).exists():
        raise BuildError("no nvcc on the PATH and none in /usr/local/cuda; install CUDA's toolkit, or use --device cpu")
    flags = ["-DGGML_CUDA=ON", "-DGGML_CUDA_NCCL=OFF", f"-DCMAKE_CUDA_ARCHITECTURES={architecture()}"]
    flags.append(f"-DCMAKE_CUDA_COMPILER={nvcc}")
    toolkit = Path(nvcc).resolve().parent.parent
    return [*flags, *library_flags(toolkit, list(nvidia_folders())), *driver_flags(toolkit)]


def architecture() -> str:
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "native"
    return said.splitlines()[0].strip().replace(".", "") + "-real"


def nvidia_folders() -> Iterator[Path]:
    """Where CUDA's libraries lie that were installed as wheels, such as PyTorch's."""
    for packages in (*site.getsitepackages(), *sys.path):
        for name in ("nvidia/cu13", "nvidia/cublas", "nvidia/cuda_runtime"):
            if (Path(packages) / name).is_dir():
                yield Path(packages) / name


def library_flags(toolkit: Path, others: Iterable[Path]) -> list[str]:
    """Nothing for a whole toolkit. For one without cuBLAS, where that lies otherwise: wheels have no `lib….so`."""
    roots = [toolkit, toolkit / "targets/x86_64-linux", *others]
    if any((root / "include/cublas_v2.h").exists() for root in roots[:2]):
        return []
    flags = []
    for library in ("cublas", "cublasLt"):
        found = [path for root in roots for path in sorted(root.glob(f"lib*/lib{library}.so*"))]
        if found:
            flags.append(f"-DCUDA_{library}_LIBRARY={found[0]}")
    for root in roots[2:]:
        if (root / "include/cublas_v2.h").exists():
            return [*flags, f"-DCMAKE_CUDA_FLAGS=-I{root}/include", f"-DCMAKE_CXX_FLAGS=-I{root}/include"]
    return flags


def driver_flags(toolkit: Path) -> list[str]:
    """A toolkit made of parts may lack the stub of the driver to link with: then its virtual memory goes unused."""
    return [] if any(toolkit.rglob("stubs/libcuda.so")) else ["-DGGML_CUDA_NO_VMM=ON"]


def run(command: Sequence[str]) -> None:
    """Its output is ours. Raises BuildError."""
    print("$", shlex.join(command)[:COMMAND_CHARS], flush=True)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise BuildError(f"{command[0]}: {error}") from error
    if code:
        raise BuildError(f"{' '.join(command[:4])} … ended with exit code {code}")


@contextmanager
def phase(name: str, seconds: dict[str, float]) -> Iterator[None]:
    began_s = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = round(time.monotonic() - began_s, 1)
        print(f"== {name}: {seconds[name]} s", flush=True)


def in_background(to: Path) -> None:
    """Starts this very command once more, in a session of its own, so that it outlives the shell that began it."""
    args = [arg for arg in sys.argv[1:] if arg != "--background"]
    command = [sys.executable, "-m", "tools.gpu_build", *args]
    with (to / "build.log").open("wb") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    print(f"process {child.pid} builds in {to}: see build.log, and {BUILT} when it is done")


def main() -> int:
    parser = argparse.ArgumentParser(description="build llama.cpp for a GPU where there is no network")
    parser.add_argument("folder", type=Path, help="what tools/gpu_pack.py packed")
    parser.add_argument("to", type=Path)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--shapes", default="1b,8b", help="of the random models")
    parser.add_argument("--background", action="store_true", help="return at once; built.json says when it is done")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / BUILT).unlink(missing_ok=True)
    if options.background:
        in_background(options.to)
        return 0
    built = build(options.folder.absolute(), options.to.absolute(), options.device, options.shapes.split(","))
    part = options.to / f"{BUILT}.part"
    part.write_text(json.dumps(built, indent=1), encoding="utf-8")
    part.replace(options.to / BUILT)
    print(built["error"] or f"built in {options.to}", flush=True)
    return 1 if built["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
