"""The engines `llama` and `llama_native` against the contract, and what only they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llm_agentd import engines
from llm_agentd.engines import open_binding
from llm_agentd.engines.base import Engine, Prompt
from llm_agentd.engines.llama import engine as llama
from llm_agentd.engines.llama.binding import BatchRow, Binding
from llm_agentd.engines.llama.engine import LlamaEngine
from llm_agentd.engines.llama.grammar.follow import Forced
from llm_agentd.errors import BadRequest
from llm_agentd.types import PrefixState, Sampling
from tests.engines.conftest import OpenModel
from tests.engines.contract import (
    GREEDY,
    BatchContract,
    EngineContract,
    StatesContract,
    data,
    decodes,
    drain,
    run,
    start_keeping,
    steps,
    talk,
)
from tests.engines.output_format_contract import OutputFormatContract
from tests.support.tiny_gguf import CHAIN_TEXT, IM_END, write_tiny_gguf

LOGIT_TOLERANCE = 0.02  # of the range; what rounding may do, made large by random weights. docs/determinism.md
OPENING = "The mill is "
CHOICES = f'root ::= "{OPENING}" ("old" | "new") ", they say, and the smith is " ("away" | "ill") " today."'
CHOSEN = [(one, other) for one in ("old", "new") for other in ("away", "ill")]
LONG_CHAIN = ["root", *(f"r{number}" for number in range(3000)), '"a"']
DOUBLING = "root ::= r0\n" + "\n".join(f"r{n} ::= r{n + 1} r{n + 1}" for n in range(30)) + '\nr30 ::= "a"?'


class SlowGrammar:
    """In the place of `time`: between two looks at the thread's CPU pass 0.2 s, and nothing else takes any."""

    def __init__(self) -> None:
        self._used_s = 0.0

    def thread_time(self) -> float:
        self._used_s += 0.2
        return self._used_s

    def perf_counter(self) -> float:
        return 0.0


class BrokenSampler:
    def sample(self, row: int) -> int:
        raise RuntimeError("broken")

    def forced(self) -> Forced:
        return Forced()

    def accept(self, token: int) -> None:
        raise AssertionError("it has no grammar")


def open_with_binding(opened: list[Engine], name: str, path: Path, **settings: Any) -> tuple[LlamaEngine, Binding]:
    """An engine and the binding under it, to look at logits or to break it."""
    bindings: list[Binding] = []

    def open_one(path: Path, *, gpu_layers: int) -> Binding:
        bindings.append(open_binding(name)(path, gpu_layers=gpu_layers))
        return bindings[0]

    engine = LlamaEngine(name, open_one, path, **settings)
    opened.append(engine)
    return engine, bindings[0]


