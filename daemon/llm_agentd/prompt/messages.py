"""From a `Think` to chat messages, laid out so that what never changes comes first.

Order: what the role is, knows and how it speaks (all NPCs of a role share it), name and persona (one NPC), actions,
then earlier turns, and last of all the facts of this moment with the words just said. Positions and exact times never
enter, so prefixes are shared and cached replies hit. Whatever players or the game bring in stands within its line and
can begin none (`util/sanitize.py`). Pure; the corpus of the embedded model is rendered by this same file, so that
training and serving cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llm_agentd.roles import Role
from llm_agentd.types import Action, MemoryTurn, Message, Think, Turn
from llm_agentd.util import sanitize

STYLE_LINE = "Speak in character, in one or two short sentences."
JSON_LINE = 'Answer as JSON: {"say": your words, "do": one action}.'
UNKNOWN_LINE = "Of anything else say that you do not know."
FACT_ORDER = ("time", "weather", "light", "place", "mood", "near", "sees", "held", "health", "memory")
DESCRIPTION_MAX_CHARS = 120  # of an action: they all stand in the prompt
FACT_VALUE_MAX_CHARS = 200  # one runaway value must not push everything else out of a small context


def wants_json(think: Think) -> bool:
    """True where the reply is asked for as {"say":…,"do":{…}} rather than as plain words."""
    return bool(think.actions)


def wanted_language(think: Think, role: Role, default: str = "en") -> str:
    """What to speak: the request says it, else the role, else the daemon."""
    return think.lang or role.language or default


def build(think: Think, role: Role, history: Sequence[Message] = (), lang: str | None = None) -> tuple[Message, ...]:
    """One system message, the earlier turns, one user message. `lang`: what to speak, else `wanted_language`."""
    return (
        Message("system", system_text(think, role, lang)),
        *history,
        Message("user", user_text(think)),
    )


def system_text(think: Think, role: Role, lang: str | None = None) -> str:
    """The stable part: role, then NPC, then what it can do."""
    lines = [role.persona, STYLE_LINE]
    if role.knowledge:
        lines.append(f"You know: {'; '.join(line.rstrip('.;') for line in role.knowledge)}. {UNKNOWN_LINE}")
    if role.manner:
        lines.append(f"Your manner: {role.manner.rstrip('.')}.")
    lines.append(f"You are {sanitize.name(think.npc.name)}, {role.title}.")
    if think.npc.persona:
        lines[-1] += f" {sanitize.single_line(think.npc.persona)}"
    spoken = lang or wanted_language(think, role)
    if spoken != "en":
        lines.append(f"Speak this language: {sanitize.single_line(spoken)}.")
    if wants_json(think):
        lines.append(f"Actions: {'; '.join(signature(action) for action in think.actions)}; nothing.")
        lines.append(JSON_LINE)
    return "\n".join(lines)


def user_text(think: Think) -> str:
    """The part of this moment: `[facts]` on one line, then who says what, and last what not to say again."""
    facts = dict(think.context)
    if think.npc.mood:
        facts["mood"] = think.npc.mood
    if think.intent != "dialogue":
        facts["intent"] = think.intent
    head = fact_line(facts)
    tail = said_text(think.player or "", think.utterance or "", _known(think))
    return "\n".join(filter(None, (head, tail, avoid_line(think.avoid))))


def said_text(player: str, utterance: str, known: Sequence[str] = ()) -> str:
    """Who says what; where nothing is said, that. `known`: whose names may not stand before words inside it."""
    speaker = sanitize.name(player) if player else ""
    if utterance:
        said = sanitize.utterance(utterance, known, has_speaker=bool(speaker))
        return f"{speaker}: {said}" if speaker else said
    return f"({speaker} comes near.)" if speaker else "(Nobody speaks.)"


def avoid_line(lines: Sequence[str]) -> str:
    """Behind everything else: a question asked again with it keeps all its beginning."""
    said = ", ".join(f'"{sanitize.utterance(line).replace(chr(34), chr(39))}"' for line in lines)
    return f"(Do not repeat: {said}; say something new.)" if said else ""


def turn_text(player: str, utterance: str) -> str:
    """How an earlier turn's words stand in the history: without its facts."""
    return f"{sanitize.name(player)}: {sanitize.utterance(utterance)}"


def _known(think: Think) -> tuple[str, ...]:
    """Whose names a player may not put before words of their own."""
    names = [think.npc.name, think.player or "", *think.audience, *(turn.speaker for turn in think.history)]
    near = think.context.get("near", ())
    return (*names, *(map(str, near) if isinstance(near, (list, tuple)) else (str(near),)))


def history(turns: Sequence[Turn], npc_name: str) -> tuple[Message, ...]:
    """Earlier turns as chat messages: the NPC's own are the assistant's. Roles take turns, as some templates want."""
    messages: list[Message] = []
    for turn in turns:
        own = turn.speaker == npc_name
        role = "assistant" if own else "user"
        text = sanitize.utterance(turn.text) if own else turn_text(turn.speaker, turn.text)
        if messages and messages[-1].role == role:
            text = f"{messages.pop().content}\n{text}"
        messages.append(Message(role, text))
    return tuple(messages)


def remembered(turns: Sequence[tuple[str, str]], exchange: MemoryTurn) -> tuple[Message, ...]:
    """Earlier exchanges of the NPC with one player: what they said (without that moment's facts), and its reply."""
    messages: list[Message] = []
    for said, reply in turns:
        asked = said_text(exchange.player, said, (exchange.player, exchange.npc_name))
        messages += [Message("user", asked), Message("assistant", sanitize.utterance(reply))]
    return tuple(messages)


def fact_line(facts: Mapping[str, Any]) -> str:
    """`[time evening; place Oakford; near Bram, Tilda]`: known facts in a fixed order, others by name after them."""
    known = [key for key in FACT_ORDER if key in facts]
    other = sorted(key for key in facts if key not in FACT_ORDER)
    parts = []
    for key in known + other:
        value = fact_value(facts[key])
        if value:
            parts.append(f"{sanitize.fact(key)} {value}")
    return f"[{'; '.join(parts)}]" if parts else ""


def fact_value(value: Any) -> str:
    """One fact as words: lists become `a, b`, maps `k v, k v`, whole floats lose their `.0`."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # engines before 5.16 write whole numbers as 5.0
    if isinstance(value, Mapping):
        return ", ".join(f"{sanitize.fact(key)} {fact_value(item)}" for key, item in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, map(fact_value, value)))
    return sanitize.fact(value)[:FACT_VALUE_MAX_CHARS]


def signature(action: Action) -> str:
    """`offer_trade(item, count, price)`: the name and its parameters in the order of the schema's `required`, as in
    the reply (`json_schema.bounded`); `: what it does` behind.

    Those that come with the mod say nothing more: the embedded model knows them.
    """
    parts, wanted = action.params.get("properties") or {}, action.params.get("required")
    first = [name for name in wanted if isinstance(name, str) and name in parts] if isinstance(wanted, list) else []
    names = dict.fromkeys([*first, *parts])
    does = sanitize.fact(action.description).rstrip(" .")[:DESCRIPTION_MAX_CHARS]
    return f"{action.name}({', '.join(map(sanitize.fact, names))})" + (f": {does}" if does else "")
