"""Words as players type them, made like those of a book: small letters, chat slang written out, marks apart.

Used before everything that looks at what is meant, in training and in serving alike, so a change here wants a new
training. Pure.
"""

from __future__ import annotations

import re

from llm_agentd.topics.slang import EMOJI, SLANG

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[?!]+|[:;=xX]['-]?[()dDpPoO3]+|[^\w\s]+|_+")
# "ill give u 2": the apostrophe is missing, and nobody is unwell.
_I_WILL = re.compile(
    r"\bill (?=(?:give|pay|take|buy|do|be|go|come|get|bring|sell|make|try|see|help|kill|have|trade|offer|wait|tell|show"
    r"|think|stay|follow|find|fight|ask|look|leave|never|just|let|call|meet|need|remember|keep|return)\b)"
)
_STRETCHED = re.compile(r"([a-z])\1{2,}")  # heeeey, nooo
_EMOJI = re.compile(f"[{''.join(EMOJI)}]+")
_TINT = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")  # behind a sign: to be drawn in colours, of which skin
MARKS = "?!"


def words(text: str) -> list[str]:
    """`r u ok??` → are, you, ok, ?"""
    out: list[str] = []
    lower = _I_WILL.sub("i will ", text.lower().replace("’", "'").replace("`", "'"))
    lower = _EMOJI.sub(lambda found: f" {EMOJI[found[0][0]]} ", _TINT.sub("", lower))
    for token in _TOKEN.findall(lower):
        token = _STRETCHED.sub(r"\1", token) if _STRETCHED.search(token) and token not in SLANG else token
        if token in SLANG:
            out += SLANG[token].split()
        elif token[0] in MARKS:
            out.append(token[0])
        else:
            out.append(token)
    return out


def plain(text: str) -> str:
    return " ".join(words(text))
