"""A binding proves itself on an open model: a prompt's scores in parts against row by row, states, decode batches.

Kernels differ by how many rows they multiply, so the same prompt is computed in parts of each size in use and its last
scores compared with those of single rows. Everything but those single rows is computed beside another sequence, since
what lies in the cache of others must not matter. Another binding's scores and greedy tokens (`Reference`) show whether
single rows are right. Knows a `Binding` and time, no files and no processes.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import sub

from llm_agentd.engines.llama.binding import BatchRow, Binding
from llm_agentd.types import Sampling

TEXT = (
    "The smith of Oakford has two apples, a lamp and nine nails to sell. A traveller comes in from the rain and asks "
    "what the old bridge was built for, and who keeps the tower on the hill. It is late; the market is empty and the "
    "last bell has rung. She lays three coins on the table and waits for an answer. "
)
ROWS = 16  # computed one by one: what all else is measured against
LENGTH = 96  # of the probe prompt: the longest part that engines compute at once
SMALL_PARTS = (2, 4, 8, 16)
# Each plan is one way to cut LENGTH tokens, its longest part last, whose scores are seen. The first three hold what
# engines use. Only where one of them is wrong those below are tried, for the longest part that is right: kernels change
# at multiples of 8, 16 and 32 rows.
PLANS = ((96,), (32, 64), (33, 63))
SHORTER_PLANS = ((48, 48), (3, 31, 31, 31), (24, 24, 24, 24), (11, 17, 17, 17, 17, 17))
GREEDY = 8  # tokens that follow the prompt, by the reference's choice
TOP = 8  # likeliest tokens whose scores are compared with the reference's
# Share of the range of scores by which the same prompt may differ. Seen: sound kernels 0.03 (Q4_K_M, which rounds what
# it multiplies), ik_llama.cpp's wrong Q4_1 kernel 0.15 to 0.7.
TOLERANCE = 0.08
COMPANY = 33  # tokens of the other sequence
TIMED_ROWS = 64  # of a prompt, as engines compute it
TIMINGS = 3  # of each step; the quickest counts, as all noise makes slower
PROMPT_TIMINGS = 2  # they take longer


@dataclass(frozen=True, slots=True)
class Reference:
    """What another binding says. `scores`: of the TOP likeliest tokens after ROWS tokens, after LENGTH and after each
    of `greedy`, its own choices.

    """

    tokens: tuple[int, ...]
    greedy: tuple[int, ...]
    scores: tuple[tuple[tuple[int, float], ...], ...]
    range: float


@dataclass(frozen=True, slots=True)
class Findings:
    """`rows_max`: the longest part, and the largest batch, up to which all agree; 0: nothing can be relied on, and
    `fault` says why. `prompt_s`: of one prompt token; `step_s`: of a step, by sequences.
    """

    rows_max: int
    fault: str
    difference: float  # the largest that was found, as a share of the range
    prompt_s: float
    step_s: dict[int, float]


class Wrong(Exception):
    """What the binding does wrongly, for people."""


class Probe:
    """`widths`: the decode batches to prove and to time, the smallest first; the context has as many sequences."""

    def __init__(self, binding: Binding, widths: Sequence[int], clock: Callable[[], float] = time.perf_counter) -> None:
        self._binding = binding
        self._widths = widths
        self._clock = clock
        self._tokens: list[int] = []
        self._range = 1.0
        self._difference = 0.0
        self._seconds: dict[int, float] = {}  # of parts, by rows

    def tokens(self) -> list[int]:
        text = TEXT
        start = [] if self._binding.bos is None else [self._binding.bos]
        while len(tokens := start + self._binding.tokenize(text, control=False)) < LENGTH + 1:
            text += TEXT
        return tokens[: LENGTH + 1]

    def run(self, reference: Reference | None) -> tuple[Findings, Reference | None]:
        """What was found, and what another binding may be compared with: None where this one is wrong itself."""
        try:
            return self._run(reference)
        except (RuntimeError, ValueError) as error:
            return Findings(0, str(error), self._difference, 0.0, {}), None
        except Wrong as wrong:
            return Findings(0, str(wrong), self._difference, 0.0, {}), None

    def _run(self, reference: Reference | None) -> tuple[Findings, Reference]:
        self._tokens = self.tokens()
        if reference is not None and tuple(self._tokens) != reference.tokens:
            raise Wrong("it reads a text as other tokens")
        rows, after, state = self._single_rows()
        self._fill_company()
        base = self._small_parts(rows)
        whole, whole_state = self._longer(state, base)
        rows_max = self._plans(whole) if base == SMALL_PARTS[-1] else base
        found = self._scores_after(whole, whole_state, rows)
        if reference is not None:
            self._compare(found, reference)
        prompt_s = self._time_prompt(whole_state, rows_max)
        rows_max = min(rows_max, self._decode_batches(state, after, rows_max))
        step_s = self._time_steps(whole_state)
        return Findings(rows_max, "", round(self._difference, 4), prompt_s, step_s), found

    # -- right or wrong --------------------------------------------------------------------------

    def _single_rows(self) -> tuple[list[float], list[float], bytes]:
        """Scores after ROWS tokens and after one more, each computed alone, and the state of ROWS tokens."""
        for at in range(ROWS):
            self._decode([(self._tokens[at], at, 0, at == ROWS - 1)])
        rows = self._logits()
        self._range = (max(rows) - min(rows)) or 1.0
        state = self._binding.save_state(0)
        self._decode([(self._tokens[ROWS], ROWS, 0, True)])
        return rows, self._logits(), state

    def _fill_company(self) -> None:
        """The last sequence holds tokens for the rest of the probe, so that others have none but their own to go by."""
        self._binding.kv_remove(0)
        last = len(self._widths) and self._widths[-1] - 1
        if last > 0:
            self._decode([(token, at, last, False) for at, token in enumerate(reversed(self._tokens[-COMPANY:]))])

    def _small_parts(self, rows: list[float]) -> int:
        """The longest of SMALL_PARTS up to which all give the scores of single rows; 1 where none does."""
        good = 1
        for size in SMALL_PARTS:
            self._binding.kv_remove(0)
            self._parts(0, (size,) * (ROWS // size))
            if not self._agrees(rows):
                break
            good = size
        return good

    def _longer(self, state: bytes, size: int) -> tuple[list[float], bytes]:
        """Scores and state of the whole prompt, in parts that agree with single rows, on top of a restored state."""
        self._binding.kv_remove(0)
        self._binding.load_state(0, state)
        self._parts(ROWS, (size,) * ((LENGTH - ROWS) // size))
        return self._logits(), self._binding.save_state(0)

    def _plans(self, whole: list[float]) -> int:
        """The longest part up to which all plans give the scores of `whole`."""
        good = [max(plan) for plan in PLANS if self._plan_agrees(plan, whole)]
        if len(good) == len(PLANS):
            return LENGTH
        return max((max(plan) for plan in SHORTER_PLANS if self._plan_agrees(plan, whole)), default=ROWS)

    def _plan_agrees(self, plan: Sequence[int], whole: list[float]) -> bool:
        self._binding.kv_remove(0)
        self._parts(0, plan)
        return self._agrees(whole)

    def _scores_after(self, whole: list[float], state: bytes, rows: list[float]) -> Reference:
        """Goes on with the likeliest token, GREEDY times."""
        self._binding.kv_remove(0)
        self._binding.load_state(0, state)
        greedy: list[int] = []
        scores = [_likeliest(rows), _likeliest(whole)]
        for at in range(GREEDY):
            token = scores[-1][0][0]
            self._decode([(token, LENGTH + at, 0, True)])
            greedy.append(token)
            scores.append(_likeliest(self._logits()))
        return Reference(tuple(self._tokens), tuple(greedy), tuple(scores), self._range)

    def _compare(self, found: Reference, reference: Reference) -> None:
        """Raises Wrong unless the likeliest tokens score alike. A tie decided otherwise ends it: no fault."""
        for place, (mine, theirs) in enumerate(zip(found.scores, reference.scores, strict=True)):
            tolerance = TOLERANCE * reference.range
            known = dict(mine)
            apart = max((abs(known[token] - score) for token, score in theirs if token in known), default=math.inf)
            if not apart <= tolerance or theirs[0][0] not in known:
                raise Wrong(f"its scores differ by {apart / reference.range:.2f} of their range from another library's")
            if place >= 1 and place - 1 < GREEDY and found.greedy[place - 1] != reference.greedy[place - 1]:
                return

    def _decode_batches(self, state: bytes, after: list[float], rows_max: int) -> int:
        """The largest width up to which a step of so many sequences, all restored from one state, gives in each row
        what it gives alone. Raises Wrong where not even a single restored one does.
        """
        good = LENGTH
        for width in self._widths:
            if width > rows_max:
                break
            for seq in range(width):
                self._binding.kv_remove(seq)
                self._binding.load_state(seq, state)
            self._decode([(self._tokens[ROWS], ROWS, seq, seq == width - 1) for seq in range(width)])
            if not self._agrees(after) or not self._greedy_agrees(width, after):
                if width == 1:
                    raise Wrong("a state that is saved and restored gives other scores")
                return max(size for size in self._widths if size < width)
            good = max(good, width)
        return good

    def _greedy_agrees(self, width: int, after: list[float]) -> bool:
        """All rows at once want scores, as in a real step."""

        for seq in range(width):
            self._binding.kv_remove(seq, ROWS)
        self._decode([(self._tokens[ROWS], ROWS, seq, True) for seq in range(width)])
        greedy = self._binding.sampler(Sampling(temperature=0), seed=0, grammar=None)
        least = max(after) - TOLERANCE * self._range
        return all(after[greedy.sample(row)] >= least for row in range(width))

    def _agrees(self, expected: list[float]) -> bool:
        found = self._logits()
        if not math.isfinite(sum(found)):
            self._difference = math.inf
            return False
        difference: float = max(map(abs, map(sub, found, expected))) / self._range
        self._difference = max(self._difference, difference)
        return bool(difference <= TOLERANCE)

    # -- how fast --------------------------------------------------------------------------------

    def _time_prompt(self, state: bytes, rows_max: int) -> float:
        """Seconds of a prompt token behind LENGTH others, the house full: the quickest of PROMPT_TIMINGS parts."""
        rows = min(TIMED_ROWS, rows_max)
        for seq in range(1, self._widths[-1]):
            self._binding.kv_remove(seq)
            self._binding.load_state(seq, state)
        best = math.inf
        for _ in range(PROMPT_TIMINGS):
            self._binding.kv_remove(0)
            self._binding.load_state(0, state)
            best = min(best, self._timed([(self._tokens[at], LENGTH + at, 0, at == rows - 1) for at in range(rows)]))
        return best / rows

    def _time_steps(self, state: bytes) -> dict[int, float]:
        for seq in range(self._widths[-1]):
            self._binding.kv_remove(seq)
            self._binding.load_state(seq, state)
        step_s: dict[int, float] = {}
        for width in self._widths:
            best = math.inf
            for _ in range(TIMINGS):
                best = min(best, self._timed([(self._tokens[0], LENGTH, seq, True) for seq in range(width)]))
                for seq in range(width):
                    self._binding.kv_remove(seq, LENGTH)
            step_s[width] = best
        return step_s

    def _timed(self, rows: list[BatchRow]) -> float:
        began_s = self._clock()
        self._decode(rows)
        return self._clock() - began_s

    # -- the binding -----------------------------------------------------------------------------

    def _parts(self, first: int, sizes: Sequence[int]) -> None:
        for number, size in enumerate(sizes):
            is_last = number == len(sizes) - 1
            rows = [(self._tokens[at], at, 0, is_last and at == first + size - 1) for at in range(first, first + size)]
            self._decode(rows)
            first += size

    def _decode(self, rows: list[BatchRow]) -> None:
        self._binding.decode(rows)

    def _logits(self) -> list[float]:
        return list(self._binding.logits())


def _likeliest(logits: Sequence[float]) -> tuple[tuple[int, float], ...]:
    tokens = heapq.nlargest(TOP, range(len(logits)), key=logits.__getitem__)
    return tuple((token, logits[token]) for token in tokens)
