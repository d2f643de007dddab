"""The script of `bench exchanges`, read from scenes/*.yaml and checked field by field.

A file is a list of scenes: who stands where, and the lines of the player with what is expected of each. Pure, apart
from reading the files; knows nothing of servers and verdicts. Positions are nodes [east, north] of where the player
stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from llm_agentd.errors import StartError

FOLDER = Path(__file__).parent / "scenes"
PLAYER = "Robin"
PLACE_RADIUS = 4
# What is done in an exchange, in this order; the game's side has a function for each.
DEEDS = (
    *("hour", "gets", "loses", "holds", "walk", "offer"),
    *("click", "say", "whisper", "type", "command", "hit", "slay", "close", "wait"),
)
MOVES = {"follow": 5, "go_to": 5, "attack": 6, "flee": 4, "guard": 2}  # deeds that are seen, and for how many seconds

Spot: TypeAlias = tuple[float, float]
Names: TypeAlias = str | list[str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(_Strict):
    role: str
    at: Spot
    mood: str | None = None
    persona: str | None = None
    goods: dict[str, int] = {}
    facts: dict[str, Any] = {}
    quest: dict[str, Any] | None = None  # as llm_agent.register_quest takes it


class Player(_Strict):
    holds: str = ""
    pack: list[str] = []
    language: str = "en"  # of the client


class Exchange(_Strict):
    """What the player does, and what is expected. What is not named is not expected, and must not happen.

    `to`: who answers, all of a list; with `either` one of the list is enough. `does`: what each who is meant does,
    such as "follow Robin", or "follow Robin | go_to Robin" where both are right; `may`: deeds that are right as well.
    `quest`: the state that the quest comes to; `none`: no quest is offered. `missing`: number and thing that the
    answer names as what is left to bring. `fact`: the answer holds one text (or regular expression) of each item,
    `wrong`: none of these. `near`, `sells`: names somebody who is there, or something that it sells and nothing else.
    `form`: what the form that is asked for shows. `told`: a line in the player's chat. `greets`: so many greet.
    """

    say: str | None = None
    whisper: tuple[str, str] | None = None
    click: str | None = None
    type: str | None = None
    close: bool | None = None
    command: str | None = None
    walk: Spot | None = None
    hit: str | None = None
    slay: str | None = None
    offer: str | None = None
    gets: list[str] | None = None
    loses: list[str] | None = None
    holds: str | None = None
    hour: float | None = None
    wait: float | None = None

    setup: bool = False  # not counted
    to: Names | None = None
    either: bool = False  # one of `to` is enough
    does: str | dict[str, str] = {}
    may: list[str] = []
    quest: Literal["offered", "accepted", "refused", "fulfilled", "paid", "failed", "abandoned", "none"] | None = None
    missing: str | None = None
    fact: list[str] = []
    wrong: list[str] = []
    near: bool = False
    sells: bool = False
    form: str | None = None
    told: list[str] = []
    greets: int | None = None

    @property
    def deeds(self) -> list[tuple[str, Any]]:
        """What the player does and has, in the order of DEEDS."""
        return [(name, value) for name in DEEDS if (value := getattr(self, name)) is not None]

    @property
    def is_counted(self) -> bool:
        """Something is said or expected; the rest sets up what comes after."""
        expected = self.quest or self.form or self.told or self.does or self.greets is not None
        return not self.setup and bool(self.words or expected)

    @property
    def meant(self) -> tuple[str, ...]:
        if self.to is None or self.to == "nobody":
            return ()
        return (self.to,) if isinstance(self.to, str) else tuple(self.to)

    @property
    def words(self) -> str:
        """What the player says, if anything."""
        return self.say or self.type or (self.whisper[1] if self.whisper else "")

    def deeds_of(self, npc: str) -> list[tuple[str, str]]:
        """`[("follow", "Robin")]`: what this NPC is expected to do, one of several; empty for nothing."""
        named = self.does.get(npc, "") if isinstance(self.does, Mapping) else self.does if npc in self.meant else ""
        parts = [part.strip().partition(" ") for part in named.split("|") if part.strip()]
        return [(deed, target) for deed, _, target in parts]

    @property
    def doers(self) -> tuple[str, ...]:
        return tuple(self.does) if isinstance(self.does, Mapping) else self.meant if self.does else ()


class Scene(_Strict):
    scene: str
    short: bool = False  # part of the short run
    hour: float = 10
    weather: str | None = None
    player: Player = Player()
    speaks: str | None = None  # the player's choice by `/llm lang`
    gossip: bool = False  # NPCs talk among themselves
    people: dict[str, Person]
    places: dict[str, Spot | tuple[float, float, float]] = {}  # the third is its radius
    mobs: dict[str, Spot] = {}
    nodes: list[tuple[str, float, float]] = []
    lines: list[Exchange] = Field(min_length=1)


def load(only: Iterable[str] = (), folder: Path = FOLDER) -> list[Scene]:
    """All scenes, those of a file, or those called so. Raises StartError for a wrong field or an unknown name."""
    wanted, scenes, known = set(only), [], set()
    for path in sorted(folder.glob("*.yaml")):
        for scene in parse(path):
            names = {path.stem, scene.scene, *(["short"] if scene.short else [])}
            known |= names
            if not wanted or wanted & names:
                scenes.append(scene)
    if unknown := wanted - known:
        raise StartError(f"bench exchanges: no scene {sorted(unknown)[0]!r}; known: {', '.join(sorted(known))}")
    return scenes


def parse(path: Path) -> list[Scene]:
    try:
        return TypeAdapter(list[Scene]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise StartError(f"{path.name}: {error}") from None


def for_the_game(scene: Scene) -> dict[str, Any]:
    """As exchanges.lua reads it: without what is expected, but for how long to look."""
    data = scene.model_dump(exclude={"lines", "places", "scene", "short"}, exclude_none=True)
    data["places"] = {
        name: {"at": spot[:2], "radius": spot[2] if len(spot) == 3 else PLACE_RADIUS}
        for name, spot in scene.places.items()
    }
    data["steps"] = [_step(exchange) for exchange in scene.lines]
    return data


def _step(exchange: Exchange) -> dict[str, Any]:
    seen = {npc: [MOVES[deed] for deed, _ in exchange.deeds_of(npc) if deed in MOVES] for npc in exchange.doers}
    return {
        "deeds": exchange.deeds,
        "movers": [npc for npc, seconds in seen.items() if seconds],
        "watch_s": max((second for seconds in seen.values() for second in seconds), default=0),
    }
