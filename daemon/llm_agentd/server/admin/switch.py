"""The master switch: off, no model is called for anybody, here or elsewhere, until somebody switches it on again.

Router thread. Kept in a file of the state folder, so that a restart changes nothing. It only says whether calls may be
made: the pipeline asks before anything else is done for a request, and the engine loop is told, so that nothing gets
past it that comes from elsewhere (memory's summaries, tests of the model). The file is written on a thread of its own:
the switch holds at once, and its answer comes when it is kept.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.errors import EngineFailed, SwitchedOff
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import rfc3339

log = logging.getLogger(__name__)

FILE_NAME = "switch.json"  # in the state folder
DAMAGED = "the daemon, as its file is damaged"  # `by`: nobody may be called by mistake


class MasterSwitch:
    """`path` None: it is kept nowhere. `on_change` is told whether it is on."""

    def __init__(self, path: Path | None, *, now_s: Callable[[], float] = steady_time_s) -> None:
        self._path = path
        self._now_s = now_s
        self._state: dict[str, Any] = _read(path) or {"on": True, "since": None, "by": None}
        self._writing = threading.Lock()  # the file is written in the order of switching
        self.is_on: bool = self._state["on"]

    def view(self) -> dict[str, Any]:
        return dict(self._state)

    def check(self) -> None:
        """Raises SwitchedOff."""
        if not self.is_on:
            raise self.refusal()

    def refusal(self) -> SwitchedOff:
        by = f" ({self._state['by']})" if self._state["by"] else ""
        return SwitchedOff(
            f"switched off by an admin{by} since {self._state['since']}; switch it on in the dashboard, with"
            " `llm-agentd switch on`, or with /llm on all"
        )

    def set(self, *, on: bool, by: str | None, on_kept: Callable[[EngineFailed | None], None]) -> None:
        """Holds at once. `on_kept` is called when it is on the disk, or with what went wrong there, on any thread."""
        self.is_on = on
        self._state = {"on": on, "since": rfc3339(self._now_s()), "by": by}
        content, path = orjson.dumps(self._state), self._path
        if path is None:
            on_kept(None)
            return
        # A daemon thread: a disk that hangs must not keep the program from ending.
        threading.Thread(target=self._keep, args=(path, content, on_kept), name="switch", daemon=True).start()

    def _keep(self, path: Path, content: bytes, on_kept: Callable[[EngineFailed | None], None]) -> None:
        try:
            with self._writing:
                _write(path, content)
        except OSError as error:
            log.error("the master switch is not kept over a restart: %s: %s", path, error.strerror)
            on_kept(EngineFailed(f"it is switched, but a restart forgets it: {path}: {error.strerror}"))
            return
        on_kept(None)


def _read(path: Path | None) -> dict[str, Any] | None:
    """None where it was never switched. A file that says nothing clear is an off: calls cost, silence does not."""
    if path is None:
        return None
    try:
        state = orjson.loads(path.read_bytes())
        if isinstance(state["on"], bool):
            return {"on": state["on"], "since": state.get("since"), "by": state.get("by")}
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError):
        pass
    log.error("%s is damaged: no model is called until `llm-agentd switch on`", path)
    return {"on": False, "since": None, "by": DAMAGED}


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, for its owner alone. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)  # left by a crash, or put there by somebody else
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
