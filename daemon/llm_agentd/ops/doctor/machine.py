"""The machine: its clock, memory and CPUs. `judge` is pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llm_agentd.config import Config, state_dir
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.models.words import size_words
from llm_agentd.util.cpus import available_cpus
from llm_agentd.util.free_memory import free_bytes, total_bytes

SUBJECT = "machine"
CLOCK_SLACK_S = 3600.0  # files of another machine, summer time set by hand
MEMORY_LOW = 0.05  # of all: from here on the kernel begins to kill


@dataclass(frozen=True, slots=True)
class Facts:
    """`program_s`: when this program's files were written; `newest_s`: the newest of the state folder. Since 1970.

    `total`, `available`: bytes of memory, as far as this process may take them.
    """

    now_s: float
    program_s: float
    newest_s: float
    total: int
    available: int
    cpus: int
    threads: int | None


def look(config: Config, environ: Mapping[str, str]) -> Facts:
    newest_s = 0.0
    with suppress(OSError):
        newest_s = max((one.lstat().st_mtime for one in state_dir(environ).iterdir()), default=0.0)
    return Facts(
        now_s=time.time(),
        program_s=Path(__file__).stat().st_mtime,
        newest_s=newest_s,
        total=total_bytes(),
        available=free_bytes(),
        cpus=len(available_cpus()),
        threads=config.model.threads,
    )


def judge(facts: Facts) -> Iterator[Check]:
    now = f"{datetime.fromtimestamp(facts.now_s, UTC):%Y-%m-%d %H:%M} UTC"
    cure = "Set the clock (timedatectl set-ntp true): ages of memories and cached replies go by it."
    if facts.now_s < facts.program_s - CLOCK_SLACK_S:
        yield fail(SUBJECT, "clock", f"The clock says {now}, which is before this program was installed", cure)
    elif facts.now_s < facts.newest_s - CLOCK_SLACK_S:
        yield warn(SUBJECT, "clock", f"The clock says {now}, and the state folder holds files of a later time", cure)
    else:
        yield ok(SUBJECT, "clock", f"The clock says {now}")
    free = f"{size_words(facts.available)} of {size_words(facts.total)} memory are free"
    if facts.available < MEMORY_LOW * facts.total:
        yield warn(SUBJECT, "memory", f"Only {free}", "End something, or take a smaller model: llm-agentd model list.")
    else:
        yield ok(SUBJECT, "memory", free)
    if facts.threads and facts.threads > facts.cpus:
        found = f"model.threads is {facts.threads}, and the daemon may use {facts.cpus} CPUs"
        yield warn(SUBJECT, "threads", found, "Take model.threads out: the daemon finds what is fastest.")
    else:
        yield ok(SUBJECT, "threads", f"{facts.cpus} CPUs")
