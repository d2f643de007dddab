"""The log of a real game server, read while the server writes it: what tests wait for, and what they assert.

Every wait has a deadline and ends early when the server does; it fails with the end of the log. Knows the engine's
words for an error, nothing of NPCs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from llm_agentd.demo.game import Game

WAIT_S = 60.0  # what takes 3 s alone may take 20 where two cores are busy
POLL_S = 0.05  # the log is a file: nothing tells us that it has grown
TAIL_LINES = 20


class GameLog:
    """The lines so far. `expect` reads forward: each goes on behind the line that the last one found."""

    def __init__(self, game: Game) -> None:
        self.lines: list[str] = []
        self._game = game
        self._expected = 0  # the lines up to here are behind `expect`

    def read(self) -> list[str]:
        """Takes in what the log has gained; returns that."""
        new = list(self._game.new_lines())
        self.lines += new
        return new

    def wait_for(self, what: str, condition: Callable[[], object], wait_s: float = WAIT_S) -> None:
        """Reads on until the condition holds."""
        deadline_s = time.monotonic() + wait_s
        while True:
            alive = self._game.running()  # asked first: a server that has ended has written all its lines
            self.read()
            if condition():
                return
            if not alive or time.monotonic() > deadline_s:
                why = f"after {wait_s:.0f} s" if alive else "and the server has ended"
                pytest.fail(f"no {what} {why}; its log ends:\n" + "\n".join(self.lines[-TAIL_LINES:]))
            time.sleep(POLL_S)

    def wait_for_end(self, wait_s: float) -> None:
        """Reads on until the server has ended by itself."""
        self.wait_for("end of the server", lambda: not self._game.running(), wait_s)
        self.read()

    def expect(self, pattern: str | re.Pattern[str], wait_s: float = WAIT_S) -> re.Match[str]:
        """The next line that matches."""
        wanted = re.compile(pattern)
        found: list[re.Match[str]] = []

        def search() -> bool:
            while self._expected < len(self.lines) and not found:
                found.extend(filter(None, [wanted.search(self.lines[self._expected])]))
                self._expected += 1
            return bool(found)

        self.wait_for(f"line with {wanted.pattern!r}", search, wait_s)
        return found[0]

    def has(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def matches(self, pattern: str | re.Pattern[str]) -> list[re.Match[str]]:
        """What of the lines so far matches, in their order."""
        return [found for line in self.lines if (found := re.search(pattern, line))]

    def errors(self, *, daemon_away: bool = False) -> list[str]:
        """All errors. `daemon_away`: without what curl says of an HTTP adapter that is not there, or answers 503."""
        self.read()
        ignored = "ERROR[CurlFetch]" if daemon_away else None
        return [line for line in self.lines if "ERROR[" in line and not (ignored and ignored in line)]
