"""Names the parts of a prompt that was built: persona, knowledge, memory, facts … For those who ask what a model sees.

Pure. Reads the text that `messages.py` wrote, line by line, so what is shown is what the model gets; a test of both
keeps them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llm_agentd.prompt.messages import JSON_LINE, STYLE_LINE
from llm_agentd.types import Message, PromptPart

SYSTEM_LINES = (
    (STYLE_LINE, "style"),
    ("You know: ", "knowledge"),
    ("Your manner: ", "manner"),
    ("You are ", "npc"),
    ("Speak this language: ", "language"),
    ("Actions: ", "actions"),
    (JSON_LINE, "actions"),
)
FACT_SEPARATOR = "; "
MEMORY = "memory "  # the fact with what is remembered


def prompt_parts(messages: Sequence[Message]) -> tuple[PromptPart, ...]:
    """In the order of the prompt; neighbours of one name in one message are one part."""
    parts: list[PromptPart] = []
    last = len(messages) - 1
    for index, message in enumerate(messages):
        for name, text in _system(message) if message.role == "system" else _talk(message, is_last=index == last):
            before = parts[-1] if parts else None
            if before and (before.part, before.message) == (name, index):
                parts[-1] = PromptPart(name, index, f"{before.text}\n{text}")
            else:
                parts.append(PromptPart(name, index, text))
    return tuple(parts)


def _system(message: Message) -> Iterator[tuple[str, str]]:
    name = "persona"  # the first lines, up to one that begins otherwise
    for line in message.content.splitlines():
        name = next((name for start, name in SYSTEM_LINES if line.startswith(start)), name)
        yield name, line


def _talk(message: Message, *, is_last: bool) -> Iterator[tuple[str, str]]:
    if not is_last:
        yield "turns", message.content
        return
    for line in message.content.splitlines():
        if line.startswith("[") and line.endswith("]"):
            yield from _facts(line)
        elif line.startswith("(Do not repeat: "):
            yield "avoid", line
        else:
            yield "utterance", line


def _facts(line: str) -> Iterator[tuple[str, str]]:
    items = line[1:-1].split(FACT_SEPARATOR)
    plain = [item for item in items if not item.startswith(MEMORY)]
    if plain:
        yield "facts", FACT_SEPARATOR.join(plain)
    for item in items:
        if item.startswith(MEMORY):
            yield "memory", item
