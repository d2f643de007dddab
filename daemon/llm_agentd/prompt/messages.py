"""From a `Think` to chat messages, laid out so that what changes least comes first.

Order: the role's persona, knowledge and manner (shared by all NPCs of a role), name and persona of the NPC, actions,
then earlier turns, and last the facts of this moment with the words just said. Positions and exact times never get in,
so that prompts share long prefixes and cached replies are hit. Text from players and from the game cannot leave its
line or begin a new one (`util/sanitize.py`).

Pure. The corpus of the embedded model is rendered by this same file, so that training and serving cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llm_agentd.prompt import gestures
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
    """Whether the reply is to be {"say":…,"do":{…}} rather than plain words."""
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
    """The stable part: role, then NPC, then its actions."""
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
        lines += filter(None, (gestures.guide(think), JSON_LINE))
    return "\n".join(lines)


def user_text(think: Think) -> str:
    """The part of this moment: `[facts]` on one line, then who says what, and last what not to say again."""
    facts = dict(think.context)
    if think.npc.mood:
        facts["mood"] = think.npc.mood
    if think.intent != "dialogue":
        facts["intent"] = think.intent
    head = fact_line(facts)
    tail = said_text(think.player or "", think.utterance or "", known_names(think))
    return "\n".join(filter(None, (head, tail, avoid_line(think.avoid))))


def said_text(player: str, utterance: str, known_names: Sequence[str] = ()) -> str:
    """`Ana: Good evening!`, or that nothing is said. `known_names`: none of them may stand as a speaker inside it."""
    speaker = sanitize.name(player) if player else ""
    if utterance:
        said = sanitize.utterance(utterance, known_names, has_speaker=bool(speaker))
        return f"{speaker}: {said}" if speaker else said
    return f"({speaker} comes near.)" if speaker else "(Nobody speaks.)"


def avoid_line(lines: Sequence[str]) -> str:
    """Comes last, so that a retry with it shares its whole prefix with the first try."""
    said = ", ".join(f'"{sanitize.utterance(line).replace(chr(34), chr(39))}"' for line in lines)
    return f"(Do not repeat: {said}; say something new.)" if said else ""


def turn_text(player: str, utterance: str) -> str:
    """An earlier turn in the history: without the facts of its moment."""
    return f"{sanitize.name(player)}: {sanitize.utterance(utterance)}"


def known_names(think: Think) -> tuple[str, ...]:
    """Of all who may speak: a player may not put one before words, as if they had said them, and no reply begins so."""
    names = [think.npc.name, think.player or "", *think.audience, *(turn.speaker for turn in think.history)]
    near = think.context.get("near", ())
    return (*names, *(map(str, near) if isinstance(near, (list, tuple)) else (str(near),)))


def history_messages(turns: Sequence[Turn], npc_name: str) -> tuple[Message, ...]:
    """Earlier turns as chat messages; those of the NPC are the assistant's.

    Turns of the same role in a row become one message, as some chat templates require.
    """
    messages: list[Message] = []
    for turn in turns:
        is_npc = turn.speaker == npc_name
        role = "assistant" if is_npc else "user"
        text = sanitize.utterance(turn.text) if is_npc else turn_text(turn.speaker, turn.text)
        if messages and messages[-1].role == role:
            text = f"{messages.pop().content}\n{text}"
        messages.append(Message(role, text))
    return tuple(messages)


def memory_messages(turns: Sequence[tuple[str, str]], turn: MemoryTurn) -> tuple[Message, ...]:
    """Earlier exchanges of `turn`'s NPC with its player: what the player said, without its facts, and the reply."""
    messages: list[Message] = []
    for said, reply in turns:
        user = said_text(turn.player, said, (turn.player, turn.npc_name))
        messages += [Message("user", user), Message("assistant", sanitize.utterance(reply))]
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
    """`offer_trade(item, count, price): description`; parameters in the order of the schema's `required`.

    That is their order in the reply too (`json_schema.bounded`). Actions that come with the mod have no description:
    the embedded model was trained on their names.
    """
    properties, required = action.params.get("properties") or {}, action.params.get("required")
    first = [n for n in required if isinstance(n, str) and n in properties] if isinstance(required, list) else []
    names = dict.fromkeys([*first, *properties])
    description = sanitize.fact(action.description).rstrip(" .")[:DESCRIPTION_MAX_CHARS]
    return f"{action.name}({', '.join(map(sanitize.fact, names))})" + (f": {description}" if description else "")
