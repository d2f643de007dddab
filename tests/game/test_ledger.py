"""Goods across `kill -9`: a real player's inventory, a real server and its two databases.

The engine saves players and the mod storage at different times. Each test reads both databases as the killed server
left them, then what all have together once the player is back (the mod llm_probe_ledger says it in the log).
"""

from __future__ import annotations

import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from llm_agentd.demo.game import Game
from tests.support.game_client import PLAYER, GameClient
from tests.support.game_log import GameLog
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

PROBE = MODS / "llm_probe_ledger"
ALL = {"llm_agent:coin": 5200, "default:apple": 5150}  # the NPC's stock and the player's purse
CHECKS = 6  # of a real inventory that is full, when the player comes first
TRADES = 8  # in one visit
KILLS = 4  # at random moments; each takes two starts of a client's
NEVER_S = 100_000


class World:
    """A world that servers and clients take turns in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.visits = 0

    @contextmanager
    def server(self, **settings: object) -> Iterator[tuple[Game, GameLog]]:
        """A server that no one stops: it is killed at the end, unless it has ended."""
        game = Game(
            self.folder,
            settings={"llm_agent.enabled": "false", "enable_damage": "false", "static_spawnpoint": "0,9,0"} | settings,
            mods=[PROBE],
        )
        if game.log_path.exists():
            game.log_path.unlink()
        game.start()
        try:
            yield game, GameLog(game)
        finally:
            game.kill()

    @contextmanager
    def client(self, game: Game, log: GameLog) -> Iterator[GameClient]:
        """A player who is in the world."""
        self.visits += 1
        folder = self.folder / f"client{self.visits}"
        folder.mkdir()
        client = GameClient(folder, game, log, size=(320, 240), settings={})
        try:
            yield client
        finally:
            client.stop()

    def storage(self) -> dict[str, str]:
        """The mod's storage on disk."""
        rows = self._rows("mod_storage", "select key, value from entries where modname = 'llm_agent'")
        return {_text(key): _text(value) for key, value in rows}

    def meta(self) -> dict[str, str]:
        """The player's metadata on disk."""
        query = "select metadata, value from player_metadata where player = ?"
        return {_text(key): _text(value) for key, value in self._rows("players", query, PLAYER)}

    def on_disk(self) -> Counter[str]:
        """What player and accounts have, as the databases are: it is not right while they are apart."""
        found: Counter[str] = Counter()
        for (item,) in self._rows("players", "select item from player_inventory_items where player = ?", PLAYER):
            name, _, count = _text(item).partition(" ")
            found[name] += int(count.split()[0]) if count else 1
        for key, value in self.storage().items():
            if key.startswith("goods:"):
                for name, amount in re.findall(r'\["([\w:]+)"\] ?= ?(-?\d+)', value):
                    found[name] += int(amount)
        return found

    def serials(self) -> tuple[int, int]:
        """The next exchange's number as the player and as the storage know it; 1 where they know none."""
        return _next(self.meta().get("llm_agent:swaps")), _next(self.storage().get(f"swaps:{PLAYER}"))

    def _rows(self, name: str, query: str, *values: str) -> list[tuple[str | bytes, ...]]:
        path = self.folder / "world" / f"{name}.sqlite"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, timeout=10)) as database:
            return database.execute(query, values).fetchall()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _next(serials: str | None) -> int:
    found = re.search(r"next ?= ?(\d+)", serials or "")
    return int(found.group(1)) if found else 1


def _expect_sum(log: GameLog) -> None:
    found = log.expect(r"\[llm_probe_ledger\] sum coins=(\d+) apples=(\d+)")
    assert {"llm_agent:coin": int(found[1]), "default:apple": int(found[2])} == ALL


def _mended(log: GameLog, what: str) -> int:
    return len(log.matches(rf"\[llm_agent\] {what} an exchange of {PLAYER} with shop"))


def test_goods_are_conserved_when_only_one_database_was_saved(tmp_path: Path) -> None:
    """Once the storage alone, once the player alone; each time with exchanges that the other does not know."""
    world = World(tmp_path)
    slow = {"server_map_save_interval": NEVER_S, "llm_probe.trades_per_s": 10, "llm_probe.trades": TRADES}
    often = {"llm_probe.storage_interval_s": 1}
    with world.server(**slow, **often) as (game, log), world.client(game, log):
        _expect_sum(log)
        assert [found[1] for found in log.matches(r"\[llm_probe_ledger\] (ok|FAIL)")] == ["ok"] * CHECKS
        log.expect(r"\[llm_probe_ledger\] traded")
        log.wait_for("saved storage", lambda: world.serials()[1] > TRADES)
        game.kill()
    theirs, ours = world.serials()
    assert theirs < ours

    with world.server(**slow, **often, **{"llm_probe.storage_once": "true"}) as (game, log):
        with world.client(game, log):
            _expect_sum(log)
            assert _mended(log, "undone") == ours - theirs
            assert _mended(log, "redone") == 0
            log.expect(r"\[llm_probe_ledger\] traded")
        log.wait_for("saved player", lambda: world.serials()[0] >= ours + TRADES)
        game.kill()
    theirs, ours = world.serials()
    assert theirs > ours

    with world.server(**slow) as (game, log):
        with world.client(game, log):
            _expect_sum(log)
            assert _mended(log, "redone") == TRADES
            assert _mended(log, "undone") == 0
        assert game.stop() == 0
        assert log.errors() == []
    assert world.serials()[0] == world.serials()[1]
    assert {item: world.on_disk()[item] for item in ALL} == ALL


def test_goods_are_conserved_over_kills_at_random_moments(tmp_path: Path) -> None:
    """Exchanges go on all the time, each database is saved every three seconds, and the server dies again and again."""
    world, moments = World(tmp_path), random.Random(7)
    busy = {"server_map_save_interval": 3, "llm_probe.trades_per_s": 4}
    apart = unequal = 0
    for _ in range(KILLS):
        with world.server(**busy) as (game, log), world.client(game, log):
            _expect_sum(log)
            time.sleep(moments.uniform(1.0, 8.0))  # the moment is what is tried here
            game.kill()
        theirs, ours = world.serials()
        apart += theirs != ours
        unequal += any(world.on_disk()[item] != count for item, count in ALL.items())
    with world.server(**busy) as (game, log), world.client(game, log):
        _expect_sum(log)
        assert game.stop() == 0
    assert {item: world.on_disk()[item] for item in ALL} == ALL
    print(f"of {KILLS} kills {apart} left the databases apart, {unequal} with goods that only the journal mends")
    assert apart > 0
