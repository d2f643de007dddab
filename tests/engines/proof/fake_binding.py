"""A binding whose scores are known, with one fault planted in it. No library, no model: scores come of the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from llm_agentd.engines.llama.binding import BatchRow, KvType, Sampler
from llm_agentd.engines.llama.grammar.follow import Forced
from llm_agentd.types import Sampling

VOCAB = 64


class Greedy:
    def __init__(self, binding: FakeBinding) -> None:
        self._binding = binding

    def sample(self, row: int) -> int:
        scores = self._binding.scores[row]
        return scores.index(max(scores))

    def forced(self) -> Forced:
        return Forced()

    def accept(self, token: int) -> None:
        raise AssertionError("it has no grammar")


class FakeBinding:
    """`fault`: "" or one of those below; `at`: from so many rows of a decode on."""

    version = "fake 1"
    vocab_size = VOCAB
    is_sentencepiece = False
    has_streams = True
    bos: int | None = None

    def __init__(self, fault: str = "", at: int = 0) -> None:
        self._fault, self._at = fault, at
        self._held: dict[int, list[int]] = {}
        self.scores: list[list[float]] = []
        self._first = -1
        self.rows = 0  # computed in all

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        return [(ord(char) + (self._fault == "tokens")) % VOCAB for char in text]

    def token_text(self, token: int) -> str:
        return chr(token)

    def token_to_piece(self, token: int) -> bytes:
        return bytes([token])

    def is_eog(self, token: int) -> bool:
        return False

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        raise NotImplementedError

    def grammar_error(self, grammar: str) -> str:
        return ""

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        pass

    def decode(self, rows: Sequence[BatchRow]) -> None:
        if self._fault == "refuses" and len(rows) >= self._at:
            raise RuntimeError("llama_decode failed with -3")
        self.rows += len(rows)
        self.scores, self._first = [], -1
        seqs = {seq for _, _, seq, _ in rows}
        for index, (token, position, seq, wants) in enumerate(rows):
            held = self._held.setdefault(seq, [])
            assert position == len(held), "positions follow each other"
            held.append(token)
            self.scores.append(self._scores(held, len(rows), len(seqs), company=any(set(self._held) - seqs)))
            if wants and self._first < 0:
                self._first = index

    def _scores(self, held: list[int], rows: int, seqs: int, *, company: bool) -> list[float]:
        drawn = Random(repr(held))
        scores = [drawn.uniform(-10, 10) for _ in range(VOCAB)]
        is_met = rows >= self._at
        if self._fault == "rounding":
            scores = [score + 0.03 * rows % 0.5 for score in scores]
        elif (self._fault == "rows" and is_met) or (self._fault == "company" and company):
            scores = [score * 0.5 for score in scores]
        elif self._fault == "one score" and is_met:
            scores[17] += 6
        elif self._fault == "nan" and is_met:
            scores[5] = float("nan")
        elif self._fault == "other model":
            scores = scores[1:] + scores[:1]
        elif self._fault == "batch" and seqs >= self._at:
            scores = scores[::-1]
        return scores

    def logits(self) -> Sequence[float]:
        if self._first < 0:
            raise RuntimeError("no row of the last decode wanted logits")
        return self.scores[self._first]

    def kv_remove(self, seq: int, position: int = 0) -> bool:
        self._held[seq] = self._held.get(seq, [])[:position]
        if not self._held[seq]:
            del self._held[seq]
        return True

    def save_state(self, seq: int) -> bytes:
        return bytes(self._held[seq])

    def load_state(self, seq: int, data: bytes) -> None:
        held = list(data)
        if self._fault == "state":
            held[0] += 1
        self._held[seq] = held

    def sampler(self, sampling: Sampling, *, seed: int, grammar: str | None) -> Sampler:
        return Greedy(self)

    def close(self) -> None:
        pass
