"""Both bindings against what the engine needs of llama.cpp: tokens, logits, states that are whole or refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from llm_agentd.engines.llama.binding import Binding, KvType
from llm_agentd.engines.llama.cyllama_binding import CyllamaBinding
from llm_agentd.errors import StartError
from llm_agentd.types import Sampling
from tests.support.tiny_gguf import BOS, EOS, IM_END, IM_START, write_tiny_gguf

TOKENS = [BOS, 270, 280, 290, 300, 310, 320, 281, 291, 301, 311, 321]
DRAWS = 400
TOLERANCE = 0.02  # a row computed alone and among others: rounding; logits range over tens


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("binding") / "wild.gguf", chain=False)


class BindingContract:
    """Subclasses give `make`."""

    make: Callable[..., Binding]

    @pytest.fixture
    def native(self, wild: Path) -> Iterator[Binding]:
        binding = self.opened(wild)
        yield binding
        binding.close()

    def opened(self, path: Path, kv_type: KvType = "f16") -> Binding:
        binding = type(self).make(path, gpu_layers=0)
        binding.open_context(context_tokens=64, max_num_seqs=3, threads=1, batch_tokens=32, kv_type=kv_type)
        return binding

    def logits(self, native: Binding, tokens: list[int], seq: int = 0, start: int = 0) -> list[float]:
        last = len(tokens) - 1
        native.decode([(token, at, seq, at == last) for at, token in enumerate(tokens) if at >= start])
        return list(native.logits())

    def test_tokens_give_back_the_exact_bytes(self, native: Binding) -> None:
        text = "Hé €😀.\n"
        tokens = native.tokenize(text, control=False)
        assert b"".join(map(native.token_to_piece, tokens)).decode().removeprefix(" ") == text
        assert native.tokenize("", control=False) == []
        assert native.bos == BOS
        assert native.vocab_size > 300

    def test_control_tokens_are_made_only_where_they_are_meant(self, native: Binding) -> None:
        text = "<|im_start|>x<|im_end|>"
        assert {IM_START, IM_END} <= set(native.tokenize(text, control=True))
        assert not {IM_START, IM_END} & set(native.tokenize(text, control=False))
        assert native.token_to_piece(IM_END) == b""
        assert native.is_eog(EOS)
        assert not native.is_eog(300)

    def test_known_template_is_rendered_and_an_unknown_one_raises(self, native: Binding) -> None:
        said = native.apply_chat_template("chatml", [("system", "a"), ("user", "é" * 3000)])
        assert (
            said
            == f"<|im_start|>system\na<|im_end|>\n<|im_start|>user\n{'é' * 3000}<|im_end|>\n<|im_start|>assistant\n"
        )
        with pytest.raises(Exception, match=r"template|Template|apply"):
            native.apply_chat_template("no such template", [("user", "a")])

    def test_grammar_error_is_empty_for_a_good_grammar_only(self, native: Binding) -> None:
        assert native.grammar_error('root ::= "a"') == ""
        assert "::=" in native.grammar_error("root (((")

    def test_logits_are_of_the_wanted_row(self, native: Binding) -> None:
        whole = self.logits(native, TOKENS)
        assert len(whole) == native.vocab_size
        assert len(set(whole)) > 100
        native.decode([(TOKENS[0], 0, 1, False)])
        with pytest.raises(RuntimeError):
            native.logits()

    def test_loaded_state_gives_the_same_logits_bit_for_bit(self, native: Binding) -> None:
        self.logits(native, TOKENS[:-1])
        state = native.save_state(0)
        expected = self.logits(native, TOKENS, start=len(TOKENS) - 1)
        native.kv_remove(0)
        for seq in (0, 2):
            native.load_state(seq, state)
            assert self.logits(native, TOKENS, seq, start=len(TOKENS) - 1) == expected

    def test_sequence_cut_in_the_middle_goes_on_as_if_computed_anew(self, native: Binding) -> None:
        other = [*TOKENS[:6], 333, 334, 335]
        fresh = self.logits(native, other, seq=1)
        self.logits(native, TOKENS)
        assert native.kv_remove(0, 6)
        again = self.logits(native, other, start=6)
        assert max(abs(one - two) for one, two in zip(fresh, again, strict=True)) < TOLERANCE

    @pytest.mark.parametrize(
        "damage",
        [
            lambda state: b"",
            lambda state: b"x" * 7,
            lambda state: state[: len(state) // 2],
            lambda state: state[:-1],
            lambda state: bytes(len(state)),
            lambda state: Random(1).randbytes(len(state)),
            lambda state: bytes([state[0] ^ 1]) + state[1:],
        ],
    )
    def test_damaged_state_is_refused(self, native: Binding, damage: Callable[[bytes], bytes]) -> None:
        self.logits(native, TOKENS)
        state = native.save_state(0)
        with pytest.raises(ValueError):  # noqa: PT011 (llama.cpp says no more)
            native.load_state(1, damage(state))
        native.kv_remove(1)
        native.load_state(1, state)
        assert native.kv_remove(1, len(TOKENS) - 1)
        assert max(self.logits(native, TOKENS, 1, start=len(TOKENS) - 1)) > 0

    def test_state_of_another_kv_type_is_refused(self, native: Binding, wild: Path) -> None:
        other = self.opened(wild, "q8_0")
        self.logits(other, TOKENS)
        state = other.save_state(0)
        other.close()
        with pytest.raises(ValueError):  # noqa: PT011
            native.load_state(0, state)

    def test_state_in_q8_0_takes_little_more_than_half(self, native: Binding, wild: Path) -> None:
        self.logits(native, TOKENS)
        other = self.opened(wild, "q8_0")
        self.logits(other, TOKENS)
        assert len(other.save_state(0)) < 0.65 * len(native.save_state(0))
        other.close()

    def test_greedy_takes_the_likeliest_token_and_seeds_repeat(self, native: Binding) -> None:
        logits = self.logits(native, TOKENS)
        greedy = native.sampler(Sampling(temperature=0), seed=1, grammar=None)
        assert greedy.sample(len(TOKENS) - 1) == logits.index(max(logits))
        hot = Sampling(temperature=5, top_k=0, top_p=1.0)

        def draws(seed: int) -> list[int]:
            sampler = native.sampler(hot, seed=seed, grammar=None)
            return [sampler.sample(len(TOKENS) - 1) for _ in range(8)]

        assert draws(3) == draws(3) != draws(4)

    def test_under_a_grammar_logits_decide_among_what_fits(self, native: Binding) -> None:
        logits = self.logits(native, TOKENS)
        letters = [
            token for token in range(native.vocab_size) if native.token_to_piece(token) in (b"w", b"x", b"y", b"z")
        ]
        assert logits.index(max(logits)) not in letters
        greedy = native.sampler(Sampling(temperature=0), seed=1, grammar="root ::= [w-z]+")
        assert greedy.sample(len(TOKENS) - 1) == max(letters, key=logits.__getitem__)
        hot = Sampling(temperature=4, top_k=0, top_p=1.0)
        weights = {token: math.exp(logits[token] / hot.temperature) for token in letters}
        samplers = [native.sampler(hot, seed=seed, grammar="root ::= [w-z]+") for seed in range(DRAWS)]
        draws = [sampler.sample(len(TOKENS) - 1) for sampler in samplers]
        assert set(draws) <= set(letters)
        for token, weight in weights.items():
            assert abs(draws.count(token) / DRAWS - weight / sum(weights.values())) < 0.08

    def test_too_many_sequences_are_refused(self, wild: Path) -> None:
        binding = type(self).make(wild, gpu_layers=0)
        with pytest.raises(StartError, match=r"batch\.size"):
            binding.open_context(context_tokens=64, max_num_seqs=1000, threads=1, batch_tokens=32, kv_type="f16")
        binding.close()

    def test_file_that_is_no_model_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "no.gguf").write_bytes(b"GGUF" + bytes(200))
        with pytest.raises(StartError, match=r"no\.gguf"):
            type(self).make(tmp_path / "no.gguf", gpu_layers=0)
        with pytest.raises(StartError, match=r"missing\.gguf"):
            type(self).make(tmp_path / "missing.gguf", gpu_layers=0)

    def test_repeat_penalty_moves_the_choice_away_from_what_was_said(self, native: Binding) -> None:
        self.logits(native, TOKENS)
        row = len(TOKENS) - 1
        free = native.sampler(Sampling(temperature=0), seed=1, grammar=None)
        penalized = native.sampler(Sampling(temperature=0, repeat_penalty=1e6), seed=1, grammar=None)
        assert free.sample(row) == free.sample(row) == penalized.sample(row)
        assert penalized.sample(row) != free.sample(row)

    def test_close_may_come_twice(self, wild: Path) -> None:
        binding = self.opened(wild)
        binding.close()
        binding.close()


class TestCyllama(BindingContract):
    make = CyllamaBinding

    def test_row_without_logits_is_not_sampled(self, native: Binding, monkeypatch: pytest.MonkeyPatch) -> None:
        """As cyllama 0.7 says it; 0.2 would end the process."""
        self.logits(native, TOKENS)
        sampler = native.sampler(Sampling(temperature=0), seed=1, grammar=None)
        chain = SimpleNamespace(sample=lambda context, row: refuse(f"no logits at {row}"))
        monkeypatch.setattr(sampler, "_chain", chain)
        with pytest.raises(RuntimeError, match="no logits at 0"):
            sampler.sample(0)

    @pytest.mark.parametrize("repeat_penalty", [1.0, 1.2])
    def test_grammar_filters_all_tokens_only_where_the_free_choice_does_not_fit(
        self, native: Binding, monkeypatch: pytest.MonkeyPatch, repeat_penalty: float
    ) -> None:
        """The free choice is made once, then the text is at its end; what it allows is sampled from there on."""
        logits = self.logits(native, TOKENS)
        best = native.token_to_piece(logits.index(max(logits))).decode()
        wanted = native.token_to_piece(native.tokenize("x", control=False)[-1])
        sampling = Sampling(temperature=0, repeat_penalty=repeat_penalty)
        sampler: Any = native.sampler(sampling, seed=1, grammar=f'root ::= "{best}" "x"')
        filtered: list[int] = []
        held = sampler._held.sample

        def counted(row: int) -> int:
            filtered.append(row)
            return int(held(row))

        monkeypatch.setattr(sampler._held, "sample", counted)
        row = len(TOKENS) - 1
        assert native.token_to_piece(sampler.sample(row)).decode() == best
        assert filtered == []
        assert native.token_to_piece(sampler.sample(row)) == wanted
        assert filtered == [row]

    def test_penalty_forgets_a_choice_that_the_grammar_refused(self, native: Binding) -> None:
        """The likeliest token is refused first and allowed then: nobody has said it, so it is not penalized."""
        logits = self.logits(native, TOKENS)
        best = logits.index(max(logits))
        grammar = f'root ::= "x" ("{native.token_to_piece(best).decode()}" | [0-9])'
        sampler = native.sampler(Sampling(temperature=0, repeat_penalty=1e6), seed=1, grammar=grammar)
        row = len(TOKENS) - 1
        assert native.token_to_piece(sampler.sample(row)) == b"x"
        assert sampler.sample(row) == best

    def test_other_grammars_filter_all_tokens_as_before(self, native: Binding) -> None:
        self.logits(native, TOKENS)
        sampler: Any = native.sampler(Sampling(temperature=0), seed=1, grammar="root ::= [^a]+")
        assert not hasattr(sampler, "_held")
        sampler.sample(len(TOKENS) - 1)


def refuse(why: str) -> None:
    raise ValueError(why)


class CtypesContract(BindingContract):
    """What is refused through C, where nothing else checks it."""

    @pytest.mark.parametrize("grammar", [None, 'root ::= "a"+'])
    def test_row_without_logits_is_not_sampled(self, native: Binding, grammar: str | None) -> None:
        self.logits(native, TOKENS)
        sampler = native.sampler(Sampling(temperature=0), seed=1, grammar=grammar)
        with pytest.raises(RuntimeError, match="no logits"):
            sampler.sample(0)

    def test_state_with_trailing_bytes_is_refused(self, native: Binding) -> None:
        self.logits(native, TOKENS)
        with pytest.raises(ValueError, match="state"):
            native.load_state(1, native.save_state(0) + b"more")
        assert max(self.logits(native, TOKENS, seq=1)) > 0


if find_spec("llama_cpp") is not None:
    from llama_cpp import llama_cpp as lib

    from llm_agentd.engines.llama.native_binding import NativeBinding

    class TestNative(CtypesContract):
        make = NativeBinding

        def test_decode_waits_for_what_a_gpu_computes(self, native: Binding, monkeypatch: pytest.MonkeyPatch) -> None:
            done: list[str] = []
            decode, synchronize = lib.llama_decode, lib.llama_synchronize

            def noted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
                def told(*args: Any) -> Any:
                    done.append(name)
                    return call(*args)

                return told

            monkeypatch.setattr(lib, "llama_decode", noted("decode", decode))
            monkeypatch.setattr(lib, "llama_synchronize", noted("wait", synchronize))
            native.decode([(BOS, 0, 0, False)])
            assert done == ["decode", "wait"]

        @pytest.mark.parametrize("grammar", [r'root ::= "\x00"', "root ::= [z-a]", "root ::= <[9999]>"])
        def test_grammar_that_takes_no_token_raises_and_leaves_others(self, native: Binding, grammar: str) -> None:
            assert native.grammar_error(grammar) == ""
            best = self.logits(native, TOKENS)
            sampler = native.sampler(Sampling(temperature=0), seed=1, grammar=grammar)
            with pytest.raises(RuntimeError, match="no token"):
                sampler.sample(len(TOKENS) - 1)
            free = native.sampler(Sampling(temperature=0), seed=1, grammar=None)
            assert free.sample(len(TOKENS) - 1) == best.index(max(best))

        @pytest.mark.parametrize(
            ("grammar", "passes"), [(r"root ::= [^\x00]+", "all one"), ("root ::= [w-z]+", "all one all all")]
        )
        def test_grammar_filters_all_tokens_only_where_the_free_choice_does_not_fit(
            self, native: Binding, monkeypatch: pytest.MonkeyPatch, grammar: str, passes: str
        ) -> None:
            logits = self.logits(native, TOKENS)
            sampler = native.sampler(Sampling(temperature=0), seed=1, grammar=grammar)
            seen: list[str] = []
            apply = lib.llama_sampler_apply

            def noted(stage: Any, cells: Any) -> None:
                seen.append("one" if cells._obj.size == 1 else "all")
                apply(stage, cells)

            monkeypatch.setattr(lib, "llama_sampler_apply", noted)
            token = sampler.sample(len(TOKENS) - 1)
            assert " ".join(seen) == passes
            assert (token == logits.index(max(logits))) == (passes == "all one")

        def test_more_cells_than_32_bits_hold_are_refused(self, wild: Path) -> None:
            binding = NativeBinding(wild, gpu_layers=0)
            with pytest.raises(StartError, match="no room"):
                binding.open_context(context_tokens=2**26, max_num_seqs=64, threads=1, batch_tokens=32, kv_type="f16")
            binding.close()


if find_spec("ik_llama_cpp") is not None:
    from llm_agentd.engines.llama.ik.binding import IkBinding

    class TestIk(CtypesContract):
        """Its cache is f16 alone: what the contract says of q8_0 is a refusal here."""

        make = IkBinding

        def test_state_of_another_kv_type_is_refused(self, native: Binding, wild: Path) -> None:
            binding = IkBinding(wild, gpu_layers=0)
            with pytest.raises(StartError, match=r"model\.kv_type.*leave model\.kv_type at f16"):
                binding.open_context(context_tokens=64, max_num_seqs=3, threads=1, batch_tokens=32, kv_type="q8_0")
            binding.close()

        test_state_in_q8_0_takes_little_more_than_half = None  # type: ignore[assignment]

        @pytest.mark.parametrize("grammar", [r'root ::= "\x00"', "root ::= [z-a]", "root ::= <[9999]>"])
        def test_grammar_that_takes_no_token_raises_and_leaves_others(self, native: Binding, grammar: str) -> None:
            best = self.logits(native, TOKENS)
            if native.grammar_error(grammar) == "":
                for temperature in (0, 1):
                    sampler = native.sampler(Sampling(temperature=temperature), seed=1, grammar=grammar)
                    with pytest.raises(RuntimeError, match="no token"):
                        sampler.sample(len(TOKENS) - 1)
            free = native.sampler(Sampling(temperature=0), seed=1, grammar=None)
            assert free.sample(len(TOKENS) - 1) == best.index(max(best))

        def test_cells_between_those_of_others_are_found(self, wild: Path) -> None:
            """Three full sequences, row by row in turn; one ends. What it held are single cells between the others',
            and neither the next one's prompt, as one part, nor a state fits into any place there is.
            """
            binding = self.opened(wild)
            for at in range(64):
                binding.decode([(TOKENS[at % 12], at, seq, False) for seq in range(3)])
            state = binding.save_state(2)
            binding.kv_remove(1)
            alone = self.opened(wild)
            prompt = [(token, at, 1, at == 11) for at, token in enumerate(TOKENS)]
            for each in (binding, alone):
                each.decode(prompt)
            expected = list(alone.logits())
            assert max(abs(one - two) for one, two in zip(binding.logits(), expected, strict=True)) < TOLERANCE
            for at in range(12, 64):
                binding.decode([(TOKENS[at % 12], at, 1, False)])
            binding.kv_remove(0)
            binding.load_state(0, state)
            assert binding.save_state(0) == state
            for each in (binding, alone):
                each.close()
