"""Cuts words into what a filter of the guard reads at once: runs of plain letters and digits, and single characters.

Pure. Of such a run no character but the first can begin or end anything that a filter looks for, so the rest of it
costs one step and not one each. How words were cut into pieces changes nothing: a run that comes in two is read as one.
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"[A-Za-z0-9]+|.", re.DOTALL)


def runs_of(text: str) -> list[str]:
    return _RUNS.findall(text)
