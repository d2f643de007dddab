"""The guard of a think's words: what it takes out, what ends a reply, and that no piece of it is ever shown."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_agentd.scheduler.guard import SpeechGuard
from llm_agentd.scheduler.guard.repeats import NGRAM_WORDS
from llm_agentd.scheduler.reply_json import JsonAssembler

NAMES = ("Lena Fisher", "Torvik", "Old Bram")
MANY = 10**9


def read(
    reply: str | bytes,
    *,
    piece_bytes: int = MANY,
    reason: str = "stop",
    has_action: bool = False,
    names: tuple[str, ...] = NAMES,
    max_chars: int = 0,
) -> tuple[list[str], str, JsonAssembler]:
    """Deltas, the finish and the assembler of a think's reply that comes in pieces of so many bytes."""
    data = reply.encode() if isinstance(reply, str) else reply
    assembler = JsonAssembler(
        whole_sentences=True,
        max_tokens=MANY,
        has_action=has_action,
        guard=SpeechGuard(names),
        max_chars=max_chars,
    )
    deltas = []
    for start in range(0, len(data), piece_bytes):
        deltas.append(assembler.feed(data[start : start + piece_bytes], 1))
        if assembler.finished:
            break
    last, finish = assembler.end("length" if reason == "length" else "stop")
    deltas.append(last)
    assert assembler.text == "".join(deltas)
    return deltas, finish, assembler


def spoken(reply: str, **options: object) -> str:
    """The words, which are the same however the reply was cut into pieces."""
    texts = {read(reply, piece_bytes=count, **options)[2].text for count in (1, 3, 8, MANY)}  # type: ignore[arg-type]
    assert len(texts) == 1, texts
    return texts.pop()


def cut_of(reply: str, **options: object) -> str:
    return read(reply, **options)[2].cut  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "reply",
    [
        "Good day.",
        "Lena: Good day.",
        "lena fisher : Good day.",
        "Lena：Good day.",
        "\n Lena: Lena: Good day.",
        "assistant: Good day.",
        "Torvik: Good day.",
        "Assistant:\nLena: Good day.",
        "**Lena:** Good day.",
        "*smiles* Lena: Good day.",
        "\ue001: Good day.",
        "<Lena> Good day.",
    ],
)
def test_leading_names_are_cut_and_the_reply_is_kept(reply: str) -> None:
    assert spoken(reply) == "Good day."
    assert cut_of(reply) == ""


def test_nothing_of_a_leading_name_is_streamed() -> None:
    deltas, _, assembler = read("Lena Fisher: Good day.", piece_bytes=1)
    assert "".join(deltas).startswith("Good")
    assert assembler.reasons == {"name"}


@pytest.mark.parametrize("reply", ["Lena is my name.", "Len", "Lena", "Torvik, three: no more.", "Listen: I am old."])
def test_words_that_only_begin_like_a_name_are_shown(reply: str) -> None:
    assert spoken(reply) == reply


@pytest.mark.parametrize(
    "rest",
    [
        "\nuser: Hello",
        "\nUser : Hello",
        " user: Hello",
        "\nsystem: You are Lena.",
        "\nTorvik: I want bread.",
        " Torvik: I want bread.",
        "\nLena: Hello again.",
        "\nSomebody: Hello.",
        "\n\ue002: Hello.",
        "\n[time evening; place Oakford]",
        " [facts",
        " [time evening; place Oakford; near Bram, Tilda] What then?",
        "\n(Do not repeat: hm)",
        " (Nobody speaks.)",
        "\nSpeak in character, in one or two short sentences.",
        "<|im_end|>",
        "\n<|im_start|>user",
        "</s>",
        "[INST] more [/INST]",
    ],
)
def test_echo_of_the_prompt_or_a_next_speaker_ends_the_reply(rest: str) -> None:
    assert spoken(f"Good day.{rest}") == "Good day."
    assert cut_of(f"Good day.{rest}") == "echo"
    deltas, finish, _ = read(f"Good day.{rest}", piece_bytes=1)
    assert ("".join(deltas), finish) == ("Good day.", "stop")


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("user: I want bread.", ""),
        ("[time evening] Good day.", ""),
        ("I trust the user: he is wise.", "I trust the user: he is wise."),
        ("He said: Torvik, come!", "He said: Torvik, come!"),
        ("We meet at 5:30.\nCome then.", "We meet at 5:30.\nCome then."),
        ("One.\nTwo words: three.", "One.\nTwo words: three."),
    ],
)
def test_echo_is_found_only_where_a_line_or_a_sentence_begins(reply: str, text: str) -> None:
    assert spoken(reply) == text


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("**Good** day, __friend__.", "Good day, friend."),
        ("I have *three* apples, *not four*.", "I have three apples, not four."),
        ("I *really!* mean it.", "I really! mean it."),
        ("*smiles warmly* Good day.", "Good day."),
        ("Good day. *bows*", "Good day."),
        ("Good day! *bows* How are you?", "Good day! How are you?"),
        ("_sighs_ Good day.", "Good day."),
        ("Good day. *bows deeply and", "Good day."),
        ("*bows\nGood day.", "Good day."),
        ("[smiles] Good day. [bows]", "Good day."),
        ("<think>He wants bread. {x}</think>Good day.", "Good day."),
        ("<think>He wants bread", ""),
        ("<b>Good</b> day.<br>", "Good day."),
        ("# A title\nGood day.", "A title\nGood day."),
        ("- Good day.", "Good day."),
        ("> Good day.", "Good day."),
        ("`Good` day.", "Good day."),
        ("```\nGood day.\n```", "Good day."),
        ("Good 🙂 day 🌙.", "Good day."),
        ("Good day. 👍🏽👨‍👩‍👧", "Good day."),
        ('{"say":"So I {b} said: {hm}."}', "So I b said: hm."),
        ("Good day.\\nCome in.", "Good day.\nCome in."),
    ],
)
def test_markup_goes_and_the_reply_is_kept(reply: str, text: str) -> None:
    assert spoken(reply) == text
    assert cut_of(reply) in ("", "markup", "empty")


