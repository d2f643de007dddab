"""Selects what goes into one prompt: the last turns, and a few facts that fit what the player says now.

Reads only; knows no threads. All of it runs between the arrival of a request and its place in the queue, so each step
is bounded by a constant below, however large the memory is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from llm_agentd.memory.corrections import says_the_same
from llm_agentd.memory.keywords import Concept, index_words, query_words, rarity, stem, storable_line, words_of
from llm_agentd.memory.ranking import Nearness, Question, Vectorize, question_of, score_by_words
from llm_agentd.memory.reader import MATCHES_MAX, StoreReader
from llm_agentd.memory.schema import Kind, Row, pair_scope, place_scope
from llm_agentd.memory.sentences import fact_line, fit_lines, is_question, quote, said_sentences
from llm_agentd.types import MemoryTurn

OUTCOMES_SHOWN = 2  # the newest of this NPC and player, whatever is said
MATCHES_SHOWN = 3  # rows of this NPC and player that match what is said
PLACE_SHOWN = 2  # rows that others of the settlement told
PLACE_WORDS = 4  # searched for among those, the longest: a settlement has many rows, and each word costs
FACTS_MAX_CHARS = 400  # of all facts together: about 100 tokens
CANDIDATES = 16  # rows read whole, the best by their words: enough for MATCHES_SHOWN, as some hold only questions
NEWEST_READ = 40  # exchanges of the pair in which a correction, or an answer in other words, is looked for: about
# 40 ms of the small encoder, once after a restart, as vectors are kept
NEWS = frozenset(map(stem, ("news", "new", "happened", "gossip", "rumour", "rumours", "rumors")))


@dataclass(frozen=True, slots=True)
class Retrieved:
    """`turns`: (the player's words or "", the NPC's reply), the oldest first. `facts`: short sentences."""

    turns: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


NOTHING = Retrieved()


@dataclass(frozen=True, slots=True)
class Recalled:
    """A fact that fits, as a prompt would have it. `score`: how well; 0 where it is recalled whatever is said."""

    text: str
    score: float
    kind: Kind
    at_s: float
    row_id: int


@dataclass(frozen=True, slots=True)
class Recall:
    """For people who ask why: `turns`, the oldest first; `facts`, the most important first; `used`: those that get into
    the prompt."""

    turns: tuple[Row, ...] = ()
    facts: tuple[Recalled, ...] = ()
    used: frozenset[str] = frozenset()


def retrieve(
    reader: StoreReader, pending: Iterable[Row], turn: MemoryTurn, turns_max: int, vectorize: Vectorize | None = None
) -> Retrieved:
    """`pending`: rows that are not in the file yet. `vectorize`: finds answers in other words. Raises sqlite3.Error.

    The order of the facts is their order of importance, as the prompt builder drops them from the end:

    1. The newest outcomes between the two (`Ana refused my price`), whatever is said: an NPC that forgets what just
       happened looks broken. In a greeting, where nothing is said to search for, facts take their place.
    2. What matches the player's words, from this pair alone.
    3. What happened to this NPC with nobody in particular (`I beat the wolf`), and what others of the settlement told;
       the newest of that where the player asks for news.

    Within 2 and 3 the score decides, and of equal scores the newest. What a newer statement repeats or corrects is
    left out.
    """
    turns, facts = _find(reader, pending, turn, turns_max, vectorize)
    lines = fit_lines([fact.text for fact in facts], FACTS_MAX_CHARS)
    return Retrieved(tuple((row.said, row.text) for row in turns if row.text), lines)


def recall(
    reader: StoreReader,
    pending: Sequence[Row],
    turn: MemoryTurn,
    turns_max: int,
    limit: int,
    vectorize: Vectorize | None = None,
) -> Recall:
    """What `retrieve` finds, and up to `limit` facts with those that would be next."""
    used = retrieve(reader, pending, turn, turns_max, vectorize).facts
    turns, facts = _find(reader, pending, turn, turns_max, vectorize, matches_max=limit, place_max=limit)
    ranked = sorted(_each_once(facts), key=lambda fact: used.index(fact.text) if fact.text in used else len(used))
    return Recall(tuple(turns), tuple(ranked[:limit]), frozenset(used))


def _find(
    reader: StoreReader,
    pending: Iterable[Row],
    turn: MemoryTurn,
    turns_max: int,
    vectorize: Vectorize | None,
    *,
    matches_max: int = MATCHES_SHOWN,
    place_max: int = PLACE_SHOWN,
) -> tuple[list[Row], list[Recalled]]:
    """The last exchanges, and the facts in the order that `retrieve` describes."""
    pair_rows = [row for row in pending if row.npc == turn.npc and row.player == turn.player]
    # A dozen words are searched for below, and each has related ones: none of it where there is nothing to be found.
    is_known = bool(pair_rows) or reader.has_rows(turn.npc, turn.player)
    turns = _turns(reader, pair_rows, turn, turns_max) if turns_max and is_known else []
    outcomes = _newest(reader, pair_rows, turn, "outcome", OUTCOMES_SHOWN) if is_known else []
    if is_known and not turn.player_text:
        outcomes = outcomes or _newest(reader, pair_rows, turn, "fact", OUTCOMES_SHOWN)
    facts = [_recalled(row, row.text) for row in reversed(outcomes)]
    if turn.player_text:
        shown_ids = {row.id for row in (*turns, *outcomes)}
        if is_known:
            question = question_of(turn.player_text, (turn.player, turn.npc_name))
            nearness = Nearness(vectorize, turn.player_text) if vectorize else None
            facts += _pair_facts(reader, pair_rows, turn, question, shown_ids, nearness)[:matches_max]
        facts += _each_once([*_own_facts(reader, turn, shown_ids), *_place_facts(reader, turn, shown_ids)])[:place_max]
    return turns, facts


def _recalled(row: Row, text: str, score: float = 0.0) -> Recalled:
    return Recalled(text, score, row.kind, row.at_s, row.id)


def _each_once(facts: Iterable[Recalled]) -> list[Recalled]:
    """Of equal texts the first."""
    by_text: dict[str, Recalled] = {}
    for fact in facts:
        by_text.setdefault(fact.text, fact)
    return list(by_text.values())


def _turns(reader: StoreReader, pair_rows: list[Row], turn: MemoryTurn, turns_max: int) -> list[Row]:
    """The last exchanges, the oldest first. None in a greeting: without them its prompt and its cached reply are the
    same for a player's every visit. What is computed before a line is spoken is no greeting.
    """
    if not (turn.player_text or turn.is_warm):
        return []
    turns = _newest(reader, pair_rows, turn, "exchange", turns_max + 1)
    if turns and turn.is_retry and turns[-1].said == storable_line(turn.player_text):
        turns.pop()  # the reply that is being replaced was never shown
    return _without_repeats(turns[-turns_max:])


def _without_repeats(turns: list[Row]) -> list[Row]:
    """Without exchanges whose reply a later one repeats: a model that reads its own line twice says it a third time."""
    later: set[str] = set()
    kept: list[Row] = []
    for row in reversed(turns):
        words = " ".join(words_of(row.text))
        if not words or words not in later:
            kept.append(row)
        later.add(words)
    return kept[::-1]


def _newest(reader: StoreReader, pair_rows: list[Row], turn: MemoryTurn, kind: Kind, limit: int) -> list[Row]:
    """The newest of this NPC and player, with those that are not in the file yet; the oldest first."""
    rows = {row.id: row for row in reader.newest(turn.npc, turn.player, (kind,), limit)}
    rows |= {row.id: row for row in pair_rows if row.kind == kind}
    return [rows[row_id] for row_id in sorted(rows)[-limit:]]


@dataclass(frozen=True, slots=True)
class _Statement:
    row: Row
    said: str  # as the player or the game put it
    fact: str  # as the prompt shows it
    score: float


def _pair_facts(
    reader: StoreReader,
    pair_rows: list[Row],
    turn: MemoryTurn,
    question: Question,
    shown_ids: set[int],
    nearness: Nearness | None,
) -> list[Recalled]:
    """What the player told this NPC, or what happened between them, that answers what is asked.

    Not what the player says just now: an exchange whose reply is asked for once more is remembered already.
    """
    just_said = {tuple(words_of(sentence)) for sentence in said_sentences(turn.player_text)}
    scope = pair_scope(turn.npc, turn.player)
    rows, weights = _search(reader, scope, question.concepts, shown_ids, unwritten=pair_rows)
    recent = _newest(reader, pair_rows, turn, "exchange", NEWEST_READ)
    by_id = {row.id: row for row in (*rows, *recent)}
    found = [statement for row in by_id.values() for statement in _statements(row, question, weights, nearness)]
    answers = sorted(
        (
            entry
            for entry in found
            if entry.score > 0 and entry.row.id not in shown_ids and tuple(words_of(entry.said)) not in just_said
        ),
        key=lambda entry: (-entry.score, -entry.row.id),
    )
    current = (entry for entry in answers[: 2 * CANDIDATES] if not _is_outdated(entry, found, turn.player))
    return _each_once(_recalled(entry.row, entry.fact, entry.score) for entry in current)


def _is_outdated(statement: _Statement, others: Sequence[_Statement], player: str) -> bool:
    """Whether a newer one repeats or corrects it. Also one that stands in the turns: there it is read anyway."""
    return any(
        other.row.id > statement.row.id and says_the_same(statement.said, other.said, player) for other in others
    )


def _statements(
    row: Row, question: Question, weights: Mapping[str, float], nearness: Nearness | None
) -> list[_Statement]:
    """Each sentence of the player that states something. What the NPC itself said is in the turns, as far as it was
    said a moment ago; older words of a model are no facts, and would only breed more of their kind.
    """
    names = (row.player, row.npc_name)
    if row.kind != "exchange":
        return [_Statement(row, row.text, row.text, _score(row.text, question, weights, nearness))]
    sentences = [sentence for sentence in said_sentences(row.said) if not is_question(sentence)]
    return [
        _Statement(row, sentence, quote(row.player, sentence, names), _score(sentence, question, weights, nearness))
        for sentence in sentences
    ]


def _score(statement: str, question: Question, weights: Mapping[str, float], nearness: Nearness | None) -> float:
    return score_by_words(statement, question, weights) + (nearness.score(statement) if nearness else 0.0)


def _concepts_of(turn: MemoryTurn) -> list[Concept]:
    """The longest words of the player, each for itself."""
    words = query_words(turn.player_text, (turn.player, turn.npc_name))
    return [{word: 1.0} for word in sorted(words, key=len, reverse=True)[:PLACE_WORDS]]


def _own_facts(reader: StoreReader, turn: MemoryTurn, shown_ids: set[int]) -> list[Recalled]:
    """What the NPC has been through with nobody in particular, wherever it stands now."""
    if not reader.has_rows(turn.npc, ""):
        return []
    rows, _ = _search(reader, pair_scope(turn.npc, ""), _concepts_of(turn), shown_ids)
    return [_recalled(row, row.text) for row in rows]


def _place_facts(reader: StoreReader, turn: MemoryTurn, shown_ids: set[int]) -> list[Recalled]:
    """What others of this settlement told; the newest of it where the player asks for news."""
    if not turn.place or not reader.has_rows_of_place(turn.place):
        return []
    min_id = reader.place_min_id(turn.place)
    rows, _ = _search(reader, place_scope(turn.place), _concepts_of(turn), shown_ids, min_id)
    if NEWS & set(query_words(turn.player_text, (turn.player, turn.npc_name))):
        rows += [row for row in reader.newest_of_place(turn.place, CANDIDATES) if row.id not in shown_ids]
    return _each_once(
        _recalled(row, row.text if row.npc == turn.npc else fact_line(f"{row.npc_name or 'somebody'} said: {row.text}"))
        for row in rows
        if not (row.npc == turn.npc and row.player == turn.player)  # those are `_pair_facts`
    )


def _search(
    reader: StoreReader,
    scope: str,
    concepts: Sequence[Concept],
    shown_ids: set[int],
    min_id: int = 0,
    unwritten: Sequence[Row] = (),
) -> tuple[list[Row], dict[str, float]]:
    """The CANDIDATES rows of a scope that match best, the best first, and the weight of each word.

    `unwritten`: rows of the scope that the index may not have yet: what was told just now is found by its words too.

    A row's score is the sum over the concepts of the weight of its best word. A word weighs more the rarer it is in
    this scope, a related one the rarer all words of its concept are: it says less the more rows have one of them.
    """
    scores: dict[int, float] = {}
    weights: dict[str, float] = {}
    words_of_row = {row.id: frozenset(index_words(f"{row.said} {row.text}")) for row in unwritten}
    for concept in concepts:
        matches = {
            word: {
                *reader.matches(scope, word, min_id),
                *(row_id for row_id, words in words_of_row.items() if word in words),
            }
            for word in concept
        }
        rows_of_concept = len({row_id for ids in matches.values() for row_id in ids})
        best: dict[int, float] = {}
        for word, weight in concept.items():
            rows_of_word = len(matches[word]) if weight == 1 else rows_of_concept
            weighed = weight * rarity(rows_of_word, MATCHES_MAX)
            weights[word] = max(weights.get(word, 0.0), weighed)
            for row_id in matches[word]:
                best[row_id] = max(best.get(row_id, 0.0), weighed)
        for row_id, weighed in best.items():
            scores[row_id] = scores.get(row_id, 0.0) + weighed
    best_ids = nlargest(CANDIDATES, ((score, row_id) for row_id, score in scores.items() if row_id not in shown_ids))
    rows = {row.id: row for row in unwritten}
    rows |= {row.id: row for row in reader.rows_by_id([row_id for _, row_id in best_ids if row_id not in rows])}
    return [rows[row_id] for _, row_id in best_ids if row_id in rows], weights
