"""A binding proves itself on an open model: a prompt's scores in parts against others, states, steps of many.

Kernels differ by how many rows they multiply, so the same prompt is computed in parts of several sizes, beside other
sequences, since what lies in the cache of those must not matter. What its scores must be another binding says
(`Reference`). The first has none: it computes the start row by row, proves parts of ROWS with that, and the rest with
those. What is proven is timed meanwhile, as each row counts at a start. Knows a `Binding` and time, no files and no
processes.
"""

from __future__ import annotations

import math
import time
from array import array
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
LENGTH = 96  # of the probe prompt: the longest part that engines compute at once
ROWS = 16  # its start, which the first binding computes row by row
MIDDLE = 64  # where the parts of MIDDLE_PARTS end
# Sequences that hold the probe prompt, for each that a step computes: a village's prompts are three times as long, and
# where all lie in one cache (ik_llama.cpp) each row is compared with them all.
CROWD, CROWD_MAX = 3, 64
GREEDY = 4  # tokens that follow the prompt, each a row by itself
# Kernels change at multiples of 8, 16 and 32 rows and treat what is left over in ways of their own, so here are whole
# multiples (16, 96), one more and one less (33, 47), and small rests. MIDDLE_PARTS and SHORTER_PARTS go from ROWS to
# MIDDLE, the longest last.
FEW_PARTS = (2, 3, 5, 6)
MIDDLE_PARTS = ((15, 33), (1, 47))
# Only where one of those is wrong: for the longest part that is right.
SHORTER_PARTS = ((17, 31), (24, 24), (14, 17, 17))
SMALL_PARTS = (2, 4, 8, 16)
# Share of the range of scores by which the same prompt may differ, of any token. Seen between libraries and between
# sound kernels of one: 0.04 (formats of 4 bits, which round what they multiply); ik_llama.cpp's wrong Q4_1 kernel 0.15
# to 0.8.
TOLERANCE = 0.08
TIMINGS = 2  # of each step and prompt; the quickest counts, as all noise makes slower


@dataclass(frozen=True, slots=True)
class Reference:
    """What a binding says of the probe prompt. `scores`: of every token of the vocabulary, by how many tokens stand
    before; behind LENGTH those are `greedy`, its own choices.
    """

    tokens: tuple[int, ...]
    greedy: tuple[int, ...]
    scores: dict[int, array[float]]
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


def crowd_of(widths: Sequence[int]) -> int:
    """Sequences that hold the probe prompt while steps of these widths are timed."""
    widest = max(widths)
    return max(widest, min(CROWD * widest, CROWD_MAX))


class Wrong(Exception):
    """What the binding does wrongly, for people."""


