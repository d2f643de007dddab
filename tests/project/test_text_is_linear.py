"""Twice the text takes at most twice the time, on every way that text of players, games and models takes.

One quadratic search stalls the router's thread, and with it everybody. Each row of PATHS is one such way, each of TEXTS
one kind of text that some search could stumble over. A new way that text takes belongs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

import llm_agentd
from llm_agentd.engines.llama.grammar.gbnf_check import grammar_danger
from llm_agentd.engines.llama.grammar.grammars import _bound as bound_grammar
from llm_agentd.errors import AgentdError
from llm_agentd.http.routes.openai.messages import messages_of
from llm_agentd.memory import corrections, keywords, ranking, sentences, summarize
from llm_agentd.memory.schema import Row, scoped_words
from llm_agentd.moderation import normalize as disguises
from llm_agentd.moderation import word_list
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prompt import json_schema, language, messages, placeholders, token_budget
from llm_agentd.prompt.clauses import fact_clause, own, reasked_clause, recalled_clause, retold_clause
from llm_agentd.prompt.clauses.tokens import tokenize
from llm_agentd.prompt.meaning import reader, topic_choice, world
from llm_agentd.prompt.meaning.forms import forms, line_kinds
from llm_agentd.prompt.meaning.known import own_sentences, relevance
from llm_agentd.prompt.meaning.orders import orders
from llm_agentd.protocol import wire
from llm_agentd.roles import Role
from llm_agentd.scheduler.guard import SpeechGuard
from llm_agentd.scheduler.reply_json import JsonAssembler
from llm_agentd.scheduler.reply_text import TextAssembler
from llm_agentd.speech import voices
from llm_agentd.speech.languages import read_as
from llm_agentd.speech.spoken_text import spoken_text
from llm_agentd.topics import mentions, open_topics, topics_path
from llm_agentd.topics import normalize as plain_words
from llm_agentd.types import Message, Npc, Think, Turn
from llm_agentd.util import sanitize, surrogates
from llm_agentd.util.did_you_mean import did_you_mean
from tests.support.growth import fit_exponent, grows_too_fast

pytestmark = [pytest.mark.slow, pytest.mark.alone]

MODEL = Path(llm_agentd.__file__).parent / "models" / "hearthling.gguf"
NAMES = ("Ana Maria", "Bram Miller", "Ana")
PROSE = "The guard of Oakford sold an apple to Ana because she was hungry, and he is a smith who lost his brother. "
# What is repeated to make a text. Letters, marks and names that the searches begin with, and what they must not find.
PIECES = (
    "a", "f", "as", "fu", "shi", "ß", "İ", "中文", "中。", "аb", "😀", "ａ", "\u0301", "a\u0301\u0302",
    "\u200b", "a\u200b", " ", "\n", "a ", "\na", ".", "!", "-", "_", "'", ":", "*", "\\", '"', "(", "[",
    "{", "<", "( ", "\x1b(", "\x1b(c@#", "`", "#", "a.", "a-", "a_", "a'", "a:", "a  :", "*a", "f*",
    '\\"', "1.", "0x", "f0 ", "10 ", "Ana:", "Ana Maria ", "Mr. ", "who? ", "I go. ", "I'm ", "i am ",
    "no ", "hey, ", "said: ", "if you ", "when x ", "call me ", "let it ", "go a b c ", "no longer ",
    "fuck ", "fuck", "bastard sword ", "f.u.c.k ", "aGVsbG8gd29ybGQh", "\\u00e9", "Ana said: ",
    "((do not ", ". Ana", "can i find ", "called place ", PROSE,
)  # fmt: skip
TEXTS = {repr(piece): piece for piece in PIECES}


def text_of(piece: str, chars: int) -> str:
    return (piece * (chars // len(piece) + 1))[:chars]


@cache
def the_words() -> word_list.WordList:
    return word_list.WordList(strict=True, blocked=("dragon lord", "foo*"), allowed=("shita*",))


@cache
def the_moderator() -> Moderator:
    return Moderator(None, strict=True)


def moderate(text: str) -> None:
    word_list._stem_findings.cache_clear()
    the_words()._find(text)


def moderate_history(text: str) -> None:
    """All turns together are the text."""
    size = len(text) // 8
    history = tuple(Turn("Ana", text[start : start + size]) for start in range(0, len(text), size))
    the_moderator()._words.find.cache_clear()
    word_list._stem_findings.cache_clear()
    the_moderator().check_in(Think(npc=Npc("n", "Bram", "guard"), player="Ana", utterance=None, history=history), "en")


def moderate_reply(text: str) -> None:
    the_moderator()._words.find.cache_clear()
    word_list._stem_findings.cache_clear()
    for end in range(0, len(text), 64):
        the_moderator().check_out(text[max(0, end - 400) : end], None, is_whole=False)
    the_moderator().check_out(text, {"params": {"what": text}}, is_whole=True)


def many_speakers(text: str) -> None:
    half = len(text) // 2
    sanitize.utterance(text[:half], [text[start : start + 8] for start in range(half, len(text), 8)])


def classify(text: str) -> None:
    topics = open_topics(topics_path(MODEL))
    topics._mean.cache_clear()
    topics.classify.cache_clear()
    topics.classify(text)


@cache
def slot_reader() -> reader.SlotReader:
    return reader.SlotReader(open_topics(topics_path(MODEL)))


def read_think(text: str) -> None:
    topics = open_topics(topics_path(MODEL))
    topics._mean.cache_clear()
    topics.classify.cache_clear()
    context = {
        "near": ["Bram the smith", text[:2000]],
        "stock": {"steel sword": 3},
        "way": {"mill": "north"},
        "king": text,
    }
    think = Think(npc=Npc("n", "Bram Miller", "guard"), player="Ana", utterance=text, context=context)
    slot_reader().read(think, Role("guard", title="the guard", persona="A guard."), ["Ana bought an apple"], text, text)


def search_orders(text: str) -> None:
    patterns = (orders.GO, orders.ASKS_WAY, orders.WITH_SOMEBODY, orders.TO_SOMEBODY, orders.NOT_TO, orders.GIVES)
    for pattern in (*patterns, *(pattern for _, pattern in orders.IN_FIGHT), orders.OFFERS, orders.SELLS):
        pattern.search(text)
    orders.COUNTED.search(text)


def fill_placeholders(text: str) -> None:
    item = placeholders.CHARS["item"]
    filled = placeholders.fill(item.join(text[: len(text) // 2]), {"item": "sword"})
    placeholders.mark(filled, {"item": "sword", "speaker": "Ana"})


def assemble(assembler: TextAssembler | JsonAssembler, text: str) -> None:
    data = text.encode("utf-8", "replace")
    for start in range(0, len(data), 4):
        assembler.feed(data[start : start + 4], 1)
        if assembler.finished:
            return
    assembler.end("stop")


def guard_speech(text: str) -> None:
    guard = SpeechGuard(NAMES)
    for start in range(0, len(text), 4):
        guard.feed(text[start : start + 4])
    guard.end()


def json_reply(before: str) -> Callable[[str], None]:
    return lambda text: assemble(
        JsonAssembler(whole_sentences=True, max_tokens=10**6, guard=SpeechGuard(NAMES)), before + text
    )


def decode(before: str) -> Callable[[str], None]:
    def run(text: str) -> None:
        body = (before + text).encode("utf-8", "replace")
        wire.decode(len(body).to_bytes(4, "big") + body)

    return run


def check_schema(text: str) -> None:
    parts = {text[start : start + 8]: {"type": "string", "enum": [text[:9]]} for start in range(0, len(text), 8)}
    schema = json_schema.bounded({"type": "object", "properties": parts, "required": list(parts)}, "a")
    json_schema.is_valid(json_schema.for_grammar(schema), dict.fromkeys(parts, text[:9]))
    json_schema.max_json_chars(schema)


def check_grammar(text: str) -> None:
    grammar_danger(f"root ::= {text}")
    with suppress(AgentdError):
        bound_grammar("grammar", text)


def row(text: str) -> Row:
    return Row(1, "exchange", "n", "Bram", "Ana", "Oakford", text, text, "en", 0.0)


@cache
def words_of_users() -> Moderator:
    return Moderator(None)


def chat_of_characters(text: str) -> None:
    """What a user says in thousands of messages before the first answer, and before the one that is wanted."""
    said = tuple(Message("user", char) for char in text)
    for chat in (said, (*said, Message("assistant", "a"))):
        with suppress(AgentdError):
            words_of_users().check_in_chat(chat, "", "en")


PATHS: dict[str, Callable[[str], object]] = {
    "moderation": moderate,
    "moderation of a history": moderate_history,
    "moderation of a reply": moderate_reply,
    "disguises": lambda text: (
        disguises.normalize_text(text),
        disguises.word_forms(text),
        disguises.spelled_words(text),
        disguises.decoded_texts(text),
    ),
    "an admin's words": lambda text: word_list._any_of((text[:2000], f"{text[:20]}*")).search(text),  # type: ignore[union-attr]
    "sanitize": lambda text: (
        sanitize.utterance(text, NAMES),
        sanitize.utterance(text, NAMES, has_speaker=False),
        sanitize.name(text),
        sanitize.fact(text),
        surrogates.repair_surrogates(text),
    ),
    "sanitize with many speakers": many_speakers,
    "what is spoken": lambda text: (spoken_text(text), read_as(text, "en"), voices.voice_of(text[:400], text)),
    "words as typed": plain_words.plain,
    "mentions": lambda text: mentions.find(
        text, ["steel sword", "apple pie", "Oakford", text[:128], "the mill of old"]
    ),
    "unknown names": lambda text: (mentions.number(text), mentions.unknown_words(text, frozenset(), frozenset("a"))),
    "topics": classify,
    "meaning of a think": read_think,
    "orders": search_orders,
    "forms": lambda text: forms.form_of(text, "a".__eq__),
    "answers": lambda text: (own_sentences.sentences(text), relevance.OUTCOME.match(text), world._TITLED.match(text)),
    "what is asked for": lambda text: (
        own_sentences.asks_leave(text),
        line_kinds.asks_of_player(text),
        line_kinds.asks_name(text),
        line_kinds.refuses(text),
        own_sentences.is_without(text, relevance.NAME_OF, relevance.THIS_PLACE),
    ),
    "sentences": lambda text: (
        sentences.split_sentences(text),
        sentences.is_question(text),
        sentences.quote("Ana", text, NAMES),
        sentences.fact_line(text),
    ),
    "keywords": lambda text: (keywords.index_words(text), keywords.concepts(text, NAMES), keywords.storable_line(text)),
    "index": lambda text: scoped_words("exchange", "n", "Ana", "Oakford", text, text),
    "corrections": lambda text: (corrections.subject(text, "Ana"), corrections.says_the_same(text, f"{text} x", "Ana")),
    "retrieval": lambda text: ranking.score_by_words(text, ranking.question_of(text, NAMES), {"a": 1.0}),
    "summaries": lambda text: (summarize.facts_by_rules([row(text)]), summarize.parse_facts(text)),
    "clauses": lambda text: (
        own.own_clause.__wrapped__(text, "Bram Miller", "the guard"),
        recalled_clause(f"Ana said: {text}", "Ana", "Bram"),
        recalled_clause(text, "Ana", "Bram"),
        fact_clause("king", text),
        fact_clause(text, "Bo"),
        fact_clause("kings", [text[start : start + 40] for start in range(0, len(text), 40)]),
    ),
    "what is said back": lambda text: (retold_clause(text, bool, {}), reasked_clause(text, bool, {})),
    "riddles": topic_choice.RIDDLE.search,
    "tokens of clauses": tokenize,
    "language": lambda text: (language.base_code(text), language.choose(text, ["en"], "en")),
    "prompt": lambda text: (
        messages.fact_line({"near": [text, text], text: "x"}),
        messages.avoid_line([text]),
        messages.said_text("Ana", text, NAMES),
        token_budget.estimate_tokens([text]),
    ),
    "placeholders": fill_placeholders,
    "reply as text": lambda text: assemble(
        TextAssembler(stop=("\nAna:", "aaaaaab", "\n\n"), whole_sentences=True, max_tokens=10**6), text
    ),
    "reply in whole words": lambda text: assemble(TextAssembler(whole_words=True, max_tokens=10**6), text),
    "chat of short messages": chat_of_characters,
    "chat of short messages, over HTTP": lambda text: messages_of([{"role": "system", "content": x} for x in text]),
    "end of a reply": lambda text: assemble(TextAssembler(whole_sentences=True, max_tokens=1), f'"{text}'),
    "reply without sentences": lambda text: assemble(TextAssembler(stop=("aaab",), max_tokens=10), text),
    "guard": guard_speech,
    "reply in plain words": json_reply(""),
    "reply as JSON": json_reply('{"say": "'),
    "key of a reply as JSON": json_reply('{"'),
    "wire": decode(""),
    "wire, in a record": decode('{"id": "1", "op": "'),
    "wire, a value": decode('{"id":'),
    "JSON schema": check_schema,
    "grammar": check_grammar,
    "did you mean": lambda text: did_you_mean(text, ["think", "infer"]),
}


WITH_MODEL = ("topics", "meaning of a think")  # a millisecond each, whatever the text is


@pytest.mark.parametrize("path", PATHS)
def test_twice_the_text_takes_at_most_twice_the_time(path: str) -> None:
    texts = TEXTS if path not in WITH_MODEL else dict(list(TEXTS.items())[::12])
    found = {name: why for name, piece in texts.items() if (why := _why(path, piece))}
    assert not found, "\n".join(f"{name}: {why}" for name, why in found.items())


def _why(path: str, piece: str) -> str:
    return grows_too_fast(PATHS[path], lambda chars: text_of(piece, chars))


def test_a_quadratic_search_is_found() -> None:
    import re

    stumbles = re.compile("a+b")
    assert grows_too_fast(stumbles.search, lambda chars: "a" * chars)
    assert not grows_too_fast(re.compile("a++b").match, lambda chars: "a" * chars)


@pytest.mark.parametrize("exponent", [1.0, 1.1, 2.0])
def test_exponent_is_that_of_the_times(exponent: float) -> None:
    sizes = [100, 200, 400, 800]
    assert fit_exponent(sizes, [size**exponent for size in sizes]) == pytest.approx(exponent)


def test_longest_think_is_moderated_within_a_tick() -> None:
    """A history of 20 turns as long as turns may be took six seconds once."""

    def texts() -> Iterator[str]:
        yield "a" * 16_000
        yield "fuck" * 4_000
        yield "bastard sword " * 1_100

    import time

    for text in texts():
        start_s = time.thread_time()
        moderate(text)
        assert time.thread_time() - start_s < 1.0
