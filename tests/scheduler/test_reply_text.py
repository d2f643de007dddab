"""Text assembly: nothing leaks, nothing is taken back, and how the bytes were cut into pieces changes nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_agentd.scheduler.reply_text import WORD_HELD_MAX_CHARS, TextAssembler

MANY = 10**9  # a token limit that is never near


def run(
    pieces: list[bytes],
    *,
    stop: tuple[str, ...] = (),
    whole: bool = False,
    reason: str = "stop",
    max_tokens: int = MANY,
) -> tuple[list[str], str]:
    """Deltas (the last one from `end`) and the finish, one token a piece."""
    assembler = TextAssembler(stop=stop, whole_sentences=whole, max_tokens=max_tokens)
    deltas: list[str] = []
    for piece in pieces:
        deltas.append(assembler.feed(piece, 1))
        assert assembler.text == "".join(deltas)
        if assembler.finished:
            break
    finished = assembler.finished
    last, finish = assembler.end("length" if reason == "length" else "stop")
    if finished:
        assert (last, finish) == ("", finished)
    deltas.append(last)
    assert assembler.text == "".join(deltas)
    return deltas, finish


def line(text: str, max_tokens: int, reason: str = "length") -> tuple[str, str]:
    """A spoken line, one token a word (with the space before it), cut off at `max_tokens`."""
    words = [("" if i == 0 else " ") + word for i, word in enumerate(text.split(" "))]
    deltas, finish = run([w.encode() for w in words[:max_tokens]], whole=True, reason=reason, max_tokens=max_tokens)
    return "".join(deltas), finish


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def plain_cut(text: str, stops: tuple[str, ...]) -> tuple[str, str]:
    """What plain assembly means, said slowly: read on until some stop string is complete."""
    for end in range(1, len(text) + 1):
        complete = [s for s in stops if s and text[:end].endswith(s)]
        if complete:
            return text[: end - max(map(len, complete))], "stop"
    return text, ""


# Few letters, so that stop strings, their beginnings and halves of characters really meet.
letters = st.text('ab .!\n"你é🙂', max_size=30)
raw = st.one_of(
    letters.map(str.encode),
    st.binary(max_size=30),
    st.tuples(letters, st.binary(max_size=3)).map(lambda t: t[0].encode() + t[1]),
)
stops = st.lists(st.text("ab .\n你", max_size=4), max_size=3).map(tuple)
cuts = st.lists(st.integers(0, 200), max_size=12)
reasons = st.sampled_from(["stop", "length"])


@settings(max_examples=100, deadline=None)
@given(raw, stops, cuts, reasons)
@example(b"abcd", ("abcd", "bc"), [1, 2, 3], "stop")
@example(b"ab", ("abc", "ab"), [1], "stop")
@example(b"aab", ("ab",), [1, 2], "length")
def test_plain_text_ends_before_the_stop_string(data: bytes, stop: tuple[str, ...], at: list[int], reason: str) -> None:
    deltas, finish = run(split(data, at), stop=stop, reason=reason)
    text = data.decode("utf-8", "replace")
    want, want_finish = plain_cut(text, stop)
    if reason == "length" and not want_finish:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                want = data[: error.start].decode()  # half a character at the limit is dropped
    got = "".join(deltas)
    if want_finish or reason == "stop" or "\ufffd" not in text:
        assert (got, finish) == (want, want_finish or reason)
    assert not any(s in got for s in stop if s)


@settings(max_examples=100, deadline=None)
@given(raw, stops, cuts, reasons)
@example(b" a b", ("b c d",), [1, 2, 3], "length")
@example(b"\n\n a", ("\n",), [1, 2], "stop")
@example(b"a b \n", ("\n",), [1, 2, 3, 4], "stop")
def test_spoken_text_does_not_depend_on_how_it_is_cut(
    data: bytes, stop: tuple[str, ...], at: list[int], reason: str
) -> None:
    one, finish = run([data], stop=stop, whole=True, reason=reason)
    many, many_finish = run(split(data, at), stop=stop, whole=True, reason=reason)
    assert ("".join(many), many_finish) == ("".join(one), finish)
    text = "".join(one)
    assert text == text.strip()
    assert not any(s in text for s in stop if s)
    text.encode()


@settings(max_examples=100, deadline=None)
@given(st.lists(letters.map(str.encode), max_size=12), stops, reasons, st.integers(1, 12))
def test_text_near_the_limit_ends_whole_and_holds_no_stop_string(
    pieces: list[bytes], stop: tuple[str, ...], reason: str, limit: int
) -> None:
    deltas, finish = run(pieces, stop=stop, whole=True, reason=reason, max_tokens=limit)
    text = "".join(deltas)
    assert not any(s in text for s in stop if s)
    assert text == text.strip()
    if finish == "sentence":
        assert text.rstrip('"')[-1] in ".!"
    if finish == "length" and text and not any("…" in s for s in stop):
        assert text.endswith("…")


def test_half_a_character_is_never_shown() -> None:
    data = "é🙂".encode()
    assembler = TextAssembler(max_tokens=MANY)
    assert [assembler.feed(data[i : i + 1], 1) for i in range(len(data))] == ["", "é", "", "", "", "🙂"]


@pytest.mark.parametrize(("reason", "text"), [("stop", "ab\ufffd"), ("length", "ab")])
def test_half_a_character_at_the_end_is_replaced_or_cut(reason: str, text: str) -> None:
    deltas, finish = run([b"ab\xf0\x9f"], reason=reason)
    assert ("".join(deltas), finish) == (text, reason)


def test_invalid_bytes_become_replacement_characters() -> None:
    assert "".join(run([b"a\xff", b"b\xc3", b"c"])[0]) == "a\ufffdb\ufffdc"


def test_stop_string_over_three_pieces_is_not_shown() -> None:
    assert run([b"Hi.\n", b"Bo", b"b: hm"], stop=("\nBob:",)) == (["Hi.", "", "", ""], "stop")


def test_text_that_only_begins_like_a_stop_string_is_shown() -> None:
    assert run([b"Hi.\n", b"Bo", b"dy"], stop=("\nBob:",)) == (["Hi.", "", "\nBody", ""], "stop")
    assert run([b"Hi.\nBo"], stop=("\nBob:",), reason="length") == (["Hi.", "\nBo"], "length")


def test_plain_text_is_not_changed() -> None:
    assert "".join(run([b"\n ", b" 3.", b"5 and", b" so \n"], reason="length", max_tokens=4)[0]) == "\n  3.5 and so \n"


def test_empty_stop_string_stops_nothing() -> None:
    assert run([b"abc"], stop=("",)) == (["abc", ""], "stop")


def test_spoken_words_are_shown_whole() -> None:
    assert run([b"\n ", b"Wel", b"come", b" to Oak", b"ford", b". "], whole=True) == (
        ["", "", "", "Welcome to", "", " Oakford.", ""],
        "stop",
    )


def test_stop_string_in_leading_whitespace_does_not_empty_a_spoken_line() -> None:
    deltas, finish = run([b"\n\nGood day.", b"\nBram: hm"], stop=("\n",), whole=True)
    assert ("".join(deltas), finish) == ("Good day.", "stop")
    deltas, finish = run([b"\nBram", b": hm"], stop=("\nBram:",), whole=True)
    assert ("".join(deltas), finish) == ("", "stop")


def test_script_without_spaces_is_streamed() -> None:
    assert run(["你".encode(), "好".encode(), "。".encode()], whole=True)[0] == ["你", "好", "。", ""]


def test_endless_word_is_streamed() -> None:
    deltas, _ = run([b"a" * (WORD_HELD_MAX_CHARS + 5), b"a"], whole=True)
    assert deltas == ["a" * 5, "a", "a" * WORD_HELD_MAX_CHARS]


def test_line_ends_at_the_first_sentence_end_near_the_limit() -> None:
    assert line("One two three. Four five six. Seven eight nine", 8) == ("One two three. Four five six.", "sentence")


def test_sentence_end_long_before_the_limit_does_not_end_the_line() -> None:
    assert line("One. Two three four five six seven eight", 8) == ("One. Two three four five six seven…", "length")


def test_line_cut_at_the_limit_loses_its_last_word() -> None:
    assert line("Bring me the heart of the moun", 7) == ("Bring me the heart of the…", "length")


def test_sentence_that_ended_just_before_the_limit_is_kept() -> None:
    # Near is 4.5 tokens: the end was seen too early to stop, and nothing behind it was shown yet.
    assert run([b"Go.", b" N"], whole=True, reason="length", max_tokens=6) == (["", "Go.", ""], "sentence")


def test_line_that_ends_by_itself_is_not_changed() -> None:
    assert line("Yes", 8, reason="stop") == ("Yes", "stop")


@pytest.mark.parametrize(
    "text",
    [
        "I know Mr. Oakford well enough now",
        "Ask St. Alda, the healer, by the well",
    ],
)
def test_abbreviation_does_not_end_a_sentence(text: str) -> None:
    words = text.split(" ")
    near = words.index(next(w for w in words if w.endswith("."))) + 1
    assert line(text, near + 1) == (" ".join(words[:near]) + "…", "length")


def test_point_behind_a_digit_does_not_end_a_sentence_yet() -> None:
    deltas, finish = run([b"It costs 3", b".", b"5 gold", b"!", b" No"], whole=True, max_tokens=2)
    assert ("".join(deltas), finish) == ("It costs 3.5 gold!", "sentence")


def test_number_at_the_limit_ends_a_sentence() -> None:
    # At the limit nothing can follow, so the point ends the sentence.
    assert line("It costs 3.", 3) == ("It costs 3.", "sentence")


@pytest.mark.parametrize("end", ["now.”", "now!)", "now?", "now…", "now..."])
def test_closing_marks_belong_to_the_sentence(end: str) -> None:
    assert line(f"a b c d e {end} f g", 8) == (f"a b c d e {end}", "sentence")


def test_sentence_end_in_an_open_quotation_does_not_count() -> None:
    pieces = [b'He said "', b"Hello", b".", b'"', b" Then"]
    deltas, finish = run(pieces, whole=True, max_tokens=2)
    assert ("".join(deltas), finish) == ('He said "Hello."', "sentence")


def test_cjk_sentence_end_is_found() -> None:
    pieces = [c.encode() for c in "你好。我是铁匠。请"]
    deltas, finish = run(pieces, whole=True, reason="length", max_tokens=9)
    assert ("".join(deltas), finish) == ("你好。我是铁匠。", "sentence")


def test_empty_reply_gives_empty_text() -> None:
    assert run([], whole=True, reason="length") == ([""], "length")
    assert run([b" \n"], whole=True, reason="stop") == (["", ""], "stop")
