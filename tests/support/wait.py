"""Waiting for what another thread or process does, where it has no event to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_S = 15.0  # for what takes milliseconds: only a broken run gets there
LOOK_S = 0.005


def wait_until(is_so: Callable[[], object]) -> None:
    ends_s = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < ends_s, f"it never came to it: {is_so}"
        time.sleep(LOOK_S)
