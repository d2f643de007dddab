"""Words of a reply in the JSON form: decoded as they come, however the bytes were cut, and nothing but words."""

from __future__ import annotations

import json
from itertools import pairwise

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_agentd.scheduler.reply_json import JsonAssembler, WordsReader
from llm_agentd.scheduler.sequence import make_assembler
from llm_agentd.types import ChatPrompt, Message, OutputFormat, Request

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
cuts = st.lists(st.integers(0, 400), max_size=20)
acts = st.sampled_from(
    [
        {"action": "nothing"},
        {"action": "wave", "say": "not me"},
        {"action": "give", "item": 'an "apple"\\', "list": [{"say": "no"}]},
    ]
)


def split(data: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(ends)]


def read(pieces: list[bytes]) -> tuple[list[str], WordsReader]:
    reader = WordsReader()
    return [reader.feed(piece) for piece in pieces], reader


def run(pieces: list[bytes], reason: str = "stop", **options: object) -> tuple[str, str, JsonAssembler]:
    """Words, the finish and the assembler; a token each piece."""
    assembler = JsonAssembler(**{"max_tokens": 10**9, **options})  # type: ignore[arg-type]
    deltas = []
    for piece in pieces:
        deltas.append(assembler.feed(piece, 1))
        assert assembler.text == "".join(deltas)
        if assembler.finished:
            break
    last, finish = assembler.end("length" if reason == "length" else "stop")
    assert assembler.text == "".join([*deltas, last])
    return assembler.text, finish, assembler


@settings(max_examples=300, deadline=None)
@given(words, acts, cuts, st.booleans(), st.booleans(), st.sampled_from([None, 2]))
@example("🌙", {"action": "nothing"}, list(range(30)), True, False, None)
@example('🌙é\\"\n\u2028', {"action": "nothing"}, list(range(60)), False, True, None)
def test_words_are_those_that_a_json_parser_finds(
    say: str, act: dict[str, object], places: list[int], escaped: bool, act_first: bool, indent: int | None
) -> None:
    form = {"do": act, "say": say} if act_first else {"say": say, "do": act}
    data = json.dumps(form, ensure_ascii=escaped, indent=indent).encode()
    deltas, reader = read(split(data, places))
    assert "".join(deltas) == orjson.loads(data)["say"]
    assert reader.closed


@settings(max_examples=200, deadline=None)
@given(words, st.integers(0, 200), cuts)
def test_reply_cut_anywhere_gives_the_beginning_of_its_words(say: str, end: int, places: list[int]) -> None:
    data = json.dumps({"say": say, "do": {"action": "nothing"}}).encode()[:end]
    deltas, _ = read(split(data, places))
    assert say.startswith("".join(deltas))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), cuts)
@example(b'{"say":"\\ud83d', [])
@example(b'{"say":"\\uZZ"', [])
@example(b"{" * 5000, [])
def test_any_bytes_give_the_same_words_however_they_are_cut(data: bytes, places: list[int]) -> None:
    for whole in (data, b'{"say":"' + data):
        assert "".join(read(split(whole, places))[0]) == read([whole])[0][0]
        run(split(whole, places), reason="length", whole_sentences=True)


def test_words_come_before_the_action() -> None:
    deltas, _ = read([b'{"s', b'ay": "Good', b" even\\u00", b'e9ing"', b',"do":'])
    assert deltas == ["", "Good", " even", "éing", ""]


def test_half_of_a_surrogate_pair_waits_for_the_other_and_alone_is_replaced() -> None:
    assert read([b'{"say":"\\ud83c', b"\\udf19", b'"'])[0] == ["", "🌙", ""]
    assert "".join(read([b'{"say":"a\\ud83cb\\udf19\\u0000"}'])[0]) == "a\ufffdb\ufffd\ufffd"


