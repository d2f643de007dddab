"""The engine `ctransformers` against the contract, and what only it has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ctransformers.llm import LLM

from llm_agentd import engines
from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.errors import BadRequest, StartError
from llm_agentd.types import PrefixState, Sampling
from tests.engines.conftest import OpenModel
from tests.engines.contract import GREEDY, EngineContract, data, run, talk
from tests.engines.output_format_contract import OutputFormatContract
from tests.support.tiny_gguf import CHAIN_TEXT


class TestCTransformers(EngineContract, OutputFormatContract):
    @pytest.fixture
    def engine(self, models: SimpleNamespace, open_model: OpenModel) -> Engine:
        return open_model("ctransformers", models.chain)

    @pytest.fixture
    def varied(self, models: SimpleNamespace, open_model: OpenModel) -> Engine:
        return open_model("ctransformers", models.wild)

    @pytest.fixture
    def speaking(self, open_model: OpenModel) -> Engine:
        return open_model("ctransformers", engines.EMBEDDED_MODEL)

    @pytest.fixture
    def unruly(self, models: SimpleNamespace, open_model: OpenModel) -> Engine:
        return open_model("ctransformers", models.roomy)

    @pytest.fixture
    def failing_once(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
        def fail_once(_llm: LLM, *_: Any) -> bool:
            monkeypatch.delattr(LLM, "ctransformers_llm_batch_eval")
            return False

        monkeypatch.setattr(LLM, "ctransformers_llm_batch_eval", fail_once, raising=False)
        return engine

    def test_text_is_what_the_weights_hold(self, engine: Engine) -> None:
        assert data(run(engine, "hello")).decode() == CHAIN_TEXT

    def test_state_is_never_verified(self, engine: Engine) -> None:
        assert not engine.verify_state(0, PrefixState((1, 2), b"", ((1, 1.0),)))

    def test_min_p_is_refused(self, engine: Engine) -> None:
        with pytest.raises(BadRequest, match="min_p"):
            engine.encode("x", None, Sampling(min_p=0.1))

    def test_each_token_is_drawn_with_another_seed(self, varied: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """The native sampler seeds itself at each call."""
        seeds: list[int] = []

        def sample(llm: LLM, *call: Any) -> Any:
            seeds.append(call[-1])
            return llm.__getattr__("ctransformers_llm_sample")(*call)

        monkeypatch.setattr(LLM, "ctransformers_llm_sample", sample, raising=False)
        run(varied, "x", Sampling(temperature=1, seed=5, max_tokens=10))
        assert len(seeds) == len(set(seeds)) > 1

    @pytest.mark.parametrize("text", ["hi", " spaced", "<|im_end|>", "é🌙\n", ""])
    def test_tokens_are_the_same_as_llamas(
        self, models: SimpleNamespace, engine: Engine, open_model: OpenModel, text: str
    ) -> None:
        """The 2023 tokenizer adds a space and knows no control tokens; the engine makes up for both."""
        llama = open_model("llama", models.chain)
        assert engine.encode(None, talk(text), GREEDY).tokens == llama.encode(None, talk(text), GREEDY).tokens
        assert engine.encode(text or "x", None, GREEDY).tokens == llama.encode(text or "x", None, GREEDY).tokens

    def test_tensor_types_it_does_not_know_are_refused(self, models: SimpleNamespace, tmp_path: Path) -> None:
        """Its native code would abort the process."""
        whole = models.chain.read_bytes()
        at = whole.index(b"output_norm.weight") + len(b"output_norm.weight") + 4 + 8
        newer = tmp_path / "newer.gguf"
        newer.write_bytes(whole[:at] + (20).to_bytes(4, "little") + whole[at + 4 :])
        with pytest.raises(StartError, match=r"newer\.gguf holds tensors of type 20.*engine llama"):
            open_engine("ctransformers", path=newer)
