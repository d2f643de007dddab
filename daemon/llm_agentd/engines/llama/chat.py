"""Which renderer knows a `llama` model's chat template; asked once, at the start. Engine thread only."""

from __future__ import annotations

import logging
from functools import partial

from llm_agentd.engines import chat
from llm_agentd.engines.llama.binding import Binding

log = logging.getLogger(__name__)


def pick_render(native: Binding, template: str) -> chat.Render:
    """llama.cpp's own list of known templates first, then Jinja; plain `role: content` lines where neither can."""
    if not template:
        return chat.plain
    for make in (_known, _jinja):
        try:
            render = make(native, template)
            chat.layout(render, ("system", "user", "assistant", "user"))
        except Exception as error:
            log.debug("chat template not rendered by %s: %s", make.__name__, error)
            continue
        return render
    log.warning("this model's chat template cannot be rendered; messages go in as plain `role: content` lines")
    return chat.plain


def _known(native: Binding, template: str) -> chat.Render:
    return partial(native.apply_chat_template, template)


def _jinja(native: Binding, template: str) -> chat.Render:
    # cyllama brings its own copy of Jinja; the sandbox keeps a model file from running code.
    from cyllama._vendor.jinja2 import ext
    from cyllama._vendor.jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(reason: str) -> None:
        raise ValueError(reason)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[ext.loopcontrols])
    environment.globals["raise_exception"] = refuse
    compiled = environment.from_string(template)

    def render(turns: list[tuple[str, str]]) -> str:
        # No bos_token: the engine puts it before the text if the model wants one.
        rows = [{"role": role, "content": content} for role, content in turns]
        return str(compiled.render(messages=rows, add_generation_prompt=True, bos_token="", eos_token=""))

    return render
