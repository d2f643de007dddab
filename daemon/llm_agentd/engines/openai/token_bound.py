"""How many tokens a server may count for a prompt at most. Pure; one object for each server, on the event loop.

No tokenizer of theirs is at hand, but those in use have one thing in common: a token stands for at least one byte of
the text. Byte-level BPE (GPT, Qwen, Llama 3) merges bytes; SentencePiece (Llama 2, Gemma, Mistral) falls back to one
token a byte at worst; WordPiece and unigram without that fall back to one token for a whole character. So bytes are the
bound, of the longer one of the text and its compatibility form (NFKC), as some tokenizers normalise first, which can
make text longer. What a chat template writes around a message, and a schema that a server writes into the prompt, come
on top.

Bytes are four times what English text takes. But prompts begin alike, and each report tells something of the next
prompt: templates part messages by special tokens, so the tokens of a chat are those of its messages added up. What was
reported for `[role, Hello]` is at least what `[role]` takes, so `[role, Good evening]` takes at most that and the bytes
of its last message.

What still exceeds the bound, such as a system prompt of the server's own, shows in the first usage that it reports: it
is counted, and added from then on.
"""

from __future__ import annotations

import json
import unicodedata
from collections import OrderedDict

from llm_agentd.engines.openai.target import Call
from llm_agentd.types import Message

PER_MESSAGE = 16  # role, begin and end of a turn: 3 (ChatML) to 6 tokens (Llama 3's header); Harmony's come to 12
# Begin of text, the opening of the reply, a date or default system line of the template (Llama 3.1: 26).
PER_PROMPT = 64
SCHEMA_FACTOR = 2  # a server that writes the schema into the prompt may indent it
KNOWN_MAX = 4096  # beginnings of prompts that are remembered; two for each call


class PromptBounds:
    """`of` before a call, `learn` when its usage is told."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, int] = OrderedDict()  # hash of a beginning → tokens that it takes at most
        self._is_additive = True  # False: this server's reports do not add up, and bytes alone are believed
        self._extra = 0  # that it counts beyond the bytes

    def of(self, call: Call) -> int:
        """Tokens that the server may report for the prompt of `call`."""
        messages, schema = _parts(call)
        beginnings = _beginnings(messages, schema)
        learned, rest = None, 0
        for message, beginning in zip(reversed(messages), reversed(beginnings), strict=True):
            if learned is None and beginning in self._known:
                learned = self._known[beginning] + rest
            rest += PER_MESSAGE + text_bound(message.content)
        by_bytes = PER_PROMPT + SCHEMA_FACTOR * len(schema) + rest + self._extra
        return by_bytes if learned is None else min(learned, by_bytes)

    def learn(self, call: Call, bound: int, reported: int) -> None:
        """`bound`: what `of` said before the call. `reported`: tokens of its prompt."""
        if reported > bound:
            self._correct(call, reported)
        if not self._is_additive or not reported:
            return
        messages, schema = _parts(call)
        beginnings = _beginnings(messages, schema)
        self._note(beginnings[-1], reported)
        if len(beginnings) > 1:
            self._note(beginnings[-2], min(reported, self._known.get(beginnings[-2], reported)))

    def _correct(self, call: Call, reported: int) -> None:
        """Where the bound was one of bytes, so much is added to it; where it was learned, nothing learned is used."""
        was_learned = bool(self._known)
        self._known.clear()
        by_bytes = self.of(call)
        self._extra += max(0, reported - by_bytes)
        if was_learned and reported <= by_bytes:
            self._is_additive = False

    def _note(self, beginning: int, tokens: int) -> None:
        self._known[beginning] = tokens
        self._known.move_to_end(beginning)
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


def _parts(call: Call) -> tuple[tuple[Message, ...], str]:
    """The messages, or the raw prompt as the only one; and the schema as text."""
    schema = call.sampling.json_schema
    messages = call.messages if call.messages is not None else (Message("", call.prompt or ""),)
    return messages, json.dumps(schema) if schema else ""


def _beginnings(messages: tuple[Message, ...], schema: str) -> list[int]:
    """A hash of the first message, of the first two …"""
    found: list[int] = []
    last = hash(schema)
    for message in messages:
        last = hash((last, message.role, message.content))
        found.append(last)
    return found


def text_bound(text: str) -> int:
    if text.isascii():
        return len(text)
    forms = (text, unicodedata.normalize("NFKC", text))
    return max(len(form.encode("utf-8", "replace")) for form in forms)
