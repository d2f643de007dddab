"""The key of a completion: a digest of all that decides which text may come. Pure.

Router's thread, for each request: it is a part of what a cache hit costs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import orjson

from llm_agentd.types import Message, Sampling

KEY_BYTES = 32  # blake2b digest; LMDB takes keys up to 511 bytes, prompts are longer


def cache_key(
    *,
    fingerprint: str,
    prompt: str | None,
    messages: Sequence[Message] | None,
    sampling: Sampling,
    reply_schema: dict[str, Any] | None = None,
    whole_sentences: bool = False,
    moderation: str = "",
) -> bytes:
    """32 bytes that differ wherever the reply's text may differ.

    The parts are hashed as one JSON array, so no two different prompts share an encoding. The order inside a
    `json_schema` counts: engines write the members in that order. `reply_schema`: of a reply that may choose an action,
    whether or not the engine can be held to it. `moderation`: the version of the rules under which the reply passed.
    """
    parts = [
        fingerprint,
        prompt,
        None if messages is None else [[message.role, message.content] for message in messages],
        sampling.max_tokens,
        float(sampling.temperature),
        float(sampling.top_p),
        sampling.top_k,
        float(sampling.min_p),
        float(sampling.repeat_penalty),
        sampling.seed,
        list(sampling.stop),
        reply_schema if sampling.json_schema is None else sampling.json_schema,
        sampling.grammar,
        reply_schema is not None,
        whole_sentences,
        moderation,
    ]
    try:
        encoded = orjson.dumps(parts)
    except TypeError:  # lone surrogates, integers over 64 bits: slower, but nothing that a request may hold fails
        encoded = b"\0" + json.dumps(parts).encode()
    return blake2b(encoded, digest_size=KEY_BYTES).digest()
