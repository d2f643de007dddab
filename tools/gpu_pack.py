"""Packs what a machine with a GPU and without a network needs to build and measure: tools/gpu_build.py, gpu_bench.py.

    python -m tools.gpu_pack FOLDER [--python 3.12] [--prebuilt BIN]

llama.cpp's source, as the source package of llama-cpp-python carries it, without what neither a CPU nor CUDA needs;
and the wheels of what a daemon runs with. 12 MB in all. Needs a network, and the packages of development.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement

from tools.gpu_build import PIP, PREBUILT, REPO, SOURCE, WHEELS, BuildError, run

# Of the source package of llama-cpp-python: what a build with a CPU and CUDA needs, without other kinds of machines.
KEPT = (
    "CMakeLists.txt",
    "LICENSE",
    "licenses",
    "cmake",
    "include",
    "src",
    "common",
    "vendor",
    "ggml",
    "tools",
    "scripts",
)
DROPPED = re.compile(
    r"ggml/src/ggml-(sycl|vulkan|opencl|hexagon|metal|et|webgpu|openvino|cann|virtgpu|rpc|zdnn|zendnn|blas|hip|musa)/"
    r"|tools/ui/(src|tests|static)/|tools/server/(tests|bench)/|\.(md|png|jpg)$|package-lock\.json$|^scripts/(?!.*\.cmake$)"
)
# Not packed: large, and either not needed for llama_native or a part of every Python that computes.
NOT_PACKED = ("cyllama", "ctransformers", "hf-xet", "numpy", "uvloop", "pyyaml", "psutil", "pygments")
EXTRA = ("gguf", "diskcache")  # of random models, and of llama-cpp-python
GLIBCS = (28, 27, 26, 24, 17)  # pip matches a wheel's glibc exactly


def pack(folder: Path, python: str, prebuilt: Path | None) -> None:
    pins = read_pins((REPO / "constraints.txt").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        name = f"llama-cpp-python=={pins['llama-cpp-python']}"
        run([*PIP, "download", "-q", "--no-deps", "--no-binary=:all:", "-d", scratch, name])
        (archive,) = Path(scratch).glob("*.tar.gz")
        pack_source(archive, folder / SOURCE)
    if prebuilt is not None:
        with tarfile.open(folder / PREBUILT, "w:xz", preset=9) as out:
            for path in [*sorted(prebuilt.glob("lib*.so*")), prebuilt / "llama-server"]:
                out.add(path, path.name)
    shutil.rmtree(folder / WHEELS, ignore_errors=True)
    download_wheels(folder / WHEELS, python, pins)
    print(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:.1f} MB")


def read_pins(text: str) -> dict[str, str]:
    """The versions of a file of constraints."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text.lower(), re.MULTILINE))


def pack_source(archive: Path, to: Path) -> None:
    with tarfile.open(archive) as source, tarfile.open(to, "w:xz", preset=9) as out:
        for member in source:
            kept = kept_as(member.name)
            if kept and member.isfile():
                member.name = kept
                member.pax_headers = {}  # which hold a long name as it was, and would win
                out.addfile(member, source.extractfile(member))


def kept_as(name: str) -> str | None:
    """The name in our archive of a file of the source package; None: it is left out."""
    path = PurePosixPath(*PurePosixPath(name).parts[1:])
    if path.parts[:1] == ("llama_cpp",):
        return f"python/{path}" if path.suffix == ".py" else None
    if path.parts[:2] != ("vendor", "llama.cpp") or len(path.parts) < 3:
        return None
    inside = PurePosixPath(*path.parts[2:])
    return f"llama.cpp/{inside}" if inside.parts[0] in KEPT and not DROPPED.search(str(inside)) else None


def download_wheels(to: Path, python: str, pins: dict[str, str]) -> None:
    """What a daemon runs with, for another Python than this one. A line that does not hold there brings nothing."""
    text = (REPO / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    wanted = [name for name in wanted_packages(text, python) if name not in NOT_PACKED]
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in GLIBCS]
    platforms += ["--platform=manylinux2014_x86_64", "--platform=manylinux1_x86_64"]
    command = [*PIP, "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(to), f"--python-version={python}"]
    run([*command, "--implementation=cp", *platforms, *(f"{name}=={pins[name]}" for name in (*wanted, *EXTRA))])


def wanted_packages(text: str, python: str) -> list[str]:
    """The names in requirements/runtime.txt that CPython `python` on Linux and x86-64 needs."""
    machine = {
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
        "sys_platform": "linux",
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    lines = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"\w", line)]
    return list(dict.fromkeys(one.name for one in lines if one.marker is None or one.marker.evaluate(machine)))


def main() -> int:
    parser = argparse.ArgumentParser(description="pack what a machine with a GPU and without a network needs")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default="3.12", help="of that machine")
    parser.add_argument(
        "--prebuilt", type=Path, metavar="BIN", help="`bin` of a build, for where the build there fails"
    )
    options = parser.parse_args()
    try:
        pack(options.folder, options.python, options.prebuilt)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
