"""Chat templates rendered by Jinja. Engine thread only; loaded for a model whose template llama.cpp does not know."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import ext, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm_agentd.engines import chat_template as chat


class _GenerationTag(ext.Extension):
    """`{% generation %}` marks for a trainer what the model says (SmolLM3); here it is what it encloses."""

    tags = {"generation"}  # noqa: RUF012 (an instance variable in jinja2)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def render_with(template: str, switches: Mapping[str, bool]) -> chat.Render:
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
        given = {**switches, "add_generation_prompt": True}
        return str(compiled.render(messages=rows, bos_token="", eos_token="", **given))

    return render
