"""The engine of models for embeddings, with both bindings: what a vector is, and what such a model refuses."""

from __future__ import annotations

import math
from pathlib import Path

import gguf
import numpy as np
import pytest

from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.engines.llama.embedding import EmbeddingEngine
from llm_agentd.engines.llama.native_library import lib
from llm_agentd.errors import BadRequest, StartError, TooLarge
from llm_agentd.types import Message, Sampling
from tests.support.tiny_embedder import CONTEXT, WIDTH, write_tiny_embedder

NO_TEXT = Sampling(max_tokens=0)
TEXTS = ("good evening", "where is the smith ?", "bread and water in oakford .")
NAMES = ("llama", "llama_native")


def vector(engine: Engine, text: str, seq: int = 0) -> tuple[float, ...]:
    engine.start(seq, engine.encode(text, None, NO_TEXT), NO_TEXT)
    (piece,) = engine.step()
    assert (piece.seq, piece.data, piece.tokens, piece.finish) == (seq, b"", 0, "stop")
    return piece.embedding


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_embedder(tmp_path_factory.mktemp("embedder") / "tiny.gguf")


@pytest.fixture(params=NAMES)
def engine(request: pytest.FixtureRequest, path: Path) -> object:
    engine = open_engine(request.param, path=path, threads=1)
    yield engine
    engine.close()


def test_vectors_have_length_one_and_are_the_texts_own(engine: Engine) -> None:
    vectors = [vector(engine, text) for text in TEXTS]
    assert {len(one) for one in vectors} == {WIDTH}
    assert all(math.isclose(math.hypot(*one), 1.0, rel_tol=1e-5) for one in vectors)
    assert len({tuple(round(value, 3) for value in one) for one in vectors}) == len(TEXTS)
    assert vector(engine, TEXTS[0]) == pytest.approx(vectors[0], abs=1e-5)  # whatever was computed before it


def test_both_bindings_agree(path: Path) -> None:
    engines = [open_engine(name, path=path, threads=1) for name in NAMES]
    try:
        for text in TEXTS:
            one, other = (vector(engine, text) for engine in engines)
            assert one == pytest.approx(other, abs=1e-4)
    finally:
        for engine in engines:
            engine.close()


@pytest.mark.parametrize("pooling", [gguf.PoolingType.MEAN, gguf.PoolingType.CLS, gguf.PoolingType.LAST])
def test_pooling_is_llama_cpps_own(tmp_path: Path, pooling: gguf.PoolingType) -> None:
    """llama.cpp pools too, where a context is opened so: its vector is the measure."""
    engine = open_engine("llama_native", path=write_tiny_embedder(tmp_path / "m.gguf", pooling), threads=1)
    try:
        assert isinstance(engine, EmbeddingEngine)
        ours = vector(engine, TEXTS[2])
        embedder = engine._embedder
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = CONTEXT
        params.embeddings, params.pooling_type = True, int(pooling)
        context = lib.llama_init_from_model(embedder._model, params)  # type: ignore[attr-defined]
        tokens = embedder.tokenize_whole(TEXTS[2])
        batch = lib.llama_batch_init(CONTEXT, 0, 1)
        for at, token in enumerate(tokens):
            batch.token[at], batch.pos[at], batch.n_seq_id[at], batch.logits[at] = token, at, 1, True
            batch.seq_id[at][0] = 0
        batch.n_tokens = len(tokens)
        assert lib.llama_decode(context, batch) == 0
        theirs = np.array(lib.llama_get_embeddings_seq(context, 0)[:WIDTH])
        lib.llama_batch_free(batch)
        lib.llama_free(context)
    finally:
        engine.close()
    assert ours == pytest.approx((theirs / np.linalg.norm(theirs)).tolist(), abs=1e-4)


def test_one_text_a_step_the_most_urgent_first(engine: Engine) -> None:
    for seq, priority in enumerate((2, 0, 1)):
        engine.start(seq, engine.encode(TEXTS[seq], None, NO_TEXT), NO_TEXT, priority=priority)
    engine.stop(2)
    assert [piece.seq for _ in range(3) for piece in engine.step()] == [1, 0]
    assert engine.last_step.prompt_tokens > 0


def test_text_is_refused_with_the_cure(engine: Engine) -> None:
    for prompt, messages in (("Hello", None), (None, [Message("user", "Hello")])):
        with pytest.raises(BadRequest, match=r"model\.path"):
            engine.encode(prompt, messages, Sampling())


def test_text_beyond_the_context_is_too_large(engine: Engine) -> None:
    assert engine.info.context_tokens == CONTEXT
    with pytest.raises(TooLarge):
        engine.encode("bread " * CONTEXT, None, NO_TEXT)
    with pytest.raises(TooLarge):
        engine.encode("x" * 1_000_000, None, NO_TEXT)


def test_any_text_has_a_vector(engine: Engine) -> None:
    for text in ("\udc00", "🌲", "[CLS] [SEP]", "\x00", " "):
        assert len(vector(engine, text)) == WIDTH


def test_engines_without_embeddings_say_which_have_them(path: Path) -> None:
    with pytest.raises(StartError, match="auto"):
        open_engine("llama_ik", path=path)


def test_facts_of_such_a_model(engine: Engine) -> None:
    assert engine.info.features == {"embeddings"}
    assert engine.info.model == "tiny-embedder"
