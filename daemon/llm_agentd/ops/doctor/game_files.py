"""Where a Luanti or Minetest server keeps its files, and how it reads its settings. Only looks; changes nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from llm_agentd.ops.install_mod import MOD_NAME

FILE_MAX_BYTES = 1024 * 1024  # of a configuration; a longer one is something else
FALSE_WORDS = ("false", "no", "0", "off", "nil", "")
# Folders of Debian's packages, whose configurations lie under /etc (docs/admins.md): user folder, configurations.
DEBIAN = (
    (re.compile("/var/games/minetest-server/.minetest"), "/etc/minetest/minetest.conf"),
    (re.compile("/var/lib/(?:private/)?luanti/([^/]+)"), r"/etc/luanti/\1.conf"),
)
MODS_EVERYWHERE = ("/usr/share/games/minetest/mods", "/usr/share/luanti/mods", "/usr/share/minetest/mods")


def read_settings(path: Path) -> dict[str, str]:
    """minetest.conf, world.mt or mod.conf: `key = value`, long texts between triple quotes. Raises OSError."""
    with open(path, "rb") as file:
        text = file.read(FILE_MAX_BYTES).decode("utf-8", "replace")
    text = re.sub(r'"""(.*?)"""', lambda found: found[1].replace("\n", " "), text, flags=re.DOTALL)
    settings = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith("#"):
            settings[key.strip()] = value.strip()
    return settings


def is_true(value: str | None) -> bool:
    """Of `load_mod_…`: true, or since 5.7 the place of the mod."""
    return value is not None and value.lower() not in FALSE_WORDS


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the mod. `is_always_on`: it lies in worldmods, which need no line in world.mt."""

    path: Path
    version: str | None
    is_always_on: bool


@dataclass(frozen=True, slots=True)
class World:
    """`settings`: of world.mt; None: there is none. `config`: of minetest.conf, read from `config_path`."""

    path: Path
    settings: dict[str, str] | None
    config_path: Path | None
    config: dict[str, str]
    copies: tuple[Copy, ...]
    problems: tuple[str, ...] = field(default=())  # files that could not be read, and why


def look_at_world(path: Path, config_path: Path | None) -> World:
    path = path.expanduser().absolute()
    problems: list[str] = []

    def read(file: Path) -> dict[str, str] | None:
        try:
            return read_settings(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
            return None

    settings = read(path / "world.mt")
    places = [config_path] if config_path else list(_config_places(_user_folder(path)))
    found = next((place for place in places if _is_file(place)), places[0] if config_path else None)
    config = read(found) if found else None
    if found and config is None and config_path:
        problems.append(f"{found}: there is no such file")
    copies = tuple(_copies(path))
    return World(path, settings, found if config is not None else None, config or {}, copies, tuple(problems))


def _user_folder(world: Path) -> Path:
    """`~/.minetest` of `~/.minetest/worlds/NAME`."""
    return world.parent.parent


def _config_places(user: Path) -> Iterator[Path]:
    yield user / "minetest.conf"
    for pattern, place in DEBIAN:
        found = pattern.fullmatch(str(user))
        if found:
            yield Path(found.expand(place))


def _copies(world: Path) -> Iterator[Copy]:
    yield from _copies_in(world / "worldmods", is_always_on=True)
    folders = [_user_folder(world) / "mods", *map(Path, MODS_EVERYWHERE)]
    folders += [Path(place) for place in os.environ.get("MINETEST_MOD_PATH", "").split(os.pathsep) if place]
    for folder in folders:
        yield from _copies_in(folder, is_always_on=False)


def _copies_in(folder: Path, *, is_always_on: bool) -> Iterator[Copy]:
    """In a folder of mods, or in a modpack in it."""
    for pattern in ("*/mod.conf", "*/*/mod.conf"):
        with suppress(OSError):
            for conf in sorted(folder.glob(pattern)):
                settings = read_settings(conf)
                if settings.get("name", conf.parent.name) == MOD_NAME:
                    yield Copy(conf.parent, settings.get("version"), is_always_on)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
