"""The game's side: world.mt, minetest.conf, the mod's copy and version, and the way from there to the daemon.

`judge` is pure. What only a running server knows (its environment, its engine) is the mod's to say: `/llm doctor`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from llm_agentd.ops.doctor import way
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.doctor.game_files import World, is_true, look_at_world
from llm_agentd.ops.install_mod import MOD_NAME, STEP_ADVISED_S

SUBJECT = "game"
URL_DEFAULT = "http://127.0.0.1:8000"  # settingtypes.txt
STEP_DEFAULT_S = 0.09  # the engine's dedicated_server_step
PARALLEL_DEFAULT = 8  # the engine's curl_parallel_limit, for all mods together
TRANSFERS_EACH = 2  # ours hold two at most; reckon as many for any other mod
OFF_QUERY = "SELECT value FROM entries WHERE modname = ? AND CAST(key AS TEXT) = 'off'"  # keys are BLOBs
RESTART = "restart the server"
TOKEN_CURE = "Where it runs, the command llm-agentd token prints it; in minetest.conf: llm_agent.token = TOKEN"


@dataclass(frozen=True, slots=True)
class Facts:
    """`ready`: the daemon's answer to the mod's own call; None where there was nothing to call."""

    world: World
    is_switched_off: bool
    ready: way.Answer | None


def look(path: Path, config_path: Path | None) -> Facts:
    world = look_at_world(path, config_path)
    url = _url(world)
    address = urlsplit(url)
    callable_here = world.config_path is not None and address.scheme in ("http", "https") and address.hostname
    ready = way.get(f"{url}/readyz", world.config.get("llm_agent.token")) if callable_here else None
    return Facts(world, _is_switched_off(path), ready)


def _url(world: World) -> str:
    return world.config.get("llm_agent.url", URL_DEFAULT).rstrip("/")


def _is_switched_off(world: Path) -> bool:
    """`/llm off` is kept in the mod's storage of the world: api.lua's `off`. A server that runs may have it open."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect((world / "mod_storage.sqlite").absolute().as_uri() + "?mode=ro", uri=True)) as storage,
    ):
        row = storage.execute(OFF_QUERY, (MOD_NAME,)).fetchone()
        return row is not None and row[0] not in ("", b"")
    return False


def judge(facts: Facts, program_version: str) -> Iterator[Check]:
    world = facts.world
    for problem in world.problems:
        yield fail(SUBJECT, "files", f"cannot read {problem}", "Run the doctor as a user who may, such as root.")
    if world.settings is None:
        if not world.problems:
            cure = "Name the folder of a world, such as ~/.minetest/worlds/NAME."
            yield fail(SUBJECT, "world", f"{world.path} is no world: it has no world.mt", cure)
        return
    yield ok(SUBJECT, "world", f"{world.path}")
    yield from _judge_mod(world, program_version)
    if world.config_path is None:
        cure = "Name the file that the server is started with: --minetest-conf FILE."
        yield warn(SUBJECT, "minetest.conf", "No minetest.conf was found for this world", cure)
        return
    yield from _judge_http(world)
    yield from _judge_switch(facts)
    if facts.ready is None:
        cure = f"Like this: llm_agent.url = {URL_DEFAULT}"
        yield fail(SUBJECT, "way", f"llm_agent.url is no address: {_url(world)}", cure)
    else:
        yield way.judge(SUBJECT, _url(world), facts.ready, token_cure=TOKEN_CURE)
    yield from _judge_pace(world)


def _judge_mod(world: World, program_version: str) -> Iterator[Check]:
    line = f"load_mod_{MOD_NAME}"
    assert world.settings is not None
    if not world.copies:
        cure = f"llm-agentd install-mod {world.path / 'worldmods'} (make that folder first), or your mods folder."
        yield fail(SUBJECT, "mod", f"The mod {MOD_NAME} is not installed for this world", cure)
        return
    copy = world.copies[0]
    if copy.is_always_on or is_true(world.settings.get(line)):
        yield ok(SUBJECT, "mod", f"The mod is on: {copy.path}")
    else:
        cure = f"Put this line into {world.path / 'world.mt'} and {RESTART}: {line} = true"
        yield fail(SUBJECT, "mod", f"The mod lies in {copy.path}, and is not switched on in this world", cure)
    if len(world.copies) > 1:
        others = ", ".join(str(other.path) for other in world.copies[1:])
        yield warn(SUBJECT, "copies", f"There are more copies of the mod: {others}", "Delete all but one.")
    yield judge_version(copy.version, program_version, str(copy.path.parent))


def judge_version(mod: str | None, program: str, folder: str = "DIR") -> Check:
    cure = f"Update both; llm-agentd install-mod {folder} brings the fitting mod."
    if mod is None:
        return fail(SUBJECT, "version", "The mod says no version", cure)
    if mod.split(".")[:2] != program.split(".")[:2]:
        return fail(SUBJECT, "version", f"Mod {mod} and daemon {program} are of different versions", cure)
    return ok(SUBJECT, "version", f"Mod and daemon are both of version {'.'.join(program.split('.')[:2])}")


def _words(value: str | None) -> list[str]:
    return (value or "").replace(",", " ").split()


def _judge_http(world: World) -> Iterator[Check]:
    mods = _words(world.config.get("secure.http_mods"))
    if MOD_NAME in mods + _words(world.config.get("secure.trusted_mods")):
        yield ok(SUBJECT, "http_mods", "HTTP is allowed for this mod")
    else:
        wanted = ",".join([*mods, MOD_NAME])
        cure = f"Put this line into {world.config_path} and {RESTART}: secure.http_mods = {wanted}"
        yield fail(SUBJECT, "http_mods", "HTTP is not allowed for this mod", cure)


def _judge_switch(facts: Facts) -> Iterator[Check]:
    value = facts.world.config.get("llm_agent.enabled")
    if value is not None and not is_true(value):
        cure = "Take this line out: llm_agent.enabled = false"
        yield fail(SUBJECT, "switch", "Switched off in minetest.conf, so the daemon is not asked", cure)
    elif facts.is_switched_off:
        yield fail(SUBJECT, "switch", "Switched off in the game, so the daemon is not asked", "Switch on: /llm on")


def _judge_pace(world: World) -> Iterator[Check]:
    step_s = _number(world.config.get("dedicated_server_step"), STEP_DEFAULT_S)
    if step_s <= STEP_ADVISED_S:
        yield ok(SUBJECT, "step", f"A server step takes {step_s:g} s")
    else:
        found = f"Replies come later than they could: a server step takes {step_s:g} s"
        yield warn(SUBJECT, "step", found, f"In minetest.conf: dedicated_server_step = {STEP_ADVISED_S:g}")
    mods = {*_words(world.config.get("secure.http_mods")), *_words(world.config.get("secure.trusted_mods"))}
    limit = _number(world.config.get("curl_parallel_limit"), PARALLEL_DEFAULT)
    wanted = TRANSFERS_EACH * len(mods)
    if limit < wanted:
        found = f"Mods wait for each other: HTTP transfers at once: {limit:g}, mods that use HTTP: {len(mods)}"
        yield fail(SUBJECT, "transfers", found, f"In minetest.conf: curl_parallel_limit = {wanted}")


def _number(text: str | None, otherwise: float) -> float:
    """As the engine reads it; what is no number is its default."""
    try:
        return float(text) if text else otherwise
    except ValueError:
        return otherwise
