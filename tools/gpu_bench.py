"""Runs decode, village and warm on a GPU with what tools/gpu_build.py built, and leaves figures and plots in a folder.

    python -m tools.gpu_bench OUT --built TO [--seconds 380] [--dry-run]

One call, so many seconds: each measurement has a limit of its own, and one that fails or hangs costs its own table
only. OUT/gpu.json is written anew after each; OUT/log.txt has all they print. Ends with exit code 1 and a line for each
that failed. It calls `llm-agentd bench` and knows no benchmark from inside.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from tools.gpu_build import BUILT, REPO, nvidia_folders
from tools.gpu_plots import draw
from tools.gpu_watch import GpuWatch

SECONDS = 380
BUILD_LINES = 60  # of build.log, printed where the build failed
RESERVE_S = 12  # for the plots
LEAST_S = 40  # a measurement that would get less is left out
POLL_S = 0.5
LIMITS_S = {"village": 115, "decode": 110, "warm": 90}  # half again what each was thought to take
USUAL = {"sequences": (8, 16, 32, 64), "village": ("--requests", "200", "--drain", "96", "--saturate-s", "6")}
DRY_RUN = {"sequences": (2, 4), "village": ("--requests", "12", "--drain", "4", "--saturate-s", "2")}


@dataclass(frozen=True, slots=True)
class Step:
    """One call of `llm-agentd bench`."""

    bench: str
    shape: str
    sequences: str
    args: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.bench} {self.shape} at {self.sequences}"


def steps(built: Mapping[str, Any], plan: Mapping[str, Any]) -> list[list[Step]]:
    """In order of worth: the largest model, which is named last, first. Those of one list run side by side."""
    sequences: Sequence[int] = plan["sequences"]
    widths = ",".join(map(str, sequences))
    server = str(Path(built["bin"]) / "llama-server")
    shapes = list(reversed(built["models"]))

    def village(shape: str, width: int) -> list[Step]:
        args = ("--sequences", str(width), "--peer-binary", server, "--set", f"batch.size={width}", *plan["village"])
        return [Step("village", shape, str(width), args)]

    in_turn: list[list[Step]] = []
    for shape in shapes:
        decode = ("--sequences", widths, "--rounds", "1", "--set", "model.context_tokens=512")
        in_turn += [village(shape, sequences[-1]), [Step("decode", shape, widths, decode)]]
    # They mostly sleep, as long as a player types.
    in_turn.append([Step("warm", shape, "1", ("--rounds", "1")) for shape in shapes])
    return [*in_turn, *(village(shape, sequences[-1] // 4 or 1) for shape in shapes)]


class Run:
    """Does the steps one after the other and keeps what came of them."""

    def __init__(self, out: Path, built: Mapping[str, Any], ends_s: float, log: IO[bytes]) -> None:
        self._out, self._built, self._ends_s, self._log = out, built, ends_s, log
        self._began_s = time.monotonic()
        self.results: list[dict[str, Any]] = []

    def do(self, group: Sequence[Step]) -> None:
        limit_s = min(LIMITS_S[group[0].bench], self._ends_s - RESERVE_S - time.monotonic())
        if limit_s < LEAST_S:
            self.results += [_result(step, "left out: no time was left") for step in group]
        else:
            with tempfile.TemporaryDirectory() as folder:
                self._side_by_side(group, limit_s, Path(folder))
        self.write()

    def _side_by_side(self, group: Sequence[Step], limit_s: float, folder: Path) -> None:
        began_s = time.monotonic()
        with GpuWatch() as watch:
            children = [(step, self._start(step, folder / f"{step.shape}.json")) for step in group]
            for step, child in children:
                error = _wait(child, began_s + limit_s - time.monotonic())
                seconds = round(time.monotonic() - began_s, 1)
                result = _result(step, error) | {"seconds": seconds, "gpu": watch.figures()}
                written = folder / f"{step.shape}.json"
                if written.exists():
                    result["report"] = json.loads(written.read_bytes())
                self.results.append(result)
                self._say(f"{step.name}: {error or 'done'} after {seconds} s; GPU {result['gpu']}")

    def _start(self, step: Step, written: Path) -> subprocess.Popen[bytes]:
        layers = "all" if self._built["device"] == "cuda" else "0"
        command = [sys.executable, "-m", "llm_agentd", "bench", step.bench, "--json", str(written), *step.args]
        command += ["--set", f"model.path={self._built['models'][step.shape]}", "--set", "model.engine=llama_native"]
        command += ["--set", f"model.gpu_layers={layers}"]
        self._say(f"$ {shlex.join(command)}")
        return subprocess.Popen(
            command, stdout=self._log, stderr=self._log, env=environment(self._built), start_new_session=True
        )

    def _say(self, line: str) -> None:
        line = f"[{time.monotonic() - self._began_s:5.0f} s] {line}"
        print(line, flush=True)
        self._log.write(f"{line}\n".encode())
        self._log.flush()

    def write(self) -> None:
        report = {"machine": machine(), "build": self._built, "steps": self.results}
        (self._out / "gpu.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


def _result(step: Step, error: str) -> dict[str, Any]:
    return asdict(step) | {"error": error}


def _wait(child: subprocess.Popen[bytes], timeout_s: float) -> str:
    """What went wrong; "" for nothing. One that takes too long is ended with all that it started."""
    try:
        code = child.wait(max(0.0, timeout_s))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return "ended at its limit"
    return f"exit code {code}" if code else ""


def environment(built: Mapping[str, Any]) -> dict[str, str]:
    """The daemon's: our packages before the machine's, and the libraries that were built."""
    libraries = [built["bin"], *(str(folder / "lib") for folder in nvidia_folders())]
    known = os.environ.get("LD_LIBRARY_PATH")
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(built["python_path"]),
        "LLAMA_CPP_LIB_PATH": built["bin"],
        "LD_LIBRARY_PATH": os.pathsep.join([*libraries, *([known] if known else [])]),
        # Some compilers put a libstdc++ of their own into each library; beside the one that pyzmq brings, whichever
        # comes second crashes. Loaded before both, the machine's is everybody's.
        "LD_PRELOAD": "libstdc++.so.6",
        "PYTHONUNBUFFERED": "1",
    }


def machine() -> dict[str, Any]:
    found: dict[str, Any] = {"cpus": os.cpu_count(), "python": platform.python_version()}
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
        found["gpu"] = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    return found


def wait_for_build(to: Path, ends_s: float) -> dict[str, Any]:
    """built.json, once it is there. Raises SystemExit with the end of the log where it is not there in time, or says
    why it is of no use."""
    while not (to / BUILT).exists() and time.monotonic() < ends_s:
        time.sleep(POLL_S)
    built: dict[str, Any] = json.loads((to / BUILT).read_bytes()) if (to / BUILT).exists() else {"error": "not done"}
    if built["error"]:
        log = to / "build.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-BUILD_LINES:] if log.exists() else []
        raise SystemExit("\n".join([*lines, f"the build in {to} is of no use: {built['error']}"]))
    return built


def main() -> int:
    parser = argparse.ArgumentParser(description="decode, village and warm on a GPU")
    parser.add_argument("out", type=Path)
    parser.add_argument("--built", type=Path, required=True, help="where tools/gpu_build.py built")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for all, waiting for the build included")
    parser.add_argument("--dry-run", action="store_true", help="few requests, few sequences: to see whether it runs")
    options = parser.parse_args()
    ends_s = time.monotonic() + options.seconds
    options.out.mkdir(parents=True, exist_ok=True)
    out = options.out.absolute()
    built = wait_for_build(options.built, ends_s - RESERVE_S - LEAST_S)
    os.chdir(REPO)
    print(f"built in {built['seconds']}, prebuilt: {built['prebuilt']}", flush=True)
    with (out / "log.txt").open("wb") as log:
        run = Run(out, built, ends_s, log)
        for group in steps(built, DRY_RUN if options.dry_run else USUAL):
            run.do(group)
    draw(run.results, out)
    failed = [one for one in run.results if one["error"]]
    for one in failed:
        print(f"FAILED {one['bench']} {one['shape']} at {one['sequences']}: {one['error']}; see log.txt")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
