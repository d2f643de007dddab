"""Words to index a memory by, and words to search for when a player says something. Pure.

Accepts any text a player may send. What it returns consists of letters and digits alone, so no text can change the
meaning of a full-text query.

The stemmer and the stop words decide what stands in the index of memory.db, so they are a part of that file's format
(`schema.scoped_words`). Tried in place of the few endings below, on the hundred questions of
tests/memory/retrieval_cases.py: the package snowballstemmer (English and Porter) and FTS5's own `porter unicode61`.
All answer 100 of 100, so the cost decides: Snowball takes 24 to 33 us a word against 0.8, and 12 ms and 2 MB at import;
FTS5 needs a new format. Neither brings stop words.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from llm_agentd.memory.thesaurus import related
from llm_agentd.util import sanitize

Concept: TypeAlias = dict[str, float]  # stems of one meaning, with their weights

QUERY_WORDS_MAX = 8  # searched for at once: each costs a lookup in the index, and more do not make a question clearer
WORD_MAX_CHARS = 40
CONCEPT_WORDS_MAX = 40  # related words of one: each costs a lookup in the index
STEM_MIN_CHARS = 3
STEM_CACHE_WORDS = 1024  # of those said last: more than 19 of 20 look-ups

_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "y", "e")  # of English, tried in this order


def storable_line(text: str) -> str:
    """One line of what SQLite can store: without control characters and lone surrogates."""
    return sanitize.single_line(text.encode("utf-8", "replace").decode("utf-8"))


def words_of(text: str) -> list[str]:
    """All words, in lower case and without accents."""
    if text.isascii():
        return [word[:WORD_MAX_CHARS] for word in _WORD.findall(text.lower())]
    # NFKD splits `ü` into `u` and its dots, which are dropped: players leave accents out.
    letters = unicodedata.normalize("NFKD", storable_line(text).casefold())
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    return [word[:WORD_MAX_CHARS] for word in _WORD.findall(plain)]


_WIDENED_STOP_WORDS = frozenset(("from", "like"))  # they say what is asked for: where somebody was born, what is loved
# Words that are in nearly every sentence and do not tell sentences apart: English, German, French, Spanish, Russian.
# Left out where the word means something in another of these languages, as `die`, `son` and `war` do.
_STOP_WORDS = frozenset(
    words_of("""
    a about again all also am an and any anything are as at be because been but by can could d did do does doing don
    fine for from get go good got had has have he hello her here hers hey hi him his how i if in into is it its just
    know let like ll m many may me more much must my no not now of off ok on once one or our out please re recall
    remember s said say shall she should so some something still such t tell than thank thanks that the their them then
    there these they thing this those to told too up us ve very want was we well were what when where which while who
    whom whose why will with would yes you your yours
    aber als am an auch auf aus bei bin bist da das dass dein deine dem der des dir doch du ein eine einen einer er
    es hast hatte ich ihr im in ist ja kann mein meine mich mir mit nein nicht noch nur ob oder sie sind so und uns
    von was wer wie wir wo zu zum zur
    au aux avec ce ces dans de des du elle en est et eu il ils je la le les leur lui ma mais me mes moi mon ne nous on
    ou par pas qu que qui sa se ses sur ta te tes toi ton tu un une vos votre vous
    al como del el ella en era eres es esta este fue ha hay la las lo los mas mi mis muy o para pero por que se si sin
    soy su sus te tu un una y ya yo
    für über très même también adiós
    а без бы был была было быть в вам вас все вы где да для его ее если есть же за и из или к как когда кто ли меня мне
    мой моя мы на не нет но о он она они от по при с так там то ты у уже что это я
    """)
)


def index_words(text: str) -> list[str]:
    """Stems of the words that a row can be found by, each once."""
    return list(dict.fromkeys(stem(word) for word in words_of(text) if word not in _STOP_WORDS))


def query_words(utterance: str, ignored: Iterable[str] = ()) -> list[str]:
    """Stems to search for, each once. `ignored`: the names of the speakers, which are in every row of theirs."""
    return list(dict.fromkeys(map(stem, _keywords(utterance, ignored))))


def concepts(utterance: str, ignored: Iterable[str] = ()) -> list[Concept]:
    """For each word to search for: its stem and those of related words, with weights; its own has weight 1."""
    found: dict[str, Concept] = {}
    widened = [word for word in words_of(utterance) if word in _WIDENED_STOP_WORDS]
    for word in (*_keywords(utterance, ignored), *dict.fromkeys(widened)):
        concept: Concept = {} if word in _STOP_WORDS else {stem(word): 1.0}
        for other, weight in related(word).items():
            if other not in _STOP_WORDS and len(concept) < CONCEPT_WORDS_MAX:
                concept.setdefault(stem(other), weight)
        found.setdefault(stem(word), concept)
    return [concept for concept in found.values() if concept]


def _keywords(utterance: str, ignored: Iterable[str]) -> list[str]:
    names = {word for name in ignored for word in words_of(name)}
    keywords = [word for word in dict.fromkeys(words_of(utterance)) if word not in _STOP_WORDS and word not in names]
    return keywords[:QUERY_WORDS_MAX]


@lru_cache(maxsize=STEM_CACHE_WORDS)
def stem(word: str) -> str:
    """The word without its first English ending and the doubled letter before it: `running`, `runs`, `run`."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM_MIN_CHARS:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > STEM_MIN_CHARS and word[-1] == word[-2] else word


def rarity(matches: int, matches_max: int) -> float:
    """Weight of a word that is in `matches` rows: high for a rare word, 0 beyond `matches_max` (the idf of BM25)."""
    return math.log((matches_max + 1) / (matches + 0.5)) if matches <= matches_max else 0.0
