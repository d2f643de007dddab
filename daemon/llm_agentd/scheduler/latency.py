"""What work costs on this machine, learned while it runs; so that what cannot be done in time is told so at once.

Pure: seconds and tokens come in, a forecast goes out. One writer (the engine thread); knows no clock and no queue.
"""

from __future__ import annotations

MEMORY = 0.2  # weight of the newest observation: a machine that got slower is known after about ten
OUTLIER = 4.0  # times the mean is the most that one observation counts for: a machine that slept is not slow
REPLIES_MIN = 4  # nobody is refused on a guess
# Of the forecast: replies differ in length, coalesced cost nothing. What is refused would have been late all the same.
OPTIMISM = 0.7


class LatencyEstimate:
    """Moving means of a decode step by width, of a prompt token, and of what a reply needs."""

    def __init__(self) -> None:
        self._step_s: dict[int, float] = {}
        self._prompt_token_s = 0.0
        self._prompt_tokens = 0.0
        self._reply_tokens = 0.0
        self._replies = 0

    def stepped(self, width: int, seconds: float) -> None:
        """A decode step gave `width` sequences a token."""
        self._step_s[width] = _mean(self._step_s.get(width, seconds), seconds)

    def prompted(self, tokens: int, seconds: float) -> None:
        """So many tokens of prompts were computed."""
        each_s = seconds / tokens
        self._prompt_token_s = _mean(self._prompt_token_s or each_s, each_s)

    def replied(self, prompt_tokens: int, completion_tokens: int) -> None:
        """A reply is done: tokens of its prompt that were computed, and its own."""
        self._replies += 1
        self._prompt_tokens = _mean(self._prompt_tokens or prompt_tokens, prompt_tokens)
        self._reply_tokens = _mean(self._reply_tokens or completion_tokens, completion_tokens)

    def forecast_s(self, ahead: int, live: int, width: int, max_tokens: int) -> float | None:
        """Seconds until a newcomer is done, with `ahead` waiting before it and `live` of `width` places taken.

        Rather too few than too many; None while too little is known, and where nobody else wants the machine: it is
        tried, so that what was learned in a bad hour is unlearned.
        """
        if self._replies < REPLIES_MIN or not self._step_s or not ahead + live:
            return None
        step_s = self._step_s[min(self._step_s, key=lambda known: (abs(known - width), known))]
        prompt_s = self._prompt_tokens * self._prompt_token_s
        each_s = prompt_s + self._reply_tokens * step_s / width  # of the machine's time, as the others run beside it
        own_s = prompt_s + min(self._reply_tokens, max_tokens) * step_s
        before = max(0, ahead + live - width + 1)  # that must end first
        return OPTIMISM * (before * each_s + own_s)


def _mean(before: float, now: float) -> float:
    return before + MEMORY * (min(now, OUTLIER * before) - before)