@pytest.fixture(autouse=True)
def _prompts_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests count steps: a tiny model is as slow here as a large one, one part of a prompt a step."""
    monkeypatch.setattr(llama, "PROMPT_S_PER_STEP", 0.0)


class TestLlama(EngineContract, BatchContract, StatesContract, OutputFormatContract):
    name = "llama"

    @pytest.fixture
    def engine(self, models: SimpleNamespace, open_model: OpenModel) -> Engine:
        return open_model(self.name, models.chain)

    @pytest.fixture
    def failing_once(self, models: SimpleNamespace, opened: list[Engine]) -> Engine:
        engine, binding = open_with_binding(opened, self.name, models.chain)
        sampler = binding.sampler

        def broken_once(*_: Any, **__: Any) -> BrokenSampler:
            binding.sampler = sampler  # type: ignore[method-assign]
            return BrokenSampler()

        binding.sampler = broken_once  # type: ignore[method-assign]
        return engine

    @pytest.fixture
    def varied(self, models: SimpleNamespace, open_model: OpenModel) -> Engine:
        return open_model(self.name, models.wild)

    @pytest.fixture
    def speaking(self, open_model: OpenModel) -> Engine:
        return open_model(self.name, engines.EMBEDDED_MODEL)

    @pytest.fixture
    def unruly(self, models: SimpleNamespace, open_model: OpenModel) -> Engine:
        return open_model(self.name, models.roomy)

    def test_text_is_what_the_weights_hold(self, engine: Engine) -> None:
        assert data(run(engine, "hello")).decode() == CHAIN_TEXT

    @pytest.mark.parametrize("way", ["slot", "state", "longer state", "verified state", "state in company"])
    def test_first_logits_agree_however_the_prompt_was_computed(
        self, models: SimpleNamespace, opened: list[Engine], way: str
    ) -> None:
        """As for models that are not tiny: any token may be reused."""
        engine, binding = open_with_binding(opened, self.name, models.wild, bit_exact=False)
        prompt = engine.encode(None, talk("What news from the road to the old tower on the hill by the lake?"), GREEDY)

        def first_logits(seq: int, state: PrefixState | None = None) -> tuple[int, list[float]]:
            reused = engine.start(seq, prompt, GREEDY, state=state)
            seen: list[list[float]] = []

            def decode(rows: Sequence[BatchRow]) -> None:
                type(binding).decode(binding, rows)
                if rows[0][2] == seq and rows[-1][3]:
                    seen.append(list(binding.logits()))

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(binding, "decode", decode)
                while seq not in [piece.seq for piece in engine.step() if piece.state is None]:
                    pass
            engine.stop(seq)
            return reused, seen[0]

        state, _ = start_keeping(engine, 0, prompt, GREEDY)
        engine.stop(0)
        engine.start(0, engine.encode("something else, so that the slot forgets", None, GREEDY), GREEDY)
        drain(engine, 0)
        none, expected = first_logits(1)
        assert none == 0
        if way == "slot":
            reused, logits = first_logits(1)
        elif way == "longer state":
            first_logits(2, state)
            reused, logits = first_logits(3, engine.save_state(2))
        elif way == "verified state":
            assert engine.verify_state(4, state)
            reused, logits = first_logits(4)
        else:
            if way == "state in company":
                engine.start(0, engine.encode("someone else", None, GREEDY), Sampling(temperature=0, max_tokens=99))
                steps(engine)
            reused, logits = first_logits(5, state)
        assert reused >= prompt.stable_tokens
        difference = max(abs(one - other) for one, other in zip(expected, logits, strict=True))
        assert difference < LOGIT_TOLERANCE * (max(expected) - min(expected))

    @pytest.mark.parametrize(
        "body", [r'"\x00"', r'"a\x00"', "<[9999]>", "<[250]>", "!<[250]>", "[z-a]", r'"\UFFFFFFFF"', r"[\x00]"]
    )
    def test_grammar_that_no_token_can_follow_is_refused(self, engine: Engine, body: str) -> None:
        """llama.cpp accepts each of these, and at the first token the process would be gone."""
        with pytest.raises(BadRequest, match=r"names a token|no text has|leaves no character"):
            engine.encode("x", None, Sampling(grammar=f"root ::= {body}"))

    @pytest.mark.parametrize(
        "body", [r'"a-b"', "[a-c-]", "[-a]", r'[^"\x00-\x1F]', r"[\x00-\x7F]", r'"\n\"é"', '"<a>"']
    )
    def test_harmless_grammar_that_looks_alike_is_taken(self, varied: Engine, body: str) -> None:
        sampling = Sampling(temperature=0, max_tokens=12, grammar=f"root ::= {body}")
        prompt = varied.encode("x", None, sampling)
        varied.start(0, prompt, sampling)
        assert drain(varied, 0)[0][-1].finish in ("stop", "length")

    def test_byte_pair_vocabulary_gives_exact_bytes(self, tmp_path: Path, open_model: OpenModel) -> None:
        """GPT-2's vocabulary writes bytes in an alphabet of its own."""
        engine = open_model(self.name, write_tiny_gguf(tmp_path / "bpe.gguf", bpe=True))
        pieces = run(engine, "hello")
        assert data(pieces).decode() == CHAIN_TEXT
        assert [len(piece.data) for piece in pieces[:-1]] == [1] * len(CHAIN_TEXT.encode())
        assert IM_END not in engine.encode("<|im_end|>", None, GREEDY).tokens

    def test_grammar_forces_its_text(self, engine: Engine) -> None:
        sampling = Sampling(temperature=1, seed=1, grammar='root ::= "žlutý 🐎"')
        pieces = run(engine, "hello", sampling)
        assert data(pieces).decode() == "žlutý 🐎"
        assert pieces[-1].finish == "stop"

    def test_what_a_grammar_leaves_no_choice_of_takes_no_steps(self, varied: Engine) -> None:
        """Two for the parts of the prompt, the last with the opening; two to each choice, of which one is the token
        before it, as the model may know both as one. What ends the text is not computed at all.
        """
        sampling = Sampling(temperature=0, max_tokens=200, grammar=CHOICES)
        before = decodes(varied)
        pieces = run(varied, "x", sampling)
        text = data(pieces).decode()
        assert text in {f"The mill is {one}, they say, and the smith is {other} today." for one, other in CHOSEN}
        assert decodes(varied) - before == 5
        assert sum(piece.tokens for piece in pieces) == len(varied.encode(text, None, sampling)) - len(
            varied.encode("", None, sampling)
        )
        assert pieces[-1].finish == "stop"

    def test_max_tokens_holds_where_a_grammar_leaves_no_choice(self, varied: Engine) -> None:
        whole = Sampling(temperature=0, max_tokens=200, grammar=CHOICES)
        text = data(run(varied, "x", whole))
        for max_tokens in range(1, 30, 3):
            pieces = run(varied, "x", replace(whole, max_tokens=max_tokens))
            assert (sum(piece.tokens for piece in pieces), pieces[-1].finish) == (max_tokens, "length")
            assert text.startswith(data(pieces))

    def test_what_is_forced_is_read_as_if_it_stood_in_the_prompt(self, varied: Engine) -> None:
        sampling = Sampling(temperature=0, max_tokens=200, grammar=CHOICES)
        prompt, nothing = varied.encode(None, talk("x"), sampling), varied.encode("", None, sampling)
        opening = varied.encode(OPENING, None, sampling).tokens[len(nothing) :]
        assert len(opening) == len(OPENING), "a token for each letter, so the last one is left to the model"
        rest = replace(sampling, grammar=CHOICES.replace(OPENING, OPENING[-1]))
        varied.start(0, Prompt([*prompt.tokens, *opening[:-1]], prompt.stable_tokens), rest)
        assert OPENING[:-1].encode() + data(drain(varied, 0)[0]) == data(run(varied, "x", sampling))

    def test_sequences_that_are_given_several_tokens_disturb_nobody(self, varied: Engine) -> None:
        """More rows than fit into one decode come in several; each sequence has what it has alone."""
        sampling = Sampling(temperature=0, max_tokens=200, grammar=CHOICES)
        alone = data(run(varied, "x", sampling))
        free = data(run(varied, "y", GREEDY))
        count = varied.info.max_num_seqs - 1
        for seq in range(count):
            varied.start(seq, varied.encode(None, talk("x"), sampling), sampling)
        varied.start(count, varied.encode(None, talk("y"), GREEDY), GREEDY)
        out = drain(varied, *range(count + 1))
        assert [data(out[seq]) for seq in range(count)] == [alone] * count
        assert data(out[count]) == free

    @pytest.mark.parametrize(
        ("grammar", "reason"),
        [
            ("nonsense (((", "expecting ::="),
            ('x ::= "a"', "root"),
            ("root ::= root", "left recursion"),
            ("root ::= other", "other"),
            ('root ::= "abc', "end of input"),
            ('root ::= "a"{100000}', "repetitions"),
            ("root ::= " + "(" * 10_000 + '"a"' + ")" * 10_000, "nested"),
            ('root ::= "' + ")" * 5000 + '" ' + "(" * 5000, "nested"),
            ('root ::= "a\0"', "NUL"),
            ('root ::= "' + "a" * 70_000 + '"', "bytes"),
            ("", "empty"),
            ("# only a comment", "parse"),
            (DOUBLING, "left out"),
            ("root ::= " + '"a"? ' * 201 + '"z"', "left out"),
            ("root ::= " + " | ".join(f'"w{number}"' for number in range(5001)), "alternatives"),
            ("\n".join(f"{name} ::= {after}" for name, after in pairwise(LONG_CHAIN)), "chain"),
        ],
    )
    def test_bad_grammar_names_the_reason(
        self, engine: Engine, capfd: pytest.CaptureFixture[str], grammar: str, reason: str
    ) -> None:
        with pytest.raises(BadRequest, match=f"^grammar: .*{reason}"):
            engine.encode("x", None, Sampling(grammar=grammar))
        assert capfd.readouterr().err == ""
        assert data(run(engine, "fine", Sampling(grammar='root ::= "ok"'))) == b"ok"

    def test_ambiguous_grammar_fails_its_sequence_alone(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its ways double with each letter; nothing in its text tells."""
        monkeypatch.setattr(llama, "SAMPLE_MAX_S", 0.02)
        sampling = Sampling(temperature=0, grammar='root ::= x\nx ::= "H" x "b" | "H" x "c"')
        engine.start(0, engine.encode("x", None, sampling), sampling)
        engine.start(1, engine.encode(None, talk("hello"), GREEDY), GREEDY)
        out = drain(engine, 0, 1)
        assert out[0][-1].finish == "failed"
        assert "grammar" in out[0][-1].error
        assert data(out[1]).decode() == CHAIN_TEXT

    def test_grammar_that_has_the_others_wait_a_little_at_each_token_fails_in_the_end(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """0.2 s a token, where 0.1 are free: after the sixth the others have waited for more than 0.5 s."""
        sampling = Sampling(temperature=0, grammar="root ::= [ab]{20}", max_tokens=30)
        engine.start(0, engine.encode("x", None, sampling), sampling)
        monkeypatch.setattr(llama, "time", SlowGrammar())
        out = drain(engine, 0)[0]
        assert [piece.finish for piece in out] == [""] * 5 + ["failed"]
        assert "too ambiguous" in out[-1].error

    def test_schemas_of_a_mods_size_are_taken(self, engine: Engine) -> None:
        names = [f"p{number}" for number in range(40)]
        wide = {"type": "object", "properties": {name: {"type": "string", "maxLength": 200} for name in names}}
        action = {"anyOf": [{"type": "null"}, wide | {"required": names}]}
        for schema in (wide, action, {"enum": [f"item {number}" for number in range(1000)]}):
            assert engine.encode("x", None, Sampling(json_schema=schema))

    def test_deep_schema_is_refused(self, engine: Engine) -> None:
        schema: dict[str, object] = {"type": "string"}
        for _ in range(5000):
            schema = {"type": "object", "properties": {"a": schema}}
        with pytest.raises(BadRequest, match="json_schema"):
            engine.encode("x", None, Sampling(json_schema=schema))

    def test_grammar_and_schema_together_are_refused(self, engine: Engine) -> None:
        with pytest.raises(BadRequest, match="only one"):
            engine.encode("x", None, Sampling(grammar='root ::= "a"', json_schema={"type": "null"}))

    def test_penalty_and_filters_change_the_text(self, varied: Engine) -> None:
        base = Sampling(temperature=1.5, seed=3, max_tokens=30, top_k=0, top_p=1.0)
        text = data(run(varied, "x", base))
        narrow = Sampling(temperature=1.5, seed=3, max_tokens=30, top_k=1)
        greedy = Sampling(temperature=0, max_tokens=30)
        assert data(run(varied, "x", narrow)) == data(run(varied, "x", greedy)) != text
        strict = Sampling(temperature=1.5, seed=3, max_tokens=30, top_k=0, top_p=1.0, min_p=1.0)
        assert data(run(varied, "x", strict)) == data(run(varied, "x", greedy))
        penalised = Sampling(temperature=0, max_tokens=30, repeat_penalty=2.0)
        assert data(run(varied, "x", penalised)) != data(run(varied, "x", greedy))

    def test_text_is_the_same_alone_and_among_others(self, varied: Engine) -> None:
        """Same seed, same text: alone, and in another slot among seven others that join at other steps."""
        sampling = Sampling(temperature=1, seed=11, max_tokens=20)
        texts = [f"question {index} " + "please " * index for index in range(8)]
        alone = [data(run(varied, text, sampling)) for text in texts]
        assert len(set(alone)) == len(texts)
        together: dict[int, bytes] = {}
        waiting = list(enumerate(texts))
        running = 0
        while waiting or running:
            for index, text in waiting[:2]:
                varied.start(7 - index, varied.encode(None, talk(text), sampling), sampling)
                running += 1
            del waiting[:2]
            for piece in varied.step():
                running -= bool(piece.finish)
                together[7 - piece.seq] = together.get(7 - piece.seq, b"") + piece.data
        assert [together[index] for index in range(8)] == alone

    def test_all_slots_run_to_the_end_of_their_context(self, varied: Engine) -> None:
        """At once, each with a full context: the KV cache has a cell for every token."""
        sampling = Sampling(temperature=1, seed=9, max_tokens=10_000)
        room = varied.info.context_tokens
        for seq in range(varied.info.max_num_seqs):
            varied.start(seq, varied.encode("b" * (room - 10), None, sampling), sampling)
        out = drain(varied, *range(varied.info.max_num_seqs))
        assert {pieces[-1].finish for pieces in out.values()} <= {"length", "stop"}

    def test_native_log_is_not_printed(
        self, models: SimpleNamespace, open_model: OpenModel, capfd: pytest.CaptureFixture[str]
    ) -> None:
        run(open_model("auto", models.chain), "hello")
        assert capfd.readouterr() == ("", "")


if find_spec("llama_cpp") is not None:

    class TestLlamaNative(TestLlama):
        name = "llama_native"


@pytest.mark.parametrize(("rows_max", "part"), [(31, 24), (24, 24), (6, 6), (1, 1)])
def test_engine_that_is_held_to_short_parts_computes_no_longer_ones(
    models: SimpleNamespace, opened: list[Engine], rows_max: int, part: int
) -> None:
    """Nor wider steps. A step still computes as much of prompts as it may hold others up by; the text is the same."""
    engine, binding = open_with_binding(opened, "llama", models.chain, rows_max=rows_max)
    decode, sizes = binding.decode, []

    def counted(rows: Any) -> None:
        sizes.append(len(rows))
        decode(rows)

    binding.decode = counted  # type: ignore[method-assign]
    prompt = engine.encode("b" * 150, None, GREEDY)
    engine.start(0, prompt, GREEDY)
    first = 0
    while not engine.step():
        first = first or engine.last_step.prompt_tokens
    assert first == 64 // part * part
    assert part <= max(sizes) <= rows_max
    engine.stop(0)
    seqs = range(8)
    for seq in seqs:
        engine.start(seq, engine.encode(None, talk("hello"), GREEDY), GREEDY)
    assert {data(pieces).decode() for pieces in drain(engine, *seqs).values()} == {CHAIN_TEXT}
    engine.time_step(8)
    assert max(sizes) <= rows_max


def test_limit_is_part_of_the_fingerprint_only_where_there_is_one(
    models: SimpleNamespace, opened: list[Engine]
) -> None:
    """Other parts round otherwise, so kept replies and states are others; those of an engine without limit stay."""
    plain, held = (open_with_binding(opened, "llama", models.chain, rows_max=each)[0].info for each in (None, 31))
    open_plain = open_with_binding(opened, "llama", models.chain)[0].info
    assert plain.fingerprint == open_plain.fingerprint != held.fingerprint


if find_spec("ik_llama_cpp") is not None:

    class TestLlamaIk(TestLlama):
        name = "llama_ik"


def test_first_piece_comes_with_the_last_part_of_the_prompt(models: SimpleNamespace, open_model: OpenModel) -> None:
    engine = open_model("llama", models.chain)
    tokens = engine.encode("b" * 150, None, GREEDY)
    engine.start(0, tokens, GREEDY)
    empty = 0
    while not (pieces := engine.step()):
        empty += 1
    assert empty == (len(tokens) - 1) // 64
    assert pieces[0].data
    engine.stop(0)
    engine.start(0, engine.encode("short", None, GREEDY), GREEDY)
    assert len(steps(engine)) == 1


def test_prompts_that_take_no_time_are_computed_in_one_step(
    models: SimpleNamespace, open_model: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU one part in each step would leave most of a wide batch empty."""
    monkeypatch.setattr(llama, "PROMPT_S_PER_STEP", 60.0)
    engine = open_model("llama", models.roomy)
    prompts = [engine.encode("b" * length, None, GREEDY) for length in (300, 200, 20)]
    for seq, prompt in enumerate(prompts):
        engine.start(seq, prompt, GREEDY)
    assert {piece.seq for piece in engine.step()} == {0, 1, 2}
    assert engine.last_step.prompt_tokens == sum(map(len, prompts))


def with_one_running(open_model: OpenModel, models: SimpleNamespace) -> Engine:
    """In slot 0."""
    engine = open_model("llama", models.chain)
    engine.start(0, engine.encode("first", None, GREEDY), GREEDY)
    steps(engine)
    return engine


def test_whose_prompt_ends_has_a_token_in_the_same_decode_as_the_others(
    models: SimpleNamespace, open_model: OpenModel
) -> None:
    """So that a step is as wide as pays: one place would be empty in each step that starts somebody."""
    engine = with_one_running(open_model, models)
    engine.start(1, engine.encode("second", None, GREEDY), GREEDY, priority=1)
    assert [piece.seq for piece in engine.step()] == [1, 0, 1]
    assert engine.last_step.num_seqs == 2


def test_first_token_that_somebody_waits_for_goes_out_before_the_decode_but_not_twice_in_a_row(
    models: SimpleNamespace, open_model: OpenModel
) -> None:
    engine = with_one_running(open_model, models)
    for seq in (1, 2):
        engine.start(seq, engine.encode("b" * 60, None, GREEDY), GREEDY)
    engine.start(3, engine.encode("whisper", None, GREEDY), GREEDY, priority=1)
    assert [piece.seq for piece in engine.step()] == [1]
    assert engine.last_step.num_seqs == 0
    assert [piece.seq for piece in engine.step()] == [2, 0, 1, 2]
    assert [piece.seq for piece in engine.step()] == [3, 0, 1, 2, 3]


def test_first_token_does_not_go_out_alone_where_prompts_take_no_time(
    models: SimpleNamespace, open_model: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama, "PROMPT_S_PER_STEP", 60.0)
    engine = open_model("llama", models.chain)
    for seq in (0, 1):
        engine.start(seq, engine.encode("first", None, GREEDY), GREEDY)
        pieces = engine.step()
    assert [piece.seq for piece in pieces] == [1, 0, 1]


def test_step_computes_as_many_short_parts_as_one_long_one_has_tokens(
    models: SimpleNamespace, open_model: OpenModel
) -> None:
    engine = open_model("llama", models.chain)
    prompt = engine.encode("b" * 30, None, GREEDY)
    for seq in range(3):
        engine.start(seq, prompt, GREEDY, priority=1)
    engine.step()
    assert engine.last_step.prompt_tokens == 2 * len(prompt) <= llama.PROMPT_TOKENS_PER_STEP


def test_step_has_its_rows_in_the_order_of_the_sequences(models: SimpleNamespace, opened: list[Engine]) -> None:
    """llama.cpp reads the model once for those that follow one another, and once more for each that does not."""
    engine, binding = open_with_binding(opened, "llama", models.chain)
    for seq in (2, 0, 1):
        engine.start(seq, engine.encode("b" * 20, None, GREEDY), GREEDY)
    while engine.last_step.num_seqs < 3:
        engine.step()
    decode, seen = binding.decode, []

    def noted(rows: Sequence[BatchRow]) -> None:
        seen.append([row[2] for row in rows])
        decode(rows)

    binding.decode = noted  # type: ignore[method-assign]
    engine.step()
    assert seen == [[0, 1, 2]]


@pytest.mark.parametrize("name", ["llama", "llama_native"])
def test_gap_between_sequences_is_filled_and_changes_nothing(
    models: SimpleNamespace, opened: list[Engine], name: str
) -> None:
    """7 sequences with a gap cost half as much again as 8 without: what fills it is thrown away."""
    texts: dict[bool, dict[int, bytes]] = {}
    for fills in (False, True):
        engine, binding = open_with_binding(opened, name, models.chain, bit_exact=False)
        binding.has_streams = fills
        seqs = (0, 2, 3, 7)
        engine.start(1, engine.encode("it was here before", None, GREEDY), GREEDY)
        drain(engine, 1)
        held = list(engine.cached_tokens(1))
        for seq in seqs:
            engine.start(seq, engine.encode("b" * (20 + seq), None, GREEDY), GREEDY, priority=1)
        seen: list[list[int]] = []
        decode = binding.decode

        def noted(rows: Sequence[BatchRow], seen: list[list[int]] = seen, decode: Any = decode) -> None:
            seen.append([row[2] for row in rows])
            decode(rows)

        binding.decode = noted  # type: ignore[method-assign]
        pieces = drain(engine, *seqs)
        texts[fills] = {seq: data(pieces[seq]) for seq in seqs}
        widest = max((rows for rows in seen if len(set(rows)) == len(rows) > 1), key=len)
        assert widest == ([0, 1, 2, 3, 4, 5, 6, 7] if fills else [0, 2, 3, 7])
        assert list(engine.cached_tokens(1)) == held
        binding.decode = decode  # type: ignore[method-assign]
        engine.start(1, Prompt([*held, *held[:3]]), GREEDY)
        texts[fills][1] = data(drain(engine, 1)[1])
    assert texts[False] == texts[True]
