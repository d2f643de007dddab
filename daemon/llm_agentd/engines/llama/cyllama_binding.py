"""The `llama` engine's binding: llama.cpp as cyllama's wheel brings it, no compiler needed.

Two generations of cyllama: 0.2 is the last for Python 3.11, from 3.12 on pip takes 0.7. They differ in what
`add_penalties` wants, and in what `sample` raises.
What cyllama does not check would crash the process: the engine checks positions and token ids, `Grammars` what
`grammar_error` may try. Engine thread only; `decode` lets the interpreter lock go.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llm_agentd.engines.caught_stderr import caught_stderr, pass_on
from llm_agentd.engines.llama.binding import PENALTY_TOKENS, BatchRow, KvType, Sampler
from llm_agentd.engines.llama.cyllama_samplers import ChainSampler, GrammarSampler
from llm_agentd.engines.llama.grammar.follow import Follower
from llm_agentd.errors import StartError
from llm_agentd.types import Sampling

try:
    from cyllama.llama import llama_cpp
except (AttributeError, ImportError, OSError, RuntimeError) as error:
    raise StartError(
        f"engine llama: cyllama does not load ({error}); pip install cyllama, or where it has no wheel "
        "llama-cpp-python, for engine llama_native"
    ) from error

SPM, BPE = 1, 2  # llama_vocab_type
ERROR = 4  # ggml_log_level; warnings are 3
LINES_MAX = 20  # a broken file can log a line for each tensor
GGML_TYPES: dict[KvType, int] = {"f16": 1, "q8_0": 8}
ROOT = "root"
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class _Model(llama_cpp.LlamaModel):  # type: ignore[misc]
    """cyllama's `get_logits` asks its model for a size that only the vocabulary has."""

    @property
    def n_vocab(self) -> int:
        return int(self.get_vocab().n_vocab)


