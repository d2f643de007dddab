"""How busy the GPU is and how much of its memory is taken, asked of nvidia-smi twice a second.

By it can be seen that the GPU computes, and not the processor. Where there is no nvidia-smi there are no figures.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

COMMAND = ("nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-lms", "500")


class GpuWatch:
    """Watches as long as the block runs."""

    def __enter__(self) -> GpuWatch:
        self._folder = tempfile.TemporaryDirectory()
        self._samples = Path(self._folder.name) / "samples"
        self._child: subprocess.Popen[bytes] | None = None
        if shutil.which(COMMAND[0]):
            with self._samples.open("wb") as file:
                self._child = subprocess.Popen(COMMAND, stdout=file, stderr=subprocess.DEVNULL)
        return self

    def figures(self) -> dict[str, float]:
        """Of the time since the block began."""
        return gpu_figures(self._samples.read_text(encoding="utf-8")) if self._samples.exists() else {}

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait()
        self._folder.cleanup()


def gpu_figures(samples: str) -> dict[str, float]:
    """Of lines `percent, MiB`; those that are cut short or say [N/A] do not count."""
    rows = [[cell.strip() for cell in line.split(",")] for line in samples.splitlines()]
    whole = [(float(row[0]), float(row[1])) for row in rows if len(row) == 2 and all(cell.isdigit() for cell in row)]
    if not whole:
        return {}
    return {"busy_percent": round(statistics.mean(one[0] for one in whole)), "memory_mib": max(one[1] for one in whole)}
