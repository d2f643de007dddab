"""How well a statement answers a question: by words, by the kind of answer that is wanted, and by meaning. Pure.

Meaning needs `Vectorize`, which turns a line into a vector of length 1; without it the words decide alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from llm_agentd.memory.keywords import Concept, concepts, stem, words_of

if TYPE_CHECKING:
    from numpy import floating
    from numpy.typing import NDArray

Vectorize: TypeAlias = "Callable[[str], NDArray[floating]]"

KIND_BONUS = 0.35  # of a statement that has the kind of answer which is asked for
SELF_BONUS = 0.25  # of one in the first person, where the player asks about itself
NEARNESS_WEIGHT = 2.0  # of each standard deviation by which a statement is nearer to the question than talk is
NEARNESS_MIN = 1.0  # standard deviations: nearer than most talk says nothing
# Talk that answers nothing: how near it is to a question is what a vectorizer calls far.
_TALK = (
    "hello there", "the weather is fine today", "i must be going", "what a day", "thank you very much", "i am tired",
    "see you later", "the road was long", "can you help me", "there is a festival in town", "it is getting dark",
    "my feet hurt", "you look well", "that is a lot of work",
)  # fmt: skip
_NUMBERS = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|both|many|\w+teen|\w+ty)\b"
)
# What is asked for → what an answer has.
_KINDS = tuple(
    (re.compile(asked), re.compile(answer))
    for asked, answer in (
        (r"\bhow (?:many|much|old|often|long|far)\b", _NUMBERS),
        (
            r"\bwheres?\b",
            r"\b(?:in|on|at|under|behind|near|by|beside|below|inside|from|to|over|between|next|with|above)\b",
        ),
        (
            r"\bwhen\b",
            r"\b(?:at|in|on|before|after|when|every|tomorrow|today|tonight|yesterday|by|since|day|night|morning)\b",
        ),
        (r"\bwhy\b", r"\b(?:because|since|so|to|for|from|of)\b"),
    )
)
_OF_SELF = re.compile(r"\b(?:i|my|me|mine|im|ive|i'm|i've|i'd|i'll|we|our|us)\b")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: its concepts, the kinds of answer that it wants, and whether it is about the player."""

    text: str
    concepts: tuple[Concept, ...]
    answers: tuple[re.Pattern[str], ...]
    is_of_self: bool


def question_of(text: str, names: Sequence[str]) -> Question:
    lower = text.lower()
    kinds = tuple(answer for asked, answer in _KINDS if asked.search(lower))
    return Question(text, tuple(concepts(text, names)), kinds, _OF_SELF.search(lower) is not None)


def score_by_words(statement: str, question: Question, weights: Mapping[str, float]) -> float:
    """0 where it shares no word with the question. `weights`: of each stem, how much it tells in this memory."""
    stems = {stem(word) for word in words_of(statement)}
    words = sum(
        max((weights.get(word, 0.0) for word in concept if word in stems), default=0.0) for concept in question.concepts
    )
    return words * (1.0 + bonus(statement, question)) if words else 0.0


def bonus(statement: str, question: Question) -> float:
    """For the kind of answer that is wanted, and for words about the player where it asks about itself."""
    lower = statement.lower()
    kind = KIND_BONUS if any(answer.search(lower) for answer in question.answers) else 0.0
    return kind + (SELF_BONUS if question.is_of_self and _OF_SELF.search(lower) else 0.0)


class Nearness:
    """How much nearer a statement is to one question than talk is, in standard deviations.

    Relative, since vectorizers differ: for some all lines of one language have a cosine above 0.7.
    """

    def __init__(self, vectorize: Vectorize, question: str) -> None:
        self._vectorize = vectorize
        self._question = vectorize(question).astype("float32")  # what is kept may be halves, whose sums are coarse
        talk = [float(vectorize(line) @ self._question) for line in _TALK]
        self._mean = sum(talk) / len(talk)
        self._deviation = math.sqrt(sum((value - self._mean) ** 2 for value in talk) / len(talk)) or 1.0

    def score(self, statement: str) -> float:
        """0 where it is not nearer than talk."""
        cosine = float(self._vectorize(statement) @ self._question)
        return NEARNESS_WEIGHT * max(0.0, (cosine - self._mean) / self._deviation - NEARNESS_MIN)