@pytest.mark.parametrize(
    ("reply", "spoken"),
    [
        ("Good evening, Ana.", "Good evening, Ana."),
        ('```json\n{"say": "Hm.", "do": {"action": "nothing"}}\n```', "Hm."),
        ('Mira: {"say": "Hm."}', "Mira: Hm."),
        ('{"do": {"action": "say"}, "say": "Hm."}', "Hm."),
        ("{Good evening.}", "Good evening."),
        ('{"answer": "no words of the form"}', ""),
        ('{"say": 5, "do": {"action": "wave"}}', ""),
        ("", ""),
    ],
)
def test_reply_of_a_model_without_grammar_gives_its_words(reply: str, spoken: str) -> None:
    for pieces in ([reply.encode()], [bytes((byte,)) for byte in reply.encode()]):
        assert run(pieces)[0] == spoken


def test_raw_reply_is_kept_for_the_action() -> None:
    text = '{"say":"Naïve.","do":{"action":"wave"}}'
    assert run([text.encode()])[2].raw == text


def tokens(text: str) -> list[bytes]:
    return [text[at : at + 4].encode() for at in range(0, len(text), 4)]


def test_words_near_the_limit_end_with_a_sentence_and_the_action_still_comes() -> None:
    pieces = tokens('{"say":"One two three four. Five six seven eight nine ten.","do":{"action":"wave"}}')
    text, finish, assembler = run(pieces, whole_sentences=True, max_tokens=8)
    assert (text, finish) == ("One two three four.", "sentence")
    assert assembler.raw.endswith('"wave"}}')


def test_words_closed_by_the_grammar_lose_their_cut_word() -> None:
    text, finish, _ = run([b'{"say":"One two thre', b'","do":{"action":"wave"}}'], whole_sentences=True, max_chars=12)
    assert (text, finish) == ("One two…", "length")


def test_reply_cut_in_its_words_or_its_action_finishes_by_length() -> None:
    assert run([b'{"say":"One two thr'], "length", whole_sentences=True)[:2] == ("One two…", "length")
    assert run([b'{"say":"One two.","do":{"act'], "length", whole_sentences=True)[:2] == ("One two.", "length")


def test_stop_string_ends_the_words_and_is_ignored_in_the_action() -> None:
    text, finish, _ = run([b'{"say":"One do two","do":{"action":"wave"}}'], stop=("do",))
    assert (text, finish) == ("One ", "stop")
    assert run([b'{"say":"One two","do":{"action":"wave"}}'], stop=("do",))[0] == "One two"


def test_form_without_an_offered_action_ends_with_its_words() -> None:
    pieces = [b'{"say": "No quest ', b'today."', b', "do": {"action": "nothing"}}']
    spoken, finish, assembler = run(pieces, has_action=False, whole_sentences=True)
    assert (spoken, finish) == ("No quest today.", "stop")
    assert "do" not in assembler.raw  # what nobody reads is not waited for


def test_form_without_an_offered_action_that_is_cut_behind_its_words_is_whole() -> None:
    spoken, finish, _ = run([b'{"say": "No quest today."'], "length", has_action=False, whole_sentences=True)
    assert (spoken, finish) == ("No quest today.", "stop")


@pytest.mark.parametrize("reply", ['{"say": "Good day."}', "Good day."])
def test_think_without_actions_speaks_no_brace_in_either_form(reply: str) -> None:
    request = Request(
        id="1",
        peer=(b"p",),
        op="think",
        arrived_s=0.0,
        deadline_s=1.0,
        prompt=ChatPrompt((Message("user", "Hello!"),)),
        output=OutputFormat(whole_sentences=True),
    )
    assembler = make_assembler(request)
    delta = assembler.feed(reply.encode(), 4)
    assert delta + assembler.end("stop")[0] == "Good day."


def test_infer_keeps_its_braces() -> None:
    request = Request(id="1", peer=(b"p",), op="infer", arrived_s=0.0, deadline_s=1.0, prompt="JSON, please")
    assembler = make_assembler(request)
    assert assembler.feed(b'{"say": 1}', 4) + assembler.end("stop")[0] == '{"say": 1}'
