"""The cache key: the same for the same prompt and options, another for whatever may change the text."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.cache import cache_key
from llm_agentd.types import Message, Sampling

BASE: dict[str, object] = {
    "fingerprint": "model-a",
    "prompt": None,
    "messages": (Message("user", "hello"),),
    "sampling": Sampling(),
}


def key_of(**changes: object) -> bytes:
    return cache_key(**{**BASE, **changes})  # type: ignore[arg-type]


def test_key_of_the_same_prompt_is_the_same() -> None:
    assert key_of() == key_of(messages=[Message("user", "hello")])
    assert key_of(sampling=Sampling(temperature=1)) == key_of(sampling=Sampling(temperature=1.0))
    assert len(key_of()) == 32


SAMPLINGS: tuple[dict[str, Any], ...] = (
    {"max_tokens": 65},
    {"temperature": 0.71},
    {"temperature": 0.0},
    {"top_p": 0.5},
    {"top_k": 41},
    {"min_p": 0.1},
    {"repeat_penalty": 1.1},
    {"seed": 0},
    {"seed": 1},
    {"seed": 2**64},
    {"stop": ("a", "b")},
    {"stop": ("ab",)},
    {"json_schema": {}},
    {"json_schema": {"properties": {"a": {}, "b": {}}}},
    {"json_schema": {"properties": {"b": {}, "a": {}}}},
    {"grammar": "root ::= 'a'"},
)
OTHER_PROMPTS: list[dict[str, Any]] = [
    {"fingerprint": "model-b"},
    {"prompt": "hello", "messages": None},
    {"prompt": '[["user","hello"]]', "messages": None},
    {"prompt": "", "messages": None},
    {"messages": ()},
    {"messages": (Message("user", "hello"), Message("user", ""))},
    {"messages": (Message("system", "hello"),)},
    {"messages": (Message("user", 'hello"],["user","x'),)},
    {"messages": (Message("user", "hello"), Message("user", "x"))},
    {"messages": (Message("user", "lone \ud800"),)},
    {"reply_schema": {}},
    {"reply_schema": {"type": "object"}},
    {"whole_sentences": True},
    *({"sampling": Sampling(**change)} for change in SAMPLINGS),
]


@pytest.mark.parametrize("change", OTHER_PROMPTS, ids=str)
def test_key_differs_where_the_text_may_differ(change: dict[str, Any]) -> None:
    assert key_of(**change) != key_of()


def test_keys_of_different_prompts_differ_from_each_other() -> None:
    keys = {key_of(**change) for change in OTHER_PROMPTS}
    assert len(keys) == len(OTHER_PROMPTS)
