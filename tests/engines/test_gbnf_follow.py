"""`Follower` says of every token what llama.cpp's own grammar says, wherever a text may be; or that it is not sure."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pytest

from llm_agentd.engines.llama.grammar.follow import Follower
from llm_agentd.engines.llama.grammar.schema_converter import schema_to_grammar
from llm_agentd.prompt import actions
from llm_agentd.types import Action
from tests.engines.output_format_contract import invented
from tests.support.tiny_gguf import write_tiny_gguf

TOKENS_MAX = 40  # of one text
SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": -7, "maximum": 240},
    {"type": "number"},
    {"type": "string", "minLength": 2, "maxLength": 5},
    {"enum": ["a-b", 'c"d', "é\n", None, 3.5, True, "ab", "abc"]},
    {"type": "array", "items": {"enum": [1, 12, 123]}, "minItems": 1, "maxItems": 3},
    {"type": "array", "items": {"type": "boolean"}},
    {"type": "object", "properties": {name: {"type": "string", "maxLength": 3} for name in "abc"}, "required": ["b"]},
    {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"x": {"type": "integer"}}}]},
]


def grammar_of(schema: dict[str, Any]) -> str:
    return schema_to_grammar(schema)


def offer(seed: int) -> str:
    return grammar_of(actions.reply_schema(actions.bounded(invented(seed)), actions.say_max_chars(4)))


@pytest.mark.parametrize("text", ['root ::= "a"+', "root ::= [0-9]{2,3}", 'root ::= ("x" | "y" root)?', offer(1)])
def test_what_fits_is_known(text: str) -> None:
    assert Follower(text).is_sure


@pytest.mark.parametrize(
    "text",
    [
        r'root ::= "\x41"',
        "root ::= [^a]",
        "root ::= <[3]>",
        "root ::= .",
        'root ::= "a"\nroot ::= "b"',
        'root ::= root "a" | "b"',
        'root ::= ("a"?)*',
        "root ::= other",
        "root ::= " + " | ".join(f'"{number}"' for number in range(99)),
    ],
)
def test_of_what_llama_cpp_may_read_otherwise_nothing_is_said(text: str) -> None:
    follower = Follower(text)
    assert not follower.is_sure
    assert follower.fits(b"a", ends=False) is None
    follower.accept(b"a")


def test_half_a_character_is_not_sure_until_it_is_whole() -> None:
    follower = Follower('root ::= "é" "b"')
    first, second = "é".encode()[:1], "é".encode()[1:]
    assert follower.fits(first, ends=False) is None
    follower.accept(first)
    assert follower.fits(second, ends=False) is None
    assert follower.fits(b"", ends=True) is False
    follower.accept(second)
    assert follower.fits(b"b", ends=False) is True
    assert follower.fits(b"c", ends=False) is False


def test_token_without_text_ends_what_is_known() -> None:
    """llama.cpp lets `<s>` stand in a string, as three letters."""
    follower = Follower('root ::= "a"+')
    assert follower.fits(b"", ends=False) is None
    follower.accept(b"")
    assert not follower.is_sure


def test_text_that_has_left_the_grammar_is_followed_no_longer() -> None:
    follower = Follower('root ::= "ab"')
    follower.accept(b"x")
    assert follower.fits(b"a", ends=False) is None


def test_long_repetitions_are_places_of_one_grammar_for_all_its_texts() -> None:
    text = grammar_of({"type": "string", "maxLength": 400})
    for letter in "abc":
        follower = Follower(text)
        follower.accept(f'"{letter * 400}'.encode())
        assert follower.fits(b"x", ends=False) is False
        assert follower.fits(b'"', ends=False) is True


if find_spec("llama_cpp") is not None:
    import llama_cpp as lib

    from llm_agentd.engines.llama.ctypes_binding import ROOT
    from llm_agentd.engines.llama.native_binding import NativeBinding

    @pytest.fixture(scope="module")
    def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeBinding]:
        path: Path = write_tiny_gguf(tmp_path_factory.mktemp("follow") / "wild.gguf", chain=False)
        binding = NativeBinding(path, gpu_layers=0)
        yield binding
        binding.close()

    def allowed(grammar: Any, size: int) -> list[bool]:
        """Of each token, by llama.cpp."""
        cells = (lib.llama_token_data * size)(*((token, 0.0, 0.0) for token in range(size)))
        left = lib.llama_token_data_array(data=cells, size=size, selected=-1, sorted=False)
        lib.llama_sampler_apply(grammar, ctypes.byref(left))
        return [cell.logit == 0.0 for cell in cells]

    def follow(native: NativeBinding, text: str, seed: int) -> None:
        grammar = lib.llama_sampler_init_grammar(native._vocab, text.encode(), ROOT)
        follower, random, said = Follower(text), Random(seed), b""
        pieces = [native.token_to_piece(token) for token in range(native.vocab_size)]
        ends = [native.is_eog(token) for token in range(native.vocab_size)]
        for _ in range(TOKENS_MAX):
            theirs = allowed(grammar, native.vocab_size)
            ours = [follower.fits(piece, ends=end) for piece, end in zip(pieces, ends, strict=True)]
            for token, (one, other) in enumerate(zip(ours, theirs, strict=True)):
                assert one is None or one == other, (said, pieces[token], ends[token], text)
            sure = [token for token, fits in enumerate(ours) if fits and not ends[token]]
            unsure = [token for token, fits in enumerate(theirs) if fits and ours[token] is None and not ends[token]]
            if not (choice := sure + random.sample(unsure, min(1, len(unsure)))):
                break
            token = random.choice(choice)
            lib.llama_sampler_accept(grammar, token)
            follower.accept(pieces[token])
            said += pieces[token]
        lib.llama_sampler_free(grammar)

    @pytest.mark.parametrize("seed", range(8))
    def test_offers_of_actions_are_followed_as_llama_cpp_follows_them(native: NativeBinding, seed: int) -> None:
        text = offer(seed)
        assert Follower(text).is_sure
        for run in range(2):
            follow(native, text, run)

    @pytest.mark.parametrize("schema", SCHEMAS, ids=str)
    def test_schemas_are_followed_as_llama_cpp_follows_them(native: NativeBinding, schema: dict[str, Any]) -> None:
        text = grammar_of(schema)
        assert Follower(text).is_sure
        for run in range(4):
            follow(native, text, run)

    def test_names_of_the_game_are_followed(native: NativeBinding) -> None:
        goods = ["default:apple", 'Ann\'s "best" sword', "Brot – 3 Stück", "меч\\", "🌙"]
        shape = {"properties": {"item": {"enum": goods}, "count": {"type": "integer", "minimum": 1, "maximum": 99}}}
        offered = actions.bounded([Action("offer_trade", params=shape), Action("emote", params={})])
        text = grammar_of(actions.reply_schema(offered, 40))
        assert Follower(text).is_sure
        for run in range(6):
            follow(native, text, run)


# -- what must come next -------------------------------------------------------------------------


def behind(grammar: str, text: str = "", *, is_schema: bool = False) -> tuple[str, bool]:
    follower = Follower(grammar, is_schema=is_schema)
    if text:
        follower.accept(text.encode())
    return follower.forced()


@pytest.mark.parametrize(
    ("grammar", "text", "forced"),
    [
        ('root ::= "good day" | "good night"', "", ("good ", False)),
        ('root ::= "good day" | "good night"', "good n", ("ight", True)),
        ('root ::= "ab" "c"?', "", ("ab", False)),
        ('root ::= "a"{3} ("x" | "y")', "a", ("aa", False)),
        ('root ::= "a" | "b"', "", ("", False)),
        ('root ::= "a"', "a", ("", True)),
        ('root ::= "a" space "b"\nspace ::= | " "', "a", ("", False)),
    ],
)
def test_forced_goes_as_far_as_there_is_no_choice(grammar: str, text: str, forced: tuple[str, bool]) -> None:
    assert behind(grammar, text) == forced


@pytest.mark.parametrize(
    ("text", "forced"),
    [
        ("", ('{"say":"', False)),
        ('{"say"', (':"', False)),
        ('{"say":"', ("", False)),
        ('{"say": "Well.",', ('"do":{"action":"', False)),
        ('{"say":"Well.","do":{"action":"f', ('ollow"}}', True)),
    ],
)
def test_forced_leaves_out_the_blanks_of_a_schema(text: str, forced: tuple[str, bool]) -> None:
    offered = actions.bounded((Action("follow"), Action("stay")))
    grammar = grammar_of(actions.reply_schema(offered, actions.say_max_chars(8)))
    assert behind(grammar, text, is_schema=True) == forced


def test_forced_keeps_the_blanks_of_a_value() -> None:
    grammar = grammar_of({"enum": ["go to", "go toward"]})
    assert behind(grammar, '"go', is_schema=True) == (" to", False)


def test_nothing_is_forced_in_the_midst_of_a_character() -> None:
    follower = Follower('root ::= "é!"')
    follower.accept("é".encode()[:1])
    assert follower.forced() == ("", False)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_forced_fits(seed: int) -> None:
    """Wherever a text may be: and without the blanks it still ends as JSON."""
    grammar, rng = offer(seed), Random(seed)
    follower, text = Follower(grammar, is_schema=True), ""
    for _ in range(200):
        forced = follower.forced()
        if forced.text:
            assert follower.fits(forced.text.encode(), ends=False) is not False
            follower.accept(forced.text.encode())
            text += forced.text
        if forced.is_end:
            break
        letters = [
            char for char in '"\\{}[],:abcdeinoprstu_0123456789-.lfy' if follower.fits(char.encode(), ends=False)
        ]
        letter = rng.choice([char for char in letters if char != "\\"] or letters)
        follower.accept(letter.encode())
        text += letter
    assert follower.fits(b"", ends=True)
    assert set(json.loads(text)) == {"say", "do"}