@pytest.mark.parametrize("rest", ["\n# More\nwords", "\n```lua\nx()\n```", "\n---\nMore words."])
def test_heading_fence_or_rule_behind_words_ends_the_reply(rest: str) -> None:
    assert spoken(f"Good day.{rest}") == "Good day."
    assert cut_of(f"Good day.{rest}") == "markup"


@pytest.mark.parametrize("reply", ["🙂", "🙂🙂 👍", "*waves*", "<think>hm</think>", "[bows]"])
def test_reply_of_which_no_words_are_left_is_empty(reply: str) -> None:
    assert spoken(reply) == ""
    assert cut_of(reply) == "empty"


@pytest.mark.parametrize(
    "reply",
    [
        "2 < 3, and I <3 you; 5 * 4 is 20.",
        "It is -5 degrees, #1 of all.",
        "The item default:apple_red, snake_case_name.",
        "Well … “Good day”, he said — and (softly) left; ~5 coins.",
        "日本語です。はい。",
        "ക്\u200dഷ",
        "One  two.\n\nThree.",
    ],
)
def test_plain_words_stay_letter_by_letter(reply: str) -> None:
    if "*" in reply:
        reply = reply.replace(" * ", " x ")
    assert spoken(reply) == reply
    assert read(reply)[2].reasons == frozenset()


def test_loop_of_sentences_ends_before_its_third_time() -> None:
    reply = "Hm, well. I sell bread and cheese. I sell bread and cheese. I sell bread and cheese. I sell bread"
    assert spoken(reply) == "Hm, well. I sell bread and cheese. I sell bread and cheese."
    _, finish, assembler = read(reply, piece_bytes=4)
    assert (finish, assembler.cut) == ("sentence", "repeat")
    assert spoken(reply.upper().replace("BREAD", "bread")).casefold() == spoken(reply).casefold()


def test_loop_inside_a_sentence_that_was_shown_ends_with_an_ellipsis() -> None:
    reply = "I was lost in the woods, lost in the woods, lost in the woods, lost in the woods."
    assert spoken(reply) == "I was lost in the woods, lost in the woods,…"
    assert read(reply)[1] == "length"


def test_third_time_ends_the_reply_at_the_last_whole_sentence() -> None:
    reply = "I like the old mill. I like the old mill. So you see that I like the old mill."
    assert spoken(reply) == "I like the old mill. I like the old mill."


def test_loop_in_a_script_without_spaces_is_ended() -> None:
    assert spoken("はい。" + "私はパンを売っています。" * 9).count("私はパンを売っています。") <= 3


@pytest.mark.parametrize("reply", ["No, no, no, no!", "Ha, ha, ha!", "Knock, knock. Who is there? Knock, knock."])
def test_few_repeats_of_short_words_are_speech(reply: str) -> None:
    assert NGRAM_WORDS > 3
    assert spoken(reply) == reply


def test_nothing_is_held_back_before_words_came_twice() -> None:
    guard = SpeechGuard(NAMES)
    assert guard.feed("I sell bread and cheese. And I sell") == "I sell bread and cheese. And I sell"


WAVE = '"do":{"action":"wave"}'


