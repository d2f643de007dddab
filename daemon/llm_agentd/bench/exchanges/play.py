"""Plays the script in a real game server beside a daemon with the real model, and reads what came of it.

The game's side is demo/llm_village/exchanges.lua. Knows nothing of what is right.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.bench.exchanges.script import Exchange, Scene, for_the_game
from llm_agentd.config import Config
from llm_agentd.demo.game import Game
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon, model_sets

LOOK_EVERY_S = 0.25
START_MAX_S = 60.0  # for starting, and for building the ground
EXCHANGE_MAX_S = 90.0  # exchanges.lua gives up one after 60; a busy machine is slow with the scenes as well
_SETTINGS: dict[str, object] = {
    "llm_village.exchanges": "true",
    "llm_agent.wander": "false",  # what moves does so because somebody asked
    # Players read at leisure; here the next line is said as soon as the last is there.
    **{"llm_agent.read_char_ms": 1, "llm_agent.read_base_ms": 50, "llm_agent.player_cooldown_s": 0},
    **{f"llm_agent.{who}_rate_per_min": 10_000 for who in ("player", "npc")},
    **{f"llm_agent.{who}_burst": 1000 for who in ("player", "npc")},
    "llm_agent.deadline_ms": 60_000,  # what is said is judged, not how fast: `bench ticks` and `village` do that
    "llm_agent.npc_talk_interval_s": 1,  # in the scenes with gossip; in the others nobody begins
    "max_forceloaded_blocks": 64,
    "time_speed": 0,
}


@dataclass(frozen=True, slots=True)
class Played:
    """One exchange as it went. Events are dicts with `kind` and `t`, seconds since the player spoke.

    Kinds: `say` (npc, text, to), `told` (text: a line in the player's chat), `reply` (npc, player, text, asked,
    code), `action` (npc, player, name, params, ok, message), `quest` (npc, state, quest), `trade`, `form` (name,
    text), `blow` (npc, to, hp), `death`. `before`, `after`: name → [x, z]; `goods`: NPC → item → count, before.
    """

    scene: Scene
    exchange: Exchange
    number: int  # in its scene, from 1
    events: Sequence[Mapping[str, Any]]
    before: Mapping[str, Sequence[float]]
    after: Mapping[str, Sequence[float]]
    goods: Mapping[str, Mapping[str, int]]
    hour: float
    at_s: float  # since the scene began

    def of(self, kind: str, **fields: Any) -> list[Mapping[str, Any]]:
        return [
            event
            for event in self.events
            if event["kind"] == kind and all(event.get(key) == value for key, value in fields.items())
        ]


Items = dict[str, dict[str, str]]  # item → language → what players call it


def play(config: Config, scenes: Sequence[Scene]) -> tuple[list[Played], Items]:
    """All exchanges, in their order. Raises StartError where the game ends before the last."""
    sets = model_sets(config) | ({"inference.seed": config.inference.seed} if config.inference.seed is not None else {})
    with (
        daemon(sets, http=True) as running,
        tempfile.TemporaryDirectory(prefix="llm-agentd-exchanges-") as folder,
    ):
        game = Game(Path(folder), settings=_SETTINGS | running.mod_settings)
        world = Path(folder) / "world"
        world.mkdir()
        (world / "exchanges.json").write_bytes(orjson.dumps([for_the_game(scene) for scene in scenes]))
        game.start()
        try:
            give_up_s = time.monotonic() + START_MAX_S + EXCHANGE_MAX_S * sum(len(scene.lines) for scene in scenes)
            while game.running() and time.monotonic() < give_up_s:
                time.sleep(LOOK_EVERY_S)
        finally:
            code = game.stop()
        written = world / "exchanges.jsonl"
        records = written.read_bytes().splitlines() if written.exists() else []
        played = read(scenes, [orjson.loads(record) for record in records])
        if len(played) < sum(len(scene.lines) for scene in scenes):
            raise StartError(
                f"bench exchanges: the game ended after {len(played)} exchanges (exit code {code}):\n"
                + game.last_words()
            )
        return played, orjson.loads((world / "items.json").read_bytes())


def read(scenes: Sequence[Scene], records: Sequence[Mapping[str, Any]]) -> list[Played]:
    """Engines write empty tables as null, and before 5.16 whole numbers as 5.0."""
    played, at_s, last_scene = [], 0.0, 0
    for record in records:
        scene_number, number = int(record["scene"]), int(record["step"])
        at_s = at_s if scene_number == last_scene else 0.0
        last_scene = scene_number
        scene = scenes[scene_number - 1]
        played.append(
            Played(
                scene=scene,
                exchange=scene.lines[number - 1],
                number=number,
                events=record.get("events") or [],
                before=record.get("before") or {},
                after=record.get("after") or {},
                goods={npc: goods or {} for npc, goods in (record.get("goods") or {}).items()},
                hour=record["hour"],
                at_s=at_s,
            )
        )
        at_s += record["ms"] / 1000
    return played