class CyllamaBinding:
    """llama.cpp through cyllama."""

    has_streams = True

    def __init__(self, path: Path, *, gpu_layers: int) -> None:
        self.version = f"cyllama {version('cyllama')}"
        params = llama_cpp.LlamaModelParams()
        params.n_gpu_layers = gpu_layers
        with collected_errors() as errors:
            llama_cpp.ggml_backend_load_all()
            try:
                self._model = _Model(str(path), params)
            except Exception as error:
                why = "; ".join(errors) or str(error)
                raise StartError(f"model.path: llama.cpp cannot load {path} ({why}); try another GGUF file") from error
        self._vocab = self._model.get_vocab()
        self._context: Any = None
        self._has_logits = False
        self._kind: int = self._vocab.vocab_type
        self.vocab_size: int = self._vocab.n_vocab
        self.is_sentencepiece = self._kind == SPM
        self.bos: int | None = self._vocab.token_bos() if self._vocab.get_add_bos() else None
        wanted = inspect.signature(llama_cpp.LlamaSampler.add_penalties).parameters
        self._penalties_prefix = (self.vocab_size,) if "n_vocab" in wanted else ()

    # -- vocabulary and templates ----------------------------------------------------------------

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        return list(self._vocab.tokenize(text, add_special=False, parse_special=control))

    def token_text(self, token: int) -> str:
        return str(self._vocab.get_text(token))

    def token_to_piece(self, token: int) -> bytes:
        """cyllama gives `str`, with U+FFFD for what is not UTF-8 by itself: that is read from the vocabulary's text."""
        text: str = self._vocab.token_to_piece(token, special=False)
        if "�" not in text:
            return text.encode()
        written = self.token_text(token)
        if self._kind == BPE:
            return b"".join(_BPE_BYTES.get(char, char.encode()) for char in written)
        byte = _BYTE_PIECE.fullmatch(written)
        return bytes([int(byte[1], 16)]) if byte else written.replace("▁", " ").encode()

    def is_eog(self, token: int) -> bool:
        return bool(self._vocab.is_eog(token))

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        rows = [llama_cpp.LlamaChatMessage(role=role, content=content) for role, content in turns]
        return str(self._model.chat_apply_template(template, rows, True))

    def grammar_error(self, grammar: str) -> str:
        return grammar_error(grammar, self._vocab)

    # -- the context -----------------------------------------------------------------------------

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        params = llama_cpp.LlamaContextParams()
        params.n_ctx = context_tokens * max_num_seqs
        params.n_seq_max = max_num_seqs
        params.n_batch = params.n_ubatch = batch_tokens  # one call is one pass through the network
        params.n_threads = params.n_threads_batch = threads
        # Each sequence attends over its own cells only: one cache for all took twice the time at eight of 300 tokens.
        params.kv_unified = False
        params.type_k = params.type_v = GGML_TYPES[kv_type]
        params.no_perf = True
        with collected_errors() as errors:
            try:
                self._context = llama_cpp.LlamaContext(self._model, params)
            except Exception as error:
                why = "; ".join(errors) or str(error)
                raise StartError(
                    f"no room for {max_num_seqs} sequences of {context_tokens} tokens ({why}); "
                    "lower batch.size or model.context_tokens"
                ) from error
        self._batch = llama_cpp.LlamaBatch(n_tokens=batch_tokens, embd=0, n_seq_max=1)

    def decode(self, rows: Sequence[BatchRow]) -> None:
        batch = self._batch
        batch.clear()
        for token, position, seq, wants_logits in rows:
            batch.add(token, position, [seq], wants_logits)
        self._context.decode(batch)
        self._has_logits = any(row[3] for row in rows)

    def logits(self) -> Sequence[float]:
        logits = self._context.get_logits() if self._has_logits else None
        if logits is None:
            raise RuntimeError("no row of the last decode wanted logits")
        return logits  # type: ignore[no-any-return]

    def kv_remove(self, seq: int, position: int = 0) -> bool:
        return bool(self._context.memory_seq_rm(seq, position, -1))

    def save_state(self, seq: int) -> bytes:
        return bytes(self._context.get_state_seq_data(seq))

    def load_state(self, seq: int, data: bytes) -> None:
        with collected_errors():
            self._context.set_state_seq_data(data, seq)

    def sampler(self, sampling: Sampling, *, seed: int, grammar: str | None) -> Sampler:
        if grammar is None:
            return self._chain(sampling, seed)
        # With draws of its own: half the seed is none that llama.cpp takes for "random".
        held = self._chain(sampling, seed >> 1, grammar)
        follower = Follower(grammar, is_schema=sampling.json_schema is not None)
        if not follower.is_sure:
            return held
        has_memory = sampling.repeat_penalty != 1.0
        return GrammarSampler(self, follower, self._chain(sampling, seed), held, has_memory=has_memory)

    def _chain(self, sampling: Sampling, seed: int, grammar: str | None = None) -> ChainSampler:
        chain = llama_cpp.LlamaSampler(llama_cpp.LlamaSamplerChainParams())
        if grammar is not None:
            chain.add_grammar(self._vocab, grammar, ROOT)
        if sampling.repeat_penalty != 1.0:
            chain.add_penalties(*self._penalties_prefix, PENALTY_TOKENS, sampling.repeat_penalty, 0.0, 0.0)
        if sampling.temperature <= 0:
            chain.add_greedy()
            return ChainSampler(chain, self._context)
        if sampling.top_k > 0:
            chain.add_top_k(sampling.top_k)
        chain.add_top_p(sampling.top_p, 1)
        chain.add_min_p(sampling.min_p, 1)
        chain.add_temp(sampling.temperature)
        chain.add_dist(seed)
        return ChainSampler(chain, self._context)

    def close(self) -> None:
        with collected_errors():  # freeing logs too
            if self._context is not None:
                self._batch.close()
                self._context.close()
            self._model.close()


def grammar_error(grammar: str, vocab: Any = None) -> str:
    """As `Binding.grammar_error`. Without a vocabulary, for which no model need be loaded, tokens cannot be named."""
    if vocab is None:
        vocab = llama_cpp.LlamaVocab.__new__(llama_cpp.LlamaVocab)  # a null pointer inside, as llama.cpp allows
    sampler = llama_cpp.LlamaSampler(llama_cpp.LlamaSamplerChainParams())
    with collected_errors() as errors, caught_stderr() as printed:
        sampler.add_grammar(vocab, grammar, ROOT)
    if errors:
        return _reason(printed[0]) or errors[0]
    pass_on(printed)  # another thread's line
    sampler.close()
    return ""


@contextmanager
def collected_errors() -> Iterator[list[str]]:
    """The error lines that llama.cpp logs inside the block; its log is off after it."""
    lines: list[str] = []

    def collect(level: int, text: str) -> None:
        if level == ERROR and len(lines) < LINES_MAX:
            lines.append(text.strip())

    llama_cpp.set_log_callback(collect)
    try:
        yield lines
    finally:
        llama_cpp.disable_logging()


def _reason(printed: str) -> str:
    """`parse: error parsing grammar: expecting ::= at (((\\n\\n<the grammar>` → `expecting ::= at (((`."""
    _, found, tail = printed.partition("error parsing grammar: ")
    return tail.splitlines()[0][:200] if found and tail else ""


def _bpe_bytes() -> dict[str, bytes]:
    """GPT-2's alphabet: each byte as a printable character; those that are none moved to U+0100 and up."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): bytes([byte]) for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    return table | {chr(0x100 + index): bytes([byte]) for index, byte in enumerate(others)}


_BPE_BYTES = _bpe_bytes()
