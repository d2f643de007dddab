"""The held-out situations, read from the YAML files beside this one and checked field by field.

A file is a list of groups: an NPC, what it knows, the actions on offer, and the lines that players say to it. A line
may override any of it. Pure, apart from reading the files; knows nothing of daemons and scores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from llm_agentd.errors import StartError

FOLDER = Path(__file__).parent
SETS = ("talk", "facts", "names", "orders", "memory")
NOTHING = "nothing"
RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")
NO_REQUIRED = ("attack", "flank", "guard")  # combat/tactics.lua names no required parameters, the other actions do

Json: TypeAlias = dict[str, Any]
Param: TypeAlias = list[str] | str  # an enum, or a..b
Order: TypeAlias = dict[str, dict[str, Any]]  # one action: its name → the parameters that matter


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OwnAction(_Strict):
    about: str
    params: dict[str, Param]


class _Shared(_Strict):
    """What a group has, and what a line may override. `context` is merged, the rest replaced."""

    mood: str | None = None
    context: Json = {}
    actions: dict[str, _OwnAction | dict[str, Param]] | None = None


class _Line(_Shared):
    history: list[tuple[str, str]] = []
    want: list[str] = []
    wrong: str = ""
    unknown: bool = False
    do: Literal["nothing"] | Order | list[Literal["nothing"] | Order] | None = None
    told: str = ""
    happened: list[str] = []


class _Group(_Shared):
    npc: str
    role: str
    persona: str | None = None
    draft: Json | None = None
    intent: str = "dialogue"
    small_talk: bool = False
    lines: list[tuple[str, str] | tuple[str, str, _Line]] = Field(min_length=1)


class _MemoryFile(_Strict):
    between: list[str]
    meanwhile: list[str]
    groups: list[_Group]


@dataclass(frozen=True, slots=True)
class Case:
    """One situation and what is wanted of the reply.

    `think`: the op's fields, without `utterance`. `want`: the reply holds one text of each; `wrong`: none of these.
    `orders`: right actions, each `{name: {parameter: value}}`, an empty dict for none; () where none is on offer.
    `told`, `happened`, `between`: before the question (`memory` alone).
    """

    id: str
    set: str
    say: str
    think: Json
    want: tuple[tuple[str, ...], ...] = ()
    wrong: tuple[str, ...] = ()
    is_unknown: bool = False
    is_small_talk: bool = False
    orders: tuple[Order, ...] = ()
    told: str = ""
    happened: tuple[str, ...] = ()
    between: tuple[str, ...] = ()

    @property
    def npc(self) -> str:
        return str(self.think["npc"]["name"])

    @property
    def player(self) -> str:
        return str(self.think["player"])


@cache
def load(name: str) -> tuple[Case, ...]:
    """The cases of one set. Raises StartError for a set that there is not and for a field that is wrong."""
    if name not in SETS:
        raise StartError(f"bench mind: unknown set {name!r}; known: {', '.join(SETS)}")
    return parse(name, (FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> tuple[Case, ...]:
    """As `load`, of the file's text."""
    try:
        data = yaml.safe_load(text)
        memory = _MemoryFile.model_validate(data) if isinstance(data, dict) else None
        groups = memory.groups if memory else TypeAdapter(list[_Group]).validate_python(data)
    except (yaml.YAMLError, ValidationError) as error:
        raise StartError(f"{name}.yaml: {error}") from None
    pairs = [(group, line) for group in groups for line in group.lines]
    cases = (_case(f"{name}-{number:03}", group, line) for number, (group, line) in enumerate(pairs, start=1))
    return tuple(_with_distractors(case, memory) if memory else case for case in cases)


def _with_distractors(case: Case, memory: _MemoryFile) -> Case:
    if case.told:
        return replace(case, between=tuple(memory.between))
    names = {"{player}": case.player, "{npc}": case.npc}
    meanwhile = (re.sub("{player}|{npc}", lambda match: names[match[0]], text) for text in memory.meanwhile)
    return replace(case, happened=(*case.happened, *meanwhile))


def _case(case_id: str, group: _Group, line: tuple[str, str] | tuple[str, str, _Line]) -> Case:
    player, say = line[:2]
    more = line[2] if len(line) == 3 else _Line()
    return Case(
        id=case_id,
        set=case_id.split("-")[0],
        say=say,
        think=_think(case_id, group, player, more),
        want=tuple(tuple(alternatives.split("|")) for alternatives in more.want),
        wrong=tuple(filter(None, more.wrong.split("|"))),
        is_unknown=more.unknown,
        is_small_talk=group.small_talk,
        orders=_orders(more.do),
        told=more.told,
        happened=tuple(more.happened),
    )


def _think(case_id: str, group: _Group, player: str, line: _Line) -> Json:
    """The NPC's id is the case's, so that no case knows what was said in another."""
    npc = {"id": case_id, "name": group.npc, "role": group.role}
    npc |= {"persona": group.persona} if group.persona else {}
    npc |= {"mood": mood} if (mood := line.mood or group.mood) else {}
    if group.draft is None and not group.persona and group.role not in _shipped_roles():
        raise StartError(f"{case_id}: the role {group.role!r} is not shipped: give it a persona or a draft")
    offered = group.actions if line.actions is None else line.actions
    think: Json = {"npc": npc, "player": player, "context": group.context | line.context, "intent": group.intent}
    think |= {"draft": group.draft} if group.draft else {}
    think |= {"actions": [_action(name, offered[name]) for name in sorted(offered)]} if offered else {}
    think |= {"history": [{"speaker": by, "text": text} for by, text in line.history]} if line.history else {}
    return think


@cache
def _shipped_roles() -> frozenset[str]:
    from llm_agentd.roles.registry import SHIPPED_DIR

    return frozenset(path.stem for path in SHIPPED_DIR.glob("*.yaml"))


def _orders(do: Any) -> tuple[Order, ...]:
    alternatives = [] if do is None else do if isinstance(do, list) else [do]
    return tuple({} if order == NOTHING else order for order in alternatives)


def _action(name: str, short: _OwnAction | Mapping[str, Param]) -> Json:
    """As the mod sends it."""
    params, about = (short.params, short.about) if isinstance(short, _OwnAction) else (short, "")
    properties = {param: _schema(value) for param, value in params.items()}
    schema: Json = {"type": "object", "properties": properties} if properties else {}
    if properties and name not in NO_REQUIRED:
        schema["required"] = list(properties)
    return {"name": name, "description": about, "params": schema}


def _schema(short: Param) -> Json:
    if isinstance(short, list):
        return {"type": "string", "enum": short}
    low, high = map(int, whole_range(short))
    return {"type": "integer", "minimum": low, "maximum": high}


def whole_range(short: str) -> tuple[int, int]:
    """`a..b` as numbers. Raises StartError."""
    match = RANGE.fullmatch(short)
    if not match:
        raise StartError(f"{short!r}: want a list of texts, or whole numbers as a..b")
    return int(match[1]), int(match[2])
