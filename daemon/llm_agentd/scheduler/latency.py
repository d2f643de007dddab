"""What work costs on this machine, learned while it runs; so that a request that cannot be done in time fails at once.

Pure: seconds and tokens come in, a forecast goes out. One writer (the engine thread); knows no clock and no queue.
"""

from __future__ import annotations

NEWEST_WEIGHT = 0.2  # of the newest observation: a machine that got slower is known after about ten
OUTLIER_MAX = 4.0  # times the mean is the most that one observation counts for: a machine that slept is not slow
REPLIES_MIN = 4  # nobody is refused on a guess
# Of the forecast: replies differ in length, and coalesced requests cost nothing. What is refused must be what would
# have been late all the same.
OPTIMISM = 0.7


class LatencyEstimate:
    """Moving means of a decode step by batch size, of a prompt token, and of what a reply needs."""

    def __init__(self) -> None:
        self._step_s: dict[int, float] = {}
        self._prompt_token_s = 0.0
        self._prompt_tokens = 0.0
        self._reply_tokens = 0.0
        self._replies = 0

    def stepped(self, batch_size: int, seconds: float) -> None:
        """A decode step gave `batch_size` sequences a token each."""
        self._step_s[batch_size] = _mean(self._step_s.get(batch_size, seconds), seconds)

    def prompted(self, tokens: int, seconds: float) -> None:
        """So many tokens of prompts were computed."""
        each_s = seconds / tokens
        self._prompt_token_s = _mean(self._prompt_token_s or each_s, each_s)

    def replied(self, prompt_tokens: int, completion_tokens: int) -> None:
        """A reply is done. `prompt_tokens`: those that had to be computed."""
        self._replies += 1
        self._prompt_tokens = _mean(self._prompt_tokens or prompt_tokens, prompt_tokens)
        self._reply_tokens = _mean(self._reply_tokens or completion_tokens, completion_tokens)

    def forecast_s(self, ahead: int, running: int, batch_size: int, max_tokens: int) -> float | None:
        """Seconds until a newcomer is done, with `ahead` waiting before it and `running` of `batch_size` slots taken.

        Rather too few than too many. None while too little is known, and where nobody else wants the machine: then it
        is tried, so that what was learned in a bad hour is unlearned.
        """
        if self._replies < REPLIES_MIN or not self._step_s or not ahead + running:
            return None
        # The nearest size that was seen, and of two as near the smaller, which is the quicker one.
        step_s = self._step_s[min(self._step_s, key=lambda size: (abs(size - batch_size), size))]
        prompt_s = self._prompt_tokens * self._prompt_token_s
        # A full batch gives `batch_size` tokens a step, so each of those before takes this much of the machine's time.
        each_before_s = prompt_s + self._reply_tokens * step_s / batch_size
        # Once it has a slot, it gets one token a step, and ends at its limit at the latest.
        itself_s = prompt_s + min(self._reply_tokens, max_tokens) * step_s
        before = max(0, ahead + running - batch_size + 1)  # must end before a slot is free
        return OPTIMISM * (before * each_before_s + itself_s)


def _mean(mean: float, newest: float) -> float:
    return mean + NEWEST_WEIGHT * (min(newest, OUTLIER_MAX * mean) - mean)
