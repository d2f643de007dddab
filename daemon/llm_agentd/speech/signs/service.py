"""Pictures of signs for the HTTP process: asked of a child that draws them (`child.py`), and kept.

Runs on the event loop. The child starts at the first picture that is not kept, ends after some idle minutes, and is
killed where it does not answer; the next picture starts another. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import sys
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson

from llm_agentd.errors import BadRequest, Overloaded, Unavailable

log = logging.getLogger(__name__)

KEPT_MAX_BYTES = 2 * 1024 * 1024  # a thousand words: all names of a world
WAITING_MAX = 64  # pictures that wait for the child: it draws a hundred a second
ANSWER_MAX_S = 10.0  # of one picture, which takes 10 ms, on a machine as busy as may be
START_MAX_S = 60.0  # of a child on a slow disk
IDLE_S = 300.0
RETRY_AFTER_MS = 5000

CURE = "pip install 'llm-agentd[signs]' where the daemon runs, and start it again"
COMMAND = (sys.executable, "-m", "llm_agentd.speech.signs.child")


def is_installed() -> bool:
    return importlib.util.find_spec("signwriting") is not None


class SignPictures:
    """`picture` and `close` from one event loop."""

    def __init__(self, command: Sequence[str] = COMMAND, *, answer_max_s: float = ANSWER_MAX_S) -> None:
        """`command`: of the child; tests give others."""
        self._command = command
        self._answer_max_s = answer_max_s
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()  # of the child: one picture at a time
        self._waiting = 0
        self._idle: asyncio.TimerHandle | None = None
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self.kept_bytes = 0

    @property
    def child_pid(self) -> int | None:
        return self._child.pid if self._child else None

    async def picture(self, text: str, lang: str, height: int) -> bytes:
        """A PNG. Raises BadRequest where no letter has a sign, Unavailable without the package, Overloaded."""
        key = (text, lang, height)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        if self._waiting >= WAITING_MAX:
            raise Overloaded(f"{WAITING_MAX} pictures of signs wait to be drawn", retry_after_ms=RETRY_AFTER_MS)
        self._waiting += 1
        try:
            async with self._lock:
                picture = self._kept.get(key) or await self._drawn({"text": text, "lang": lang, "height": height})
        finally:
            self._waiting -= 1
        self._keep(key, picture)
        return picture

    async def close(self) -> None:
        child, self._child = self._child, None
        if self._idle:
            self._idle.cancel()
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    def _keep(self, key: tuple[str, str, int], picture: bytes) -> None:
        if key not in self._kept:
            self._kept[key] = picture
            self.kept_bytes += len(picture)
        while self.kept_bytes > KEPT_MAX_BYTES:
            self.kept_bytes -= len(self._kept.popitem(last=False)[1])

    async def _drawn(self, asked: dict[str, Any]) -> bytes:
        try:
            child = self._child or await self._started()
            answer, picture = await asyncio.wait_for(_ask(child, asked), self._answer_max_s)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            await self.close()
            log.warning("the process that draws signs broke or hung (%s); the next picture starts another", error)
            message = "the process that draws signs broke or hung; try again"
            raise Unavailable(message, retry_after_ms=RETRY_AFTER_MS) from None
        except asyncio.CancelledError:  # its answer would be read as the next one's
            await self.close()
            raise
        self._end_when_idle()
        if "error" in answer:
            raise BadRequest(answer["error"])
        return picture

    async def _started(self) -> asyncio.subprocess.Process:
        if not is_installed():
            raise Unavailable(f"signs need the Python package signwriting: {CURE}")
        pipe = asyncio.subprocess.PIPE
        self._child = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)
        await asyncio.wait_for(_line(self._child), START_MAX_S)
        return self._child

    def _end_when_idle(self) -> None:
        if self._idle:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._end_idle)

    def _end_idle(self) -> None:
        child = self._child
        if child is not None and not self._lock.locked():
            self._child = None
            assert child.stdin is not None
            child.stdin.close()  # it ends by itself, and asyncio takes its exit code


async def _ask(child: asyncio.subprocess.Process, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(orjson.dumps(asked) + b"\n")
    await child.stdin.drain()
    answer = await _line(child)
    return answer, await child.stdout.readexactly(answer.get("bytes", 0))


async def _line(child: asyncio.subprocess.Process) -> dict[str, Any]:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise EOFError("it ended")
    return dict(orjson.loads(line))
