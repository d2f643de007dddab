"""Words of talk: which of them to search by, and which sentence of what was said answers them.

Pure. Takes any text a player may send; what comes out is letters and digits alone, so no search can be broken by it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from llm_agentd.prompt import sanitize

WORDS_MAX = 8  # searched for at once: more make a question no clearer, and each costs a look into the index
WORD_MAX_CHARS = 40
SENTENCE_MAX_CHARS = 120  # of one remembered line
MENTION_SHARE = 0.5  # what an NPC made up counts half of what a player told it
CUE_SHARE = 0.25  # a word of the same meaning counts less than the word itself

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"[^.!?…。！？]+[.!?…。！？]*")


def clean(text: str) -> str:
    """One line of what SQLite can hold: no control characters, no halves of characters."""
    return sanitize.single_line(text.encode("utf-8", "replace").decode("utf-8"))


def words_of(text: str) -> list[str]:
    """All words, small and without accents."""
    if text.isascii():
        return [word[:WORD_MAX_CHARS] for word in _WORD.findall(text.lower())]
    letters = unicodedata.normalize("NFKD", clean(text).casefold())
    return [
        word[:WORD_MAX_CHARS] for word in _WORD.findall("".join(c for c in letters if not unicodedata.combining(c)))
    ]


# What stands in nearly every line says nothing of which line is meant: English, German, French, Spanish, Russian. (Not
# those that mean something in another of these: die, son, war.)
_STOP = frozenset(
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

# Words of talk that ask for what other words tell: a question seldom repeats the words of its answer.
_GROUPS = (
    "name called call names",
    "live lives home house come from born hometown",
    "work job trade profession craft",
    "favourite favorite love loves like best prefer",
    "buy bought pay paid cost costs price coins",
    "sell sold give gave",
    "find found lose lost losing missing miss search searching",
    "hide hid hidden buried bury put keep kept",
    "kill killed slay slew slain dead died",
    "brother sister mother father wife husband son daughter family",
    "afraid fear fears scared",
    "old age years born",
    "see saw seen met meet",
    "eat ate food",
    "build built",
    "bring brought take took",
    "go went going travel travelled leave leaving",
)
_MEANS: dict[str, list[str]] = {}
for _group in _GROUPS:
    for _word in _group.split():
        _MEANS.setdefault(_word, []).extend(_group.split())


def index_words(text: str) -> list[str]:
    """Stems of the words that tell something, each once: what a line can be found by."""
    return list(dict.fromkeys(stem(word) for word in words_of(text) if word not in _STOP))


def asked_words(utterance: str, ignored: Iterable[str] = ()) -> dict[str, float]:
    """Stems to search for, with how much each counts: of the telling words, then of words that mean the same.

    `ignored`: names of who is talking, which stand in every line.
    """
    names = {word for name in ignored for word in words_of(name)}
    spoken = words_of(utterance)
    telling = [word for word in dict.fromkeys(spoken) if word not in _STOP and word not in names]
    wanted = dict.fromkeys(map(stem, telling[:WORDS_MAX]), 1.0)
    for word in spoken:
        for other in _MEANS.get(word, ()):
            if len(wanted) < 2 * WORDS_MAX and other not in _STOP:
                wanted.setdefault(stem(other), CUE_SHARE)
    return wanted


@lru_cache(maxsize=16384)  # about all words of a village
def stem(word: str) -> str:
    """A rough one: endings of English go, and the doubled letter before them (`running`, `runs`, `run`)."""
    for ending in ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def rarity(hits: int, hits_max: int) -> float:
    """What a word weighs that `hits` lines have: a rare one much, one that `hits_max` have nothing (BM25's idf)."""
    return math.log((hits_max + 1) / (hits + 0.5)) if hits <= hits_max else 0.0


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def is_question(sentence: str) -> bool:
    return sentence.endswith(("?", "？"))


def best_sentence(text: str, weights: Mapping[str, float]) -> tuple[float, str]:
    """`(score, sentence)` of the statement that has most of the words; `(0, "")` where none has any.

    `weights`: by stem. A question is no answer, so it never is the best.
    """
    best = (0.0, "")
    for sentence in sentences(text):
        if is_question(sentence):
            continue
        found = {stem(word) for word in words_of(sentence)}
        score = sum(weight for word, weight in weights.items() if word in found)
        if score > best[0]:
            best = (score, sentence)
    return best


def line(speaker: str, sentence: str, known: Sequence[str] = ()) -> str:
    """`Ana said: I hid my lantern under the oak`. `known`: whose names may not stand before words inside it."""
    return as_fact(f"{sanitize.name(speaker)} said: {sanitize.utterance(sentence, known)}")


def as_fact(sentence: str) -> str:
    """One line of memory: short, without the end stop, with nothing that would end the facts around it."""
    text = sanitize.fact(clean(sentence))
    if len(text) > SENTENCE_MAX_CHARS:
        text = text[: SENTENCE_MAX_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return text.rstrip(" .!")


def within(lines: Sequence[str], max_chars: int) -> tuple[str, ...]:
    """The first different ones that fit, in their order."""
    kept: list[str] = []
    left = max_chars
    for one in lines:
        if one and one not in kept and len(one) <= left:
            kept.append(one)
            left -= len(one)
    return tuple(kept)