class Probe:
    """`widths`: the decode batches to prove and to time, the smallest first; the context has `crowd_of` them."""

    def __init__(self, binding: Binding, widths: Sequence[int], clock: Callable[[], float] = time.perf_counter) -> None:
        self._binding = binding
        self._widths = widths
        self._clock = clock
        self._tokens: list[int] = []
        self._reference: Reference | None = None
        self._expected: dict[int, Sequence[float]] = {}  # by how many tokens stand before, as in Reference
        self._states: dict[int, bytes] = {}  # of the first ROWS tokens and of all, from parts that are right
        self._range = 1.0
        self._difference = 0.0
        self._last_difference = 0.0
        self._row_s = math.inf  # of a prompt, the quickest so far

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
        rows_max = self._prove_parts(reference)
        prompt_s = self._prompt_s(rows_max)
        greedy, single_s = self._follow()
        width, step_s = self._steps(greedy[0], rows_max)
        findings = Findings(min(rows_max, width), "", round(self._difference, 4), prompt_s, {1: single_s} | step_s)
        scores = {before: array("f", scores) for before, scores in self._expected.items()}
        return findings, reference or Reference(tuple(self._tokens), greedy, scores, self._range)

    # -- parts of a prompt -----------------------------------------------------------------------

    def _prove_parts(self, reference: Reference | None) -> int:
        """The longest part that is right. Leaves all sequences full: each holds the whole prompt."""
        if reference is None:
            size = self._start_alone()
            self._compute_rest(size)
            self._fill(LENGTH)
        else:
            size = self._start_compared(reference)
        rows_max = size if size < ROWS else self._long_parts() or self._small_parts()
        if LENGTH not in self._states:
            self._compute_whole(rows_max)
        self._fill(LENGTH)
        return rows_max

    def _start_alone(self) -> int:
        """Scores and state of the start, row by row, and the longest part of ROWS that agrees with them."""
        for at in range(ROWS):
            self._decode([(self._tokens[at], at, 0, at == ROWS - 1)])
        self._expected[ROWS] = scores = self._logits()
        self._range = (max(scores) - min(scores)) or 1.0
        self._states[ROWS] = self._binding.save_state(0)
        self._decode([(self._tokens[ROWS], ROWS, 0, True)])
        self._expected[ROWS + 1] = self._logits()
        self._check_state()
        self._fill(ROWS)
        is_right = self._is_right(0, FEW_PARTS) and self._is_right(0, (ROWS,))
        return ROWS if is_right else self._small_parts()

    def _start_compared(self, reference: Reference) -> int:
        """The longest part of ROWS that agrees with the reference's scores."""
        if tuple(self._tokens) != reference.tokens:
            raise Wrong("it reads a text as other tokens")
        self._reference, self._range = reference, reference.range
        self._expected = dict(reference.scores)
        size = ROWS if self._is_right(0, FEW_PARTS) else self._small_parts()
        self._check_state()
        self._fill(ROWS)
        return size

    def _check_state(self) -> None:
        self._restore(0, ROWS)
        self._decode([(self._tokens[ROWS], ROWS, 0, True)])
        if not self._agrees(ROWS + 1):
            raise Wrong("a state that is saved and restored gives other scores")

    def _compute_rest(self, size: int) -> None:
        """What is expected of the whole prompt, from parts that are right."""
        self._restore(0, ROWS)
        for first in range(ROWS, LENGTH, size):
            self._decode_part(first, size, wants=first + size in (MIDDLE, LENGTH))
            if first + size in (MIDDLE, LENGTH):
                self._expected[first + size] = self._logits()
        self._states[LENGTH] = self._binding.save_state(0)

    def _compute_whole(self, rows_max: int) -> None:
        whole, rest = divmod(LENGTH - ROWS, rows_max)
        if not self._is_right(ROWS, (*([rest] if rest else []), *(rows_max,) * whole)):
            raise Wrong(self._differs())

    def _long_parts(self) -> int:
        """The longest part that is right, of those above ROWS; 0 where none is."""
        is_whole = self._is_right(0, (LENGTH,))
        if is_whole:
            self._fill(LENGTH)
        good = 0
        for parts in MIDDLE_PARTS:
            if not self._is_right(ROWS, parts, is_timed=is_whole):
                break
            good = max(parts)
        if good:
            return LENGTH if is_whole and good == max(MIDDLE_PARTS[-1]) else good
        return next((max(parts) for parts in SHORTER_PARTS if self._is_right(ROWS, parts)), 0)

    def _small_parts(self) -> int:
        """The longest of SMALL_PARTS up to which all are right; 1 where none is, but single rows are."""
        good = 0
        for size in (1, *SMALL_PARTS):
            if not self._is_right(0, (size,) * (ROWS // size)):
                break
            good = size
        if not good:
            raise Wrong(self._differs())
        return good

    def _is_right(self, first: int, parts: Sequence[int], *, is_timed: bool = False) -> bool:
        """Whether the prompt in these parts, behind its start where `first` is ROWS, has the scores expected. Then its
        state is kept, and its last part may count as the quickest.
        """
        self._binding.kv_remove(0)
        if first:
            self._restore(0, ROWS)
        for number, size in enumerate(parts, 1):
            began_s = self._clock()
            self._decode_part(first, size, wants=number == len(parts))
            part_s = self._clock() - began_s
            first += size
        if not self._agrees(first):
            return False
        if first in (ROWS, LENGTH):
            self._states[first] = self._binding.save_state(0)
        if is_timed:
            self._row_s = min(self._row_s, part_s / parts[-1])
        return True

    def _prompt_s(self, rows_max: int) -> float:
        """Seconds of a prompt token, the house full: of the middle parts, or of as many as are right."""
        if rows_max == LENGTH:
            return self._row_s
        best_s = math.inf
        for _ in range(TIMINGS):
            self._restore(0, ROWS)
            began_s = self._clock()
            self._decode_part(ROWS, rows_max, wants=True)
            best_s = min(best_s, self._clock() - began_s)
        return best_s / rows_max

    # -- steps -----------------------------------------------------------------------------------

    def _follow(self) -> tuple[tuple[int, ...], float]:
        """The tokens behind the prompt, the likeliest each, or the reference's; and the quickest step's seconds."""
        self._restore(0, LENGTH)
        greedy: list[int] = []
        best_s = math.inf
        for at in range(LENGTH, LENGTH + GREEDY):
            scores = self._expected[at]
            greedy.append(list(scores).index(max(scores)))
            best_s = min(best_s, self._timed([(greedy[-1], at, 0, True)]))
            if self._reference is None:
                self._expected[at + 1] = self._logits()
            elif not self._agrees(at + 1):
                raise Wrong(self._differs())
        return tuple(greedy), best_s

    def _steps(self, token: int, rows_max: int) -> tuple[int, dict[int, float]]:
        """The largest width up to which a step of so many sequences gives in each what it gives alone, or LENGTH; and
        the seconds of those that were right.
        """
        good, step_s = 1, dict[int, float]()
        for wanted in self._widths:
            if not good < wanted <= rows_max:
                continue
            width = wanted
            while width > good and (seconds := self._step_s(token, width)) is None:
                width //= 2
            if width > good and seconds is not None:
                good, step_s[width] = width, seconds
            if good < wanted:
                return good, step_s
        return LENGTH, step_s

    def _step_s(self, token: int, width: int) -> float | None:
        """The quickest of some steps; None where one was wrong."""
        best_s = math.inf
        for _ in range(TIMINGS):
            for seq in range(width):
                self._binding.kv_remove(seq, LENGTH)
            best_s = min(best_s, self._timed([(token, LENGTH, seq, True) for seq in range(width)]))
            if not self._agrees(LENGTH + 1) or not self._greedy_agrees(width, self._expected[LENGTH + 1]):
                return None
        return best_s

    def _greedy_agrees(self, width: int, expected: Sequence[float]) -> bool:
        greedy = self._binding.sampler(Sampling(temperature=0), seed=0, grammar=None)
        least = max(expected) - TOLERANCE * self._range
        return all(expected[greedy.sample(row)] >= least for row in range(width))

    # -- the binding -----------------------------------------------------------------------------

    def _agrees(self, before: int) -> bool:
        found, expected = self._logits(), self._expected[before]
        if not math.isfinite(sum(found)):
            self._last_difference = math.inf
        else:
            self._last_difference = max(map(abs, map(sub, found, expected))) / self._range
        self._difference = max(self._difference, self._last_difference)
        return self._last_difference <= TOLERANCE

    def _differs(self) -> str:
        of = "those of the same rows alone" if self._reference is None else "another library's"
        return f"its scores differ by {self._last_difference:.2f} of their range from {of}"

    def _fill(self, tokens: int) -> None:
        """All other sequences hold the start or the whole prompt."""
        for seq in range(1, crowd_of(self._widths)):
            self._restore(seq, tokens)

    def _restore(self, seq: int, tokens: int) -> None:
        self._binding.kv_remove(seq)
        self._binding.load_state(seq, self._states[tokens])

    def _decode_part(self, first: int, size: int, *, wants: bool) -> None:
        last = first + size - 1
        self._decode([(self._tokens[at], at, 0, wants and at == last) for at in range(first, last + 1)])

    def _timed(self, rows: list[BatchRow]) -> float:
        began_s = self._clock()
        self._decode(rows)
        return self._clock() - began_s

    def _decode(self, rows: list[BatchRow]) -> None:
        self._binding.decode(rows)

    def _logits(self) -> list[float]:
        return list(self._binding.logits())
