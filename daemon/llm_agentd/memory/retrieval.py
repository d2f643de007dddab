"""What of all that is remembered goes into one prompt: the last exchanges, and a few lines that fit what was said.

Reads only; knows no threads. First what came of things between the two, then what the player told before and the words
of this moment ask for, then what the settlement knows. Of lines that fit alike the newest wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest

from llm_agentd.memory import keywords as words
from llm_agentd.memory.store import HITS_MAX, Row, Store, pair_scope, place_scope
from llm_agentd.types import MemoryTurn

OUTCOMES_SHOWN = 2  # the newest between the two, whatever is said
FOUND_SHOWN = 3  # lines that fit what is said
PLACE_SHOWN = 2  # lines that others of the settlement told
PLACE_WORDS = 4  # that are looked for among those, the longest: gossip is wide, and each word costs
FACTS_MAX_CHARS = 400  # of all lines: about 100 tokens
LOOKED_AT = 8  # lines read whole, the best by their words: enough for three, some of which may be questions
NEWS = frozenset(words.stem(word) for word in ("news", "new", "happened", "gossip", "rumour", "rumours", "rumors"))


@dataclass(frozen=True, slots=True)
class Recalled:
    """`turns`: (what the player said or "", the NPC's reply), the oldest first. `facts`: short sentences."""

    turns: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


NOTHING = Recalled()


def recall(store: Store, pending: Iterable[Row], exchange: MemoryTurn, turns: int) -> Recalled:
    """`pending`: rows that `store` has not yet. `turns`: exchanges wanted at most. Raises sqlite3.Error."""
    own = [row for row in pending if row.npc == exchange.npc and row.player == exchange.player]
    history = _newest(store, own, exchange, "exchange", turns + 1) if turns and exchange.said else []
    if history and exchange.is_retry and history[-1].said == words.clean(exchange.said):
        history.pop()  # its reply was not said
    history = history[-turns:] if turns else []
    outcomes = _newest(store, own, exchange, "outcome", OUTCOMES_SHOWN)
    if not exchange.said:
        outcomes = outcomes or _newest(store, own, exchange, "fact", OUTCOMES_SHOWN)
    lines = [row.text for row in reversed(outcomes)]
    if exchange.said:
        asked = words.asked_words(exchange.said, (exchange.player, exchange.npc_name))
        shown = {row.id for row in (*history, *outcomes)}
        lines += _found(store, exchange, asked, shown)
        lines += _of_place(store, exchange, asked, shown)
    return Recalled(tuple((row.said, row.text) for row in history if row.text), words.within(lines, FACTS_MAX_CHARS))


def _newest(store: Store, own: list[Row], exchange: MemoryTurn, kind: str, limit: int) -> list[Row]:
    """The oldest first, with what is not written yet."""
    rows = {row.id: row for row in store.newest(exchange.npc, exchange.player, (kind,), limit)}  # type: ignore[arg-type]
    rows |= {row.id: row for row in own if row.kind == kind}
    return [rows[one] for one in sorted(rows)[-limit:]]


def _found(store: Store, exchange: MemoryTurn, asked: Mapping[str, float], shown: set[int]) -> list[str]:
    """What the player told this NPC, or came of it, that has the words of the question."""
    rows, scores, weights = _search(store, pair_scope(exchange.npc, exchange.player), asked, shown, 0)
    scored: list[tuple[float, int, str]] = []
    for row in rows:
        if row.kind != "exchange":
            scored.append((scores[row.id], row.id, row.text))
            continue
        score, sentence = words.best_sentence(row.said, weights)
        told = words.line(row.player, sentence, (row.player, row.npc_name))
        if not score:
            score, sentence = words.best_sentence(row.text, weights)
            score, told = score * words.MENTION_SHARE, words.line("you", sentence, (row.player, row.npc_name))
        scored.append((score, row.id, told))
    best = sorted((one for one in scored if one[0] > 0), reverse=True)
    return list(dict.fromkeys(text for _, _, text in best))[:FOUND_SHOWN]


def _of_place(store: Store, exchange: MemoryTurn, asked: Mapping[str, float], shown: set[int]) -> list[str]:
    """What others of this settlement know; the newest where somebody asks for news."""
    if not exchange.place:
        return []
    floor = store.place_floor(exchange.place)
    longest = sorted((word for word, share in asked.items() if share == 1), key=len, reverse=True)[:PLACE_WORDS]
    rows, scores, _ = _search(store, place_scope(exchange.place), dict.fromkeys(longest, 1.0), shown, floor)
    best = sorted(rows, key=lambda row: (-scores[row.id], -row.id))
    if NEWS & asked.keys():
        best += [row for row in store.newest_of_place(exchange.place, LOOKED_AT) if row.id not in shown]
    lines = [
        row.text if row.npc == exchange.npc else words.as_fact(f"{row.npc_name or 'somebody'} said: {row.text}")
        for row in best
        if not (row.npc == exchange.npc and row.player == exchange.player)
    ]
    return list(dict.fromkeys(lines))[:PLACE_SHOWN]


def _search(
    store: Store, scope: str, asked: Mapping[str, float], shown: set[int], floor: int
) -> tuple[list[Row], dict[int, float], dict[str, float]]:
    """The rows of a scope that have most of the words, their scores, and what each word weighs there by its rarity."""
    scores: dict[int, float] = {}
    weights: dict[str, float] = {}
    for word, share in asked.items():
        hits = store.hits(scope, word, floor)
        weights[word] = share * words.rarity(len(hits), HITS_MAX)
        for one in hits:
            scores[one] = scores.get(one, 0.0) + weights[word]
    best = nlargest(LOOKED_AT, ((score, one) for one, score in scores.items() if one not in shown))
    return store.by_id([one for _, one in best]), scores, weights
