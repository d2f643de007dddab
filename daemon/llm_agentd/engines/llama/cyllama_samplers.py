"""How `llama` chooses tokens through cyllama: its sampler chain, alone or under a grammar. Engine thread only."""

from __future__ import annotations

from typing import Any, Protocol

from llm_agentd.engines.llama.grammar.follow import Follower, Forced


class Words(Protocol):
    """What a binding knows of tokens."""

    def token_to_piece(self, token: int) -> bytes: ...
    def is_eog(self, token: int) -> bool: ...


class ChainSampler:
    def __init__(self, chain: Any, context: Any) -> None:
        self._chain = chain
        self._context = context

    def sample(self, row: int) -> int:
        try:
            return int(self._chain.sample(self._context, row))
        except ValueError as error:  # cyllama 0.7; earlier ones raise RuntimeError themselves
            raise RuntimeError(str(error)) from error

    def forced(self) -> Forced:
        return Forced()

    def accept(self, token: int) -> None:
        self._chain.accept(token)

    def copy(self) -> ChainSampler:
        return ChainSampler(self._chain.clone(), self._context)


class GrammarSampler:
    """Chooses a token without the grammar and looks whether that one fits; only where it does not, or that is not sure,
    the grammar filters all tokens and one is chosen anew. A model that knows its output format is nearly always right,
    and filtering the vocabulary takes longer than a small model computes. cyllama cannot ask a grammar about one token,
    so `Follower` does.
    """

    def __init__(
        self, words: Words, follower: Follower, free: ChainSampler, held: ChainSampler, *, has_memory: bool
    ) -> None:
        """`free` and `held`: the same chain without and with the grammar. `has_memory`: what was said counts for the
        next choice (repeat_penalty), so one that is not taken is forgotten.
        """
        self._words = words
        self._follower = follower
        self._free, self._held = free, held
        self._has_memory = has_memory

    def sample(self, row: int) -> int:
        free = self._free.copy() if self._has_memory else self._free
        token = self._free.sample(row)
        piece, ends = self._words.token_to_piece(token), self._words.is_eog(token)
        if self._follower.fits(piece, ends=ends):
            self._held.accept(token)
        else:
            token = self._held.sample(row)
            piece, ends = self._words.token_to_piece(token), self._words.is_eog(token)
            self._free = free
            if self._has_memory:
                free.accept(token)
        if not ends:
            self._follower.accept(piece)
        return token

    def forced(self) -> Forced:
        return self._follower.forced()

    def accept(self, token: int) -> None:
        self._held.accept(token)
        if self._has_memory:
            self._free.accept(token)
        self._follower.accept(self._words.token_to_piece(token))
