"""Which renderer a `llama` model's chat template gets; decided once, at the start. Engine thread only."""

from __future__ import annotations

import logging
from functools import partial

from jinja2 import ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm_agentd.engines import chat_template as chat
from llm_agentd.engines.llama.binding import Binding

log = logging.getLogger(__name__)


def pick_renderer(binding: Binding, template: str) -> chat.Render:
    """llama.cpp's own list of known templates first, then Jinja; plain `role: content` lines where neither can."""
    if not template:
        return chat.plain_lines
    for make in (_known_renderer, _jinja_renderer):
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
    """A template comes with a model file, from anywhere: the sandbox keeps it from reaching Python's internals, and the
    immutable one from changing what it is given. What it may still do is loop for long; the engine renders it once for
    each order of roles, not for each request.
    """

    def refuse(reason: str) -> None:
        raise ValueError(reason)

    # The options are those with which transformers renders templates, for which they are written.
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[ext.loopcontrols])
    environment.globals["raise_exception"] = refuse
    compiled = environment.from_string(template)

    def render(turns: list[tuple[str, str]]) -> str:
        # No bos_token: the engine puts it before the text if the model wants one.
        rows = [{"role": role, "content": content} for role, content in turns]
        return str(compiled.render(messages=rows, add_generation_prompt=True, bos_token="", eos_token=""))

    return render
