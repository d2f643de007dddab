"""What became of each question: when its first text came, how it ended, and whether it ended at all, and once.

Pure; times are handed in. A question may end well, with an error that says why, or be *lost*: the daemon was there and
gave no answer, so that the client had to end it. A client that knows the daemon is away is an error that says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.bench.fleet.trace import Question
from llm_agentd.bench.result import percentile
from llm_agentd.http.daemon_client import NO_ANSWER


@dataclass(slots=True)
class Ending:
    """Seconds of the clock. `due_s`: when the question should have been sent; `ends`: how often it ended."""

    question: Question
    due_s: float
    sent_s: float
    first_s: float | None = None
    done_s: float | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    ends: int = 0

    @property
    def is_done(self) -> bool:
        return bool(self.answer.get("event") == "done")

    @property
    def is_lost(self) -> bool:
        return not self.ends or self.answer.get("message") == NO_ANSWER

    @property
    def is_in_time(self) -> bool:
        """Else the NPC has said a fallback line: on an error, and at its deadline."""
        return self.is_done and self.whole_s <= self.question.record["deadline_ms"] / 1000

    @property
    def first_text_s(self) -> float:
        """What is not streamed is heard when it is whole."""
        assert self.done_s is not None
        return (self.first_s or self.done_s) - self.due_s

    @property
    def whole_s(self) -> float:
        assert self.done_s is not None
        return self.done_s - self.due_s


class Tally:
    """`asked` once for each question, `heard` for its first text, `ended` for its last answer."""

    def __init__(self) -> None:
        self._endings: dict[int, Ending] = {}

    def asked(self, question: Question, due_s: float, now_s: float) -> None:
        assert question.number not in self._endings
        self._endings[question.number] = Ending(question, due_s, now_s)

    def heard(self, question: Question, now_s: float) -> None:
        ending = self._endings[question.number]
        ending.first_s = ending.first_s or now_s

    def ended(self, question: Question, answer: dict[str, Any], now_s: float) -> None:
        ending = self._endings[question.number]
        ending.ends += 1
        if ending.ends == 1:
            ending.answer, ending.done_s = answer, now_s

    @property
    def endings(self) -> tuple[Ending, ...]:
        return tuple(self._endings.values())


@dataclass(frozen=True, slots=True)
class Account:
    """The sums of a run."""

    endings: tuple[Ending, ...]

    @property
    def asked(self) -> int:
        return len(self.endings)

    @property
    def done(self) -> int:
        return sum(ending.is_done for ending in self.endings)

    @property
    def lost(self) -> int:
        return sum(ending.is_lost for ending in self.endings)

    @property
    def answered_twice(self) -> int:
        return sum(ending.ends > 1 for ending in self.endings)

    @property
    def errors(self) -> Counter[str]:
        """By code; those that were lost are not among them."""
        ended = (ending for ending in self.endings if not ending.is_done and not ending.is_lost)
        return Counter(str(ending.answer.get("code")) for ending in ended)

    @property
    def fallback_share(self) -> float:
        return 1 - sum(ending.is_in_time for ending in self.endings) / max(1, self.asked)

    @property
    def hit_share(self) -> float:
        """Of all replies: those from the cache, or of a question that was the same at the same time."""
        hits = sum(ending.answer.get("cache") in ("hit", "joined") for ending in self.endings)
        return hits / max(1, self.done)

    @property
    def tokens(self) -> float:
        """Of a reply that was computed, in the mean."""
        counts = [_number(answer, "usage", "completion_tokens") for answer in self._computed]
        return sum(counts) / max(1, len(counts))

    def busy_sequences(self, seconds: float) -> float:
        """Of all engines, in the mean: those at work on a prompt or a reply."""
        stages = ("prefill", "decode")
        busy_ms = sum(_number(answer, "timing_ms", stage) for answer in self._computed for stage in stages)
        return busy_ms / 1000 / seconds

    @property
    def _computed(self) -> Sequence[dict[str, Any]]:
        return [ending.answer for ending in self.endings if ending.answer.get("cache") in ("miss", "off")]

    @property
    def late_sending_s(self) -> float:
        """How late the load itself was, at p99: what the clients take is in all other times."""
        return percentile([ending.sent_s - ending.due_s for ending in self.endings], 0.99)

    def first_text_s(self, share: float, priority: str) -> float:
        return _at(share, (ending.first_text_s for ending in self._done_of(priority)))

    def whole_s(self, share: float, priority: str) -> float:
        return _at(share, (ending.whole_s for ending in self._done_of(priority)))

    def _done_of(self, priority: str) -> Iterable[Ending]:
        return (ending for ending in self.endings if ending.is_done and ending.question.priority == priority)

    @property
    def fairness(self) -> float:
        """Jain's index of the shares that the games were answered in time: 1 where all fare alike, 1/games where one
        takes all."""
        games: dict[int, list[bool]] = {}
        for ending in self.endings:
            games.setdefault(ending.question.game, []).append(ending.is_in_time)
        return jain([sum(in_time) / len(in_time) for in_time in games.values()])


def jain(shares: Sequence[float]) -> float:
    """(Σx)² / (n Σx²), after Jain, Chiu and Hawe, DEC-TR-301 (1984)."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def _at(share: float, values: Iterable[float]) -> float:
    found = list(values)
    return percentile(found, share) if found else float("nan")


def _number(answer: dict[str, Any], group: str, name: str) -> float:
    return float(answer[group][name])
