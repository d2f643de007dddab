"""What is known of the models behind a pool: their names, how long a prompt may be, whether they follow a schema.

A server is asked for its models once it is there; until then what most have is supposed. Runs on the engine's event
loop, but for `info` and `check_schema`, which only read.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from llm_agentd.engines.base import EngineInfo
from llm_agentd.engines.llama.grammar.schema_check import schema_danger
from llm_agentd.engines.openai.target import Target, UpstreamError
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.errors import BadRequest
from llm_agentd.types import Sampling
from llm_agentd.util.did_you_mean import did_you_mean

log = logging.getLogger(__name__)

CONTEXT_TOKENS = 8192  # of a model that does not say: few in use have less
ASK_AGAIN_FIRST_S, ASK_AGAIN_MAX_S = 2.0, 300.0  # of a server that is not there
SHOWN_MAX = 8  # models in a message
# As vLLM, OpenRouter, Groq, Mistral, TabbyAPI and llama-server call it. The last is what a model was trained for.
_CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length", "max_seq_len", "n_ctx")
_TRAINED_KEYS = ("n_ctx_train",)


class Facts:
    """`models`: of each server the name and the admin's own fields, which change what it says; `targets`: those of
    them that can be asked. `context_tokens`: as configured; None: as the servers say.
    """

    def __init__(
        self,
        models: Sequence[tuple[str, Mapping[str, Any]]],
        targets: Sequence[Target],
        transport: Transport,
        *,
        model_id: str | None = None,
        context_tokens: int | None = None,
    ) -> None:
        self._targets = tuple(targets)
        self._transport = transport
        names = sorted({name for name, _ in models})
        self._model = model_id or ", ".join(names)
        self._configured_tokens = context_tokens
        self._contexts = {target: target.context_tokens for target in targets if target.context_tokens}
        # The same model on two servers is the same model: where it runs is not in it.
        kinds = sorted({repr((name, sorted(options.items()))) for name, options in models})
        self._fingerprint = hashlib.sha256(repr(("openai", kinds)).encode()).hexdigest()[:16]

    def info(self, max_num_seqs: int) -> EngineInfo:
        known = min(self._contexts.values(), default=CONTEXT_TOKENS)
        return EngineInfo(
            engine="openai",
            model=self._model,
            fingerprint=self._fingerprint,
            context_tokens=self._configured_tokens or known,
            max_num_seqs=max(1, max_num_seqs),
            features=frozenset({"messages", "embeddings", *(("json_schema",) if self._has_schema() else ())}),
            is_remote=True,
        )

    def check_schema(self, sampling: Sampling) -> None:
        """Raises BadRequest for a client's schema that no server here follows, or that nobody could."""
        if sampling.json_schema is None or sampling.is_schema_optional:
            return
        if not self._has_schema():
            raise BadRequest("json_schema: the remote model's server has no structured output; ask for JSON in words")
        if problem := schema_danger(sampling.json_schema):
            raise BadRequest(f"json_schema: {problem}")

    def _has_schema(self) -> bool:
        return not self._targets or any(self._transport.dialect(target).schema != "none" for target in self._targets)

    async def learn(self, on_news: Callable[[], None]) -> None:
        """Asks each server once it is there. Never raises: what is not known is supposed."""
        await asyncio.gather(*(self._learn(target, on_news) for target in self._targets))

    async def _learn(self, target: Target, on_news: Callable[[], None]) -> None:
        pause_s = ASK_AGAIN_FIRST_S
        while True:
            try:
                rows = await self._transport.models(target)
                break
            except UpstreamError as error:
                if not error.is_retryable:
                    log.info("what model is there cannot be known: %s", error.message)
                    return
                log.debug("asked again in %.0f s: %s", pause_s, error.message)
            except Exception:
                log.exception("%s could not be asked for its models", target.place)
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, ASK_AGAIN_MAX_S)
        self._note(target, rows)
        on_news()

    def _note(self, target: Target, rows: Sequence[Mapping[str, Any]]) -> None:
        row = next((row for row in rows if row.get("id") == target.model), None)
        if row is None and rows:
            names = [str(row.get("id")) for row in rows]
            log.warning(
                "%s does not name the model %s among its own%s; it has %s",
                target.place,
                target.model,
                did_you_mean(target.model, names),
                ", ".join(names[:SHOWN_MAX]),
            )
            return
        if row is not None and target not in self._contexts and (tokens := context_of(row)):
            self._contexts[target] = tokens
            log.info("%s: model %s has a context of %d tokens", target.place, target.model, tokens)


def context_of(row: Mapping[str, Any]) -> int:
    """Tokens of prompt and reply together, of what a server says of a model; 0 where it does not say."""
    parts = [row, *(row[name] for name in ("meta", "parameters", "model_info") if isinstance(row.get(name), dict))]
    return _first(parts, _CONTEXT_KEYS) or _first(parts, _TRAINED_KEYS)


def _first(parts: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> int:
    found = (part.get(key) for part in parts for key in keys)
    return next((value for value in found if isinstance(value, int) and value > 0), 0)
