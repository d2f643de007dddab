"""How many threads compute a model well. Pure but for asking how many cores there are."""

from __future__ import annotations

import os

import psutil

# Below this a layer takes microseconds, and threads spend longer meeting at its end than they save.
TINY_BELOW_PARAMETERS = 50_000_000
THREADS_MAX = 8  # decoding is bound by memory bandwidth long before


def is_tiny(parameters: int) -> bool:
    return parameters < TINY_BELOW_PARAMETERS


def pick_threads(parameters: int) -> int:
    """Physical cores among those this thread may use, bounded; one for a tiny model."""
    if is_tiny(parameters):
        return 1
    lent = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or lent, lent, THREADS_MAX))


def cpu_model(cpuinfo: str = "/proc/cpuinfo") -> str:
    """What the processor calls itself; "" where nobody says."""
    try:
        with open(cpuinfo, encoding="utf-8", errors="replace") as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        return ""


def ctransformers_build(cpuinfo: str = "/proc/cpuinfo") -> str | None:
    """Which of its CPU builds ctransformers should load; None = let it find out, which takes it a second."""
    try:
        with open(cpuinfo, encoding="ascii", errors="replace") as file:
            line = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return None
    flags = set(line.split())
    if not flags:
        return None
    if {"avx2", "fma", "f16c"} <= flags:
        return "avx2"
    return "avx" if {"avx", "f16c"} <= flags else "basic"
