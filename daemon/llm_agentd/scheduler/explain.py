"""What a request's prompt is, part by part, in the tokens of the engine that would be given it.

Engine thread: only there is a tokenizer. Generates nothing and takes no slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llm_agentd.cache import CompletionCache
from llm_agentd.engines.base import Engine, Prompt
from llm_agentd.errors import TooLarge
from llm_agentd.prompt.moment import parts as moment_parts
from llm_agentd.prompt.parts import prompt_parts
from llm_agentd.prompt.placeholders import readable
from llm_agentd.types import ChatPrompt, Explanation, LeftOut, Message, PromptPart, Request, Sampling
from llm_agentd.util.common_prefix import common_prefix_length

TOO_LONG = "with it the prompt would be longer than the model's context"


def encode_chat(engine: Engine, chat: ChatPrompt, request: Request) -> tuple[Prompt, tuple[Message, ...]]:
    """Tokens, and the messages they are of: where all that is remembered does not fit, those without it."""
    try:
        return engine.encode(None, chat.messages, request.sampling), chat.messages
    except TooLarge:
        if chat.short_messages is None:
            raise
        return engine.encode(None, chat.short_messages, request.sampling), chat.short_messages


def explain(engine: Engine, cache: CompletionCache, request: Request) -> Explanation:
    """Raises as `Engine.encode` does: TooLarge for a prompt that would not fit."""
    chat = request.chat
    assert chat is not None  # a `think`
    prompt, messages = encode_chat(engine, chat, request)
    left_out = chat.left_out
    if messages is not chat.messages:
        left_out = (*left_out, LeftOut("memory", "all that is remembered", TOO_LONG))
    added_tokens = _tokens_before(engine)

    def shown(text: str) -> str:
        return readable(text, chat.slots.words) if chat.slots else text

    parts = (
        replace(part, tokens=len(engine.encode(part.text, None, Sampling())) - added_tokens, text=shown(part.text))
        for part in chat_parts(chat, messages)
    )
    return Explanation(
        model=engine.info.model,
        lang=chat.lang,
        messages=tuple(replace(message, content=shown(message.content)) for message in messages),
        parts=tuple(parts),
        left_out=left_out,
        prompt_tokens=len(prompt),
        context_tokens=engine.info.context_tokens,
        max_tokens=request.sampling.max_tokens,
        key=request.key,
        kept=cache.count(request.key, request.variants) if request.cache != "off" else 0,
        variants=request.variants,
    )


def chat_parts(chat: ChatPrompt, messages: Sequence[Message]) -> tuple[PromptPart, ...]:
    """Of a `think`; `messages`: those of the chat that the model is given. Any thread."""
    return moment_parts(messages[0].content) if chat.slots else prompt_parts(messages)


def _tokens_before(engine: Engine) -> int:
    """How many tokens the engine puts before any raw text: a model's begin-of-text, or none."""
    one, other = (engine.encode(text, None, Sampling()).tokens for text in ("a", "b"))
    return common_prefix_length(one, other)