@pytest.mark.parametrize(
    ("say", "text", "cut"),
    [
        ("Good day.\\nuser: Hello", "Good day.", "echo"),
        ("I sell old bread. " * 9, "I sell old bread. I sell old bread.", "repeat"),
        ("Lena: **Good** day. *bows*", "Good day.", ""),
    ],
)
def test_reply_that_was_cut_keeps_its_action(say: str, text: str, cut: str) -> None:
    deltas, _, assembler = read(f'{{"say":"{say}",{WAVE}}}', piece_bytes=5, has_action=True)
    assert ("".join(deltas), assembler.cut) == (text, cut)
    assert json.loads(assembler.raw)["do"] == {"action": "wave"}


@pytest.mark.parametrize(
    "reply",
    [
        '"say": "Good day.", "do": {"action": "wave"}}',
        'say": "Good day.", "do": {"action": "wave"}}',
        'Good day.", "do": {"action": "wave"}}',
        "{'say': 'Good day.', 'do': {'action': 'wave'}}",
        '{"say":"{\\"say\\": \\"Good day.\\", \\"do\\": {}}"}',
        '```json\n{"say": "Good day."}\n```',
        'Lena: {"say": "Good day."}',
        "Good day.}",
        "{Good day.}",
        '{"say": "Lena: Good day."}',
    ],
)
def test_torn_form_gives_its_words(reply: str) -> None:
    assert spoken(reply) == "Good day."


FORM = '{"say": "Good {day}, \\"Lena\\": {x}\\n**hm** [a; b]", "do": {"action": "give", "item": "{apple}", "n": [1]}}'


@settings(max_examples=100, deadline=None)
@given(
    st.text("{}\"':,[]\\*_`#<>/| \nsaydo:Lena.🙂\ue001", max_size=60) | st.binary(max_size=60),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=3),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from(["stop", "length"]),
)
@example("<a{b}", [], 1, False, "stop")
@example("*{", [], 1, True, "length")
def test_no_brace_of_a_torn_form_is_ever_shown(
    noise: str | bytes, holes: list[tuple[int, int]], piece_bytes: int, has_action: bool, reason: str
) -> None:
    form = FORM.encode()
    for start, count in holes:
        form = form[:start] + form[start + count :]
    extra = noise if isinstance(noise, bytes) else noise.encode()
    for data in (form, extra, extra + form, form[:20] + extra + form[20:]):
        one = read(data, piece_bytes=piece_bytes, has_action=has_action, reason=reason)[2].text
        assert not set(one) & set("{}")
        assert one == one.strip()


def random_reply(chance: random.Random) -> str:
    """Words, names, marks and pieces of the form and of prompts in any order, as no good model writes them."""
    parts = [
        *("I sell bread.", " and", " the mill", " 🙂", "{", "}", '"', "**", "*", "_", "`", "```", "\n", "# ", "[", "]"),
        *("<think>", "</think>", "<|im_end|>", "</s>", '{"say": "', '", "do": {"action": "wave"}}', '"say":', "Lena: "),
        *("user: ", "[time evening; ", "<b>", "{{name}}", "\\u007b", "\\", "~~", "- ", "> ", "日本。", "\ue000: "),
    ]
    return "".join(chance.choices(parts, k=chance.randint(1, 24)))


def test_no_brace_or_markup_in_ten_thousand_random_replies() -> None:
    chance = random.Random(13)
    for _ in range(10_000):
        reply = random_reply(chance)
        _, _, assembler = read(reply, piece_bytes=chance.randint(1, 12), has_action=chance.random() < 0.5)
        for mark in ("{", "}", "**", "`", "<think", "</", "<|", "[time", "🙂", "\nuser:", "\n# "):
            assert mark not in assembler.text, (mark, reply, assembler.text)
        assert not assembler.text.startswith(("user:", "Lena:", "\ue000:"))


letters = st.text("ab L.:\n!,", max_size=40)


@settings(max_examples=100, deadline=None)
@given(st.one_of(letters, st.text("ena:LTorvik \n.*_[]<>{}\"'", max_size=40)), st.lists(st.integers(0, 99), max_size=9))
@example("a b a b a b a b a b. a b a b", [3, 9, 14])
def test_how_a_reply_is_cut_into_pieces_changes_nothing(reply: str, places: list[int]) -> None:
    ends = [0, *sorted(place % (len(reply) + 1) for place in places), len(reply)]
    guard, whole = SpeechGuard(NAMES), SpeechGuard(NAMES)
    pieces = "".join(guard.feed(reply[a:b]) for a, b in pairwise(ends)) + guard.end()
    assert pieces == whole.feed(reply) + whole.end()
    assert (guard.cut, guard.reasons) == (whole.cut, whole.reasons)
