"""How many tokens a server may count for a prompt at most. Pure.

No tokenizer of theirs is at hand, but those in use have one thing in common: a token stands for at least one byte of
the text. Byte-level BPE (GPT, Qwen, Llama 3) merges bytes; SentencePiece (Llama 2, Gemma, Mistral) falls back to one
token a byte at worst; WordPiece and unigram without that fall back to one token for a whole character. So bytes are the
bound, of the longer one of the text and its compatibility form (NFKC), as some tokenizers normalise first, which can
make text longer. What a chat template writes around a message, and a schema that a server writes into the prompt, come
on top.

What still exceeds it, such as a system prompt of the server's own, shows in the first usage that it reports: `pool.py`
counts it, says so, and adds it to the bound from then on.
"""

from __future__ import annotations

import json
import unicodedata

from llm_agentd.engines.openai.target import Call

PER_MESSAGE = 16  # role, begin and end of a turn: 3 (ChatML) to 6 tokens (Llama 3's header); Harmony's come to 12
PER_PROMPT = (
    64  # begin of text, the opening of the reply, a date or default system line of the template (Llama 3.1: 26)
)
SCHEMA_FACTOR = 2  # a server that writes the schema into the prompt may indent it


def prompt_bound(call: Call) -> int:
    """Tokens that the server may report for the prompt of `call`."""
    schema = call.sampling.json_schema
    bound = PER_PROMPT + (SCHEMA_FACTOR * len(json.dumps(schema)) if schema else 0)
    for message in call.messages or ():
        bound += PER_MESSAGE + text_bound(message.content)
    return bound + text_bound(call.prompt or "")


def text_bound(text: str) -> int:
    if text.isascii():
        return len(text)
    forms = (text, unicodedata.normalize("NFKC", text))
    return max(len(form.encode("utf-8", "replace")) for form in forms)
