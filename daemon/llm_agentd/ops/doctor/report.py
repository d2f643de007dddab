"""The doctor's report for people: problems last, where a terminal shows them, each with its cure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from llm_agentd.ops.doctor.check import Check, State
from llm_agentd.util.terminal_text import plain

ORDER: tuple[State, ...] = ("ok", "warn", "fail")
MARKS: dict[State, str] = {"ok": "✓", "warn": "·", "fail": "✗"}
PLAIN_MARKS: dict[State, str] = {"ok": "ok", "warn": "!", "fail": "X"}  # for a terminal that is not UTF-8
COLOURS: dict[State, str] = {"ok": "\033[32m", "warn": "\033[33m", "fail": "\033[31m"}
RESET = "\033[0m"


def show(checks: Sequence[Check], out: TextIO) -> None:
    marks = MARKS if (out.encoding or "").lower().replace("-", "") == "utf8" else PLAIN_MARKS
    for state in ORDER:
        mark = f"{COLOURS[state]}{marks[state]}{RESET}" if out.isatty() else marks[state]
        for check in checks:
            if check.state == state:
                print(f"{mark} {check.subject}: {plain(check.found)}", file=out)
                if check.cure:
                    print(f"    {plain(check.cure)}", file=out)
    bad = sum(check.state == "fail" for check in checks)
    print(f"{bad} to mend." if bad else "All is well.", file=out)
