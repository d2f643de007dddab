"""How much memory this process may take, and may still take: what the machine has, and its control groups allow
(MemoryMax of a systemd unit, the limit of a container). Any thread; a call reads a few small files of the kernel.

What the kernel keeps of files counts as free, as it gives that back when somebody wants the room.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
MEMINFO = Path("/proc/meminfo")
KIB = 1024  # the unit of its figures
FILE_PAGES = ("inactive_file", "active_file")


def free_bytes(cgroups: Path = CGROUPS, own_cgroups: Path = OWN_CGROUPS) -> int:
    """Never below 0."""
    free = _of_machine("MemAvailable", "available")
    for folder in _folders(cgroups, own_cgroups):
        with suppress(OSError, ValueError):  # no such controller, or "max": no limit at this level
            free = min(free, _left_in(folder))
    return max(0, free)


def total_bytes(cgroups: Path = CGROUPS, own_cgroups: Path = OWN_CGROUPS) -> int:
    total = _of_machine("MemTotal", "total")
    for folder in _folders(cgroups, own_cgroups):
        with suppress(OSError, ValueError):
            total = min(total, _limit_of(folder))
    return total


def _of_machine(kernels: str, psutils: str) -> int:
    """The names of a figure in /proc/meminfo, and in psutil: a megabyte, which Linux needs not."""
    if sys.platform == "linux":
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * KIB for line in lines if line.startswith(f"{kernels}:"))
    import psutil

    return int(getattr(psutil.virtual_memory(), psutils))


def _folders(cgroups: Path, own_cgroups: Path) -> Iterator[Path]:
    """Of each group that this process is in, from its own up to the root; of version 2, and of version 1."""
    lines: list[str] = []
    with suppress(OSError):
        lines = own_cgroups.read_text(encoding="utf-8").splitlines()
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = cgroups / "memory" if controllers else cgroups
        folder = root / name.strip("/")
        yield from (folder, *(above for above in folder.parents if above.is_relative_to(root)))


def _left_in(folder: Path) -> int:
    is_v2 = _is_v2(folder)
    limit = _limit_of(folder)
    used = int(_read(folder / ("memory.current" if is_v2 else "memory.usage_in_bytes")))
    stat = dict(line.split() for line in _read(folder / "memory.stat").splitlines())
    return limit - used + sum(int(stat.get(name if is_v2 else f"total_{name}", 0)) for name in FILE_PAGES)


def _limit_of(folder: Path) -> int:
    return int(_read(folder / ("memory.max" if _is_v2(folder) else "memory.limit_in_bytes")))


def _is_v2(folder: Path) -> bool:
    return (folder / "memory.max").exists()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii")
