"""The questions of a line: `oh no. how did it die?` asks one, `how old are you and do you have kids?` two.

English, as the models that are told topics. Pure.
"""

from __future__ import annotations

import re

from llm_agentd.prompt.meaning.forms import forms

PARTS_MAX = 6  # looked at of one line
ASKED_MAX = 3  # questions: the classifier reads each
_ASKS = (
    r"(?:(?:what|who|where|when|why|how|which|whose)\b"
    r"|(?:do|does|did|are|is|was|were|have|has|can|could|will|would) (?:you|u|ya|it|he|she|they|there|ur|your)\b)"
)
_BETWEEN = re.compile(rf"[.!?;]+(?:\s+|$)|,? and (?={_ASKS})|, (?={_ASKS})", re.I)


def asked(text: str) -> list[str]:
    """Each part of the line that asks something; of a line that is one sentence, none."""
    marks = [found.group() for found in _BETWEEN.finditer(text)]
    parts = [part.strip() for part in _BETWEEN.split(text)[:PARTS_MAX]]
    if sum(map(bool, parts)) < 2:
        return []
    ends = [*marks, ""]
    return [part for part, end in zip(parts, ends, strict=False) if part and _asks(part, end)][:ASKED_MAX]


def _asks(part: str, end: str) -> bool:
    return "?" in end or forms.form_of(part) in forms.ASKING
