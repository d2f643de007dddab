"""Selects what goes into one prompt: the last turns, and a few facts that fit what the player says now.

Reads only; knows no threads. All of it runs between the arrival of a request and its place in the queue, so each step
is bounded by a constant below, however large the memory is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest

from llm_agentd.memory.keywords import query_words, rarity, stem, storable_line
from llm_agentd.memory.reader import MATCHES_MAX, StoreReader
from llm_agentd.memory.schema import Kind, Row, pair_scope, place_scope
from llm_agentd.memory.sentences import best_sentence, fact_line, fit_lines, quote
from llm_agentd.types import MemoryTurn

OUTCOMES_SHOWN = 2  # the newest of this NPC and player, whatever is said
MATCHES_SHOWN = 3  # rows of this NPC and player that match what is said
PLACE_SHOWN = 2  # rows that others of the settlement told
PLACE_WORDS = 4  # searched for among those, the longest: a settlement has many rows, and each word costs
FACTS_MAX_CHARS = 400  # of all facts together: about 100 tokens
CANDIDATES = 8  # rows read whole, the best by their words: enough for MATCHES_SHOWN, as some hold only questions
REPLY_WEIGHT = 0.5  # a sentence that the NPC made up counts half of what the player said
NEWS = frozenset(map(stem, ("news", "new", "happened", "gossip", "rumour", "rumours", "rumors")))


@dataclass(frozen=True, slots=True)
class Retrieved:
    """`turns`: (the player's words or "", the NPC's reply), the oldest first. `facts`: short sentences."""

    turns: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


NOTHING = Retrieved()


def retrieve(reader: StoreReader, pending: Iterable[Row], turn: MemoryTurn, turns_max: int) -> Retrieved:
    """`pending`: rows that are not in the file yet. Raises sqlite3.Error.

    The order of the facts is their order of importance, as the prompt builder drops them from the end:

    1. The newest outcomes between the two (`Ana refused my price`), whatever is said: an NPC that forgets what just
       happened looks broken. In a greeting, where nothing is said to search for, facts take their place.
    2. What matches the player's words, from this pair alone.
    3. What others of the settlement told; the newest of it where the player asks for news.

    Within 2 and 3 the score decides, and of equal scores the newest, so that a correction wins over what it corrects.
    """
    pair_rows = [row for row in pending if row.npc == turn.npc and row.player == turn.player]
    turns = _turns(reader, pair_rows, turn, turns_max) if turns_max else []
    outcomes = _newest(reader, pair_rows, turn, "outcome", OUTCOMES_SHOWN)
    if not turn.player_text:
        outcomes = outcomes or _newest(reader, pair_rows, turn, "fact", OUTCOMES_SHOWN)
    facts = [row.text for row in reversed(outcomes)]
    if turn.player_text:
        words = query_words(turn.player_text, (turn.player, turn.npc_name))
        shown_ids = {row.id for row in (*turns, *outcomes)}
        facts += _pair_facts(reader, turn, words, shown_ids)
        facts += _place_facts(reader, turn, words, shown_ids)
    return Retrieved(tuple((row.said, row.text) for row in turns if row.text), fit_lines(facts, FACTS_MAX_CHARS))


def _turns(reader: StoreReader, pair_rows: list[Row], turn: MemoryTurn, turns_max: int) -> list[Row]:
    """The last exchanges, the oldest first. None in a greeting: without them its prompt and its cached reply are the
    same for a player's every visit.
    """
    if not turn.player_text:
        return []
    turns = _newest(reader, pair_rows, turn, "exchange", turns_max + 1)
    if turns and turn.is_retry and turns[-1].said == storable_line(turn.player_text):
        turns.pop()  # the reply that is being replaced was never shown
    return turns[-turns_max:]


def _newest(reader: StoreReader, pair_rows: list[Row], turn: MemoryTurn, kind: Kind, limit: int) -> list[Row]:
    """The newest of this NPC and player, with those that are not in the file yet; the oldest first."""
    rows = {row.id: row for row in reader.newest(turn.npc, turn.player, (kind,), limit)}
    rows |= {row.id: row for row in pair_rows if row.kind == kind}
    return [rows[row_id] for row_id in sorted(rows)[-limit:]]


def _pair_facts(reader: StoreReader, turn: MemoryTurn, words: Mapping[str, float], shown_ids: set[int]) -> list[str]:
    """What the player told this NPC, or what happened between them, that has the words of the question."""
    rows, scores, weights = _search(reader, pair_scope(turn.npc, turn.player), words, shown_ids, 0)
    scored: list[tuple[float, int, str]] = []
    for row in rows:
        if row.kind == "exchange":
            score, fact = _best_of_exchange(row, weights)
        else:
            score, fact = scores[row.id], row.text
        if score > 0:
            scored.append((score, row.id, fact))
    return list(dict.fromkeys(fact for _, _, fact in sorted(scored, reverse=True)))[:MATCHES_SHOWN]


def _best_of_exchange(row: Row, weights: Mapping[str, float]) -> tuple[float, str]:
    """(score, line) of the player's best sentence, or else of the NPC's, which counts less."""
    names = (row.player, row.npc_name)
    score, sentence = best_sentence(row.said, weights)
    if score:
        return score, quote(row.player, sentence, names)
    score, sentence = best_sentence(row.text, weights)
    return score * REPLY_WEIGHT, quote("you", sentence, names)


def _place_facts(reader: StoreReader, turn: MemoryTurn, words: Mapping[str, float], shown_ids: set[int]) -> list[str]:
    """What others of this settlement told; the newest of it where the player asks for news."""
    if not turn.place:
        return []
    longest = sorted((word for word, weight in words.items() if weight == 1), key=len, reverse=True)[:PLACE_WORDS]
    min_id = reader.place_min_id(turn.place)
    rows, scores, _ = _search(reader, place_scope(turn.place), dict.fromkeys(longest, 1.0), shown_ids, min_id)
    rows.sort(key=lambda row: (-scores[row.id], -row.id))
    if NEWS & words.keys():
        rows += [row for row in reader.newest_of_place(turn.place, CANDIDATES) if row.id not in shown_ids]
    facts = [
        row.text if row.npc == turn.npc else fact_line(f"{row.npc_name or 'somebody'} said: {row.text}")
        for row in rows
        if not (row.npc == turn.npc and row.player == turn.player)  # those are `_pair_facts`
    ]
    return list(dict.fromkeys(facts))[:PLACE_SHOWN]


def _search(
    reader: StoreReader, scope: str, words: Mapping[str, float], shown_ids: set[int], min_id: int
) -> tuple[list[Row], dict[int, float], dict[str, float]]:
    """The CANDIDATES rows of a scope that match best, the scores of all that match, and the weight of each word.

    A row's score is the sum of its words' weights; a word weighs more the rarer it is in this scope.
    """
    scores: dict[int, float] = {}
    weights: dict[str, float] = {}
    for word, weight in words.items():
        ids = reader.matches(scope, word, min_id)
        weights[word] = weight * rarity(len(ids), MATCHES_MAX)
        for row_id in ids:
            scores[row_id] = scores.get(row_id, 0.0) + weights[word]
    best = nlargest(CANDIDATES, ((score, row_id) for row_id, score in scores.items() if row_id not in shown_ids))
    return reader.rows_by_id([row_id for _, row_id in best]), scores, weights
