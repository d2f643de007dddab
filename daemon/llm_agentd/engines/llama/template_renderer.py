"""Which renderer a `llama` model's chat template gets; decided once, at the start. Engine thread only."""

from __future__ import annotations

import logging
from functools import partial

from jinja2 import ext, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

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


class _GenerationTag(ext.Extension):
    """`{% generation %}` marks for a trainer what the model says (SmolLM3); here it is what it encloses."""

    tags = {"generation"}  # noqa: RUF012 (an instance variable in jinja2)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


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
    extensions = [ext.loopcontrols, _GenerationTag]
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
    environment.globals["raise_exception"] = refuse
    # No village knows our date, and prompts that change with it would be computed anew each day.
    environment.globals["strftime_now"] = lambda _format: ""
    compiled = environment.from_string(template)

    def render(turns: list[tuple[str, str]]) -> str:
        # No bos_token: the engine puts it before the text if the model wants one.
        rows = [{"role": role, "content": content} for role, content in turns]
        switches = {THINKING_SWITCH: False, "add_generation_prompt": True}
        return str(compiled.render(messages=rows, bos_token="", eos_token="", **switches))

    return render
