"""How many threads compute a model well. Engine thread; looks only at which cores there are."""

from __future__ import annotations

from llm_agentd.util.cpus import available_cpus

# Below this a layer takes microseconds, and threads spend longer meeting at its end than they save.
TINY_BELOW_PARAMETERS = 50_000_000
THREADS_MAX = 8  # decoding is bound by memory bandwidth long before


def is_tiny(parameters: int) -> bool:
    return parameters < TINY_BELOW_PARAMETERS


def pick_threads(parameters: int) -> int:
    """Physical cores among those this thread may use, at most THREADS_MAX; one for a tiny model."""
    if is_tiny(parameters):
        return 1
    import psutil  # a megabyte, for a larger model

    allowed = len(available_cpus())
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed, THREADS_MAX))
