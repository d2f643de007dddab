"""Which CPUs this process may use, on every system. Any thread."""

from __future__ import annotations

import os


def available_cpus() -> list[int]:
    """Their numbers, sorted. macOS pins no process to CPUs: there it is all of them."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    import psutil  # a megabyte, which Linux needs not

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        return sorted(process.cpu_affinity())
    return list(range(os.cpu_count() or 1))
