"""From chat messages to a layout: the template's own text, with holes where the contents go.

An engine tokenises the template's text with control tokens and the contents without, so that no player can write
`<|im_end|>` and close a turn. A model without a template gets plain `role: content` lines. Pure; knows nothing of any
tokenizer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from llm_agentd.errors import BadRequest

ROLES = ("system", "user", "assistant")
LAYOUTS_MAX = 64  # remembered, one for each order of roles seen

# A hole looks like this while the template is rendered: private-use characters, so no template can mean them.
_HOLE = re.compile("\ue0f0(\\d+)\ue0f1")

Render = Callable[[list[tuple[str, str]]], str]  # (role, content)… → text that ends where the reply starts


def chatml(turns: list[tuple[str, str]]) -> str:
    """ChatML, the template of the embedded model and many others."""
    text = "".join(f"<|im_start|>{role}\n{content}<|im_end|>\n" for role, content in turns)
    return text + "<|im_start|>assistant\n"


def plain_lines(turns: list[tuple[str, str]]) -> str:
    """For models without a template: `role: content` lines."""
    return "".join(f"{role}: {content}\n" for role, content in turns) + "assistant:"


def is_chatml(template: str) -> bool:
    return "<|im_start|>" in template and "<|im_end|>" in template


def layout(render: Render, roles: tuple[str, ...]) -> list[str | int]:
    """Template text and, as ints, indices of the messages whose content goes between.

    Raises BadRequest for roles that the template refuses or has no place for.
    """
    if not roles:
        raise BadRequest("messages: at least one is needed")
    for index, role in enumerate(roles):
        if role not in ROLES:  # a role is template text: anything goes would let it write control tokens
            raise BadRequest(f"messages[{index}].role: {role[:40]!r} is not one of {', '.join(ROLES)}")
    try:
        text = render([(role, f"\ue0f0{index}\ue0f1") for index, role in enumerate(roles)])
    except Exception as error:
        raise BadRequest(f"messages: this model's chat template refuses them ({error})") from error
    parts: list[str | int] = []
    for index, part in enumerate(_HOLE.split(text)):
        if index % 2:
            parts.append(int(part))
        elif part:
            parts.append(part)
    for index, role in enumerate(roles):
        if index not in parts:
            raise BadRequest(f"messages[{index}]: this model's chat template has no place for this {role} message")
    return parts
