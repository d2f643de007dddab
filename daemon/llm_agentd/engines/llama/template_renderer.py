"""Which renderer a `llama` model's chat template gets; decided once, at the start. Engine thread only."""

from __future__ import annotations

import logging
from functools import partial

from llm_agentd.engines import chat_template as chat
from llm_agentd.engines.llama.binding import Binding

log = logging.getLogger(__name__)

THINKING_SWITCH = "enable_thinking"  # the name that transformers' users know; templates without it ignore it


def pick_renderer(binding: Binding, template: str) -> chat.Render:
    """llama.cpp's own list of known templates first, then Jinja; plain `role: content` lines where neither can.

    Jinja first where the template knows a switch for thinking aloud (Qwen3, SmolLM3): llama.cpp's list knows none, and
    an NPC that reasons before it speaks has used up its tokens by then.
    """
    if not template:
        return chat.plain_lines
    makers = (_known_renderer, _jinja_renderer)
    for make in reversed(makers) if THINKING_SWITCH in template else makers:
        try:
            render = make(binding, template)
            chat.layout(render, ("system", "user", "assistant", "user"))
        except Exception as error:
            log.debug("chat template not rendered by %s: %s", make.__name__, error)
            continue
        return render
    log.warning("this model's chat template cannot be rendered; messages go in as plain `role: content` lines")
    return chat.plain_lines


def _known_renderer(binding: Binding, template: str) -> chat.Render:
    return partial(binding.apply_chat_template, template)


def _jinja_renderer(_binding: Binding, template: str) -> chat.Render:
    from llm_agentd.engines.llama.jinja_renderer import render_with  # Jinja's 2 MiB, for a model that needs it

    return render_with(template, {THINKING_SWITCH: False})
