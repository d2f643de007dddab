"""How much may be rendered in a while, whoever asks: a mod that goes wild must not keep a CPU busy, nor a paid server.

Pure; times come in as arguments.
"""

from __future__ import annotations

CHARS_A_S = 300.0  # twenty NPCs who speak without a break: nobody could listen to more
BURST_CHARS = 20_000.0  # a village of fifty that all answer at once, four sentences each


class RenderRate:
    """A purse of characters that fills by itself."""

    def __init__(self) -> None:
        self._left = BURST_CHARS
        self._then_s = 0.0

    def spend(self, chars: int, now_s: float) -> float:
        """0 where they may be rendered, else the seconds until they may: then nothing is spent."""
        self._left = min(BURST_CHARS, self._left + max(0.0, now_s - self._then_s) * CHARS_A_S)
        self._then_s = now_s
        if chars > self._left:
            return (chars - self._left) / CHARS_A_S
        self._left -= chars
        return 0.0
