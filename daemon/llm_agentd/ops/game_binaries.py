"""Where the binaries of Luanti (Minetest) and its games are: server, client and game folders, on this machine.

Used by the demo, `bench ticks`, tests and tools. A binary that the environment names is taken as it is; else Debian's
come before what PATH finds: Debian puts wrappers into PATH that set a configuration and a log of their own, which only
the system's server may write. Knows paths and package names, nothing of how the binaries are used.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from llm_agentd.errors import StartError


class Binary(NamedTuple):
    """`variable` names it in the environment. `paths` and `names`: where it is sought, in this order."""

    what: str
    variable: str
    paths: tuple[str, ...]
    names: tuple[str, ...]
    package: str
    old_package: str  # of releases that still call it Minetest


SERVER = Binary(
    "server",
    "LUANTI_SERVER",
    paths=("/usr/libexec/luanti/luantiserver", "/usr/lib/luanti/luantiserver", "/usr/lib/minetest/minetestserver"),
    names=("luantiserver", "minetestserver", "luanti-server", "minetest-server"),
    package="luanti-server",
    old_package="minetest-server",
)
CLIENT = Binary(
    "client",
    "LUANTI_CLIENT",
    paths=("/usr/libexec/luanti/luanti", "/usr/lib/luanti/luanti", "/usr/lib/minetest/minetest"),
    # /usr/games is not in root's PATH.
    names=("luanti", "minetest", "/usr/games/luanti", "/usr/games/minetest"),
    package="luanti",
    old_package="minetest",
)
# Folders of games, by the names that engines have had for the variable; ours is the newest.
GAMES_VARIABLE = "LUANTI_GAME_PATH"
_GAMES_VARIABLES = (GAMES_VARIABLE, "MINETEST_GAME_PATH", "MINETEST_SUBGAME_PATH")
# An engine that one has built oneself knows its own games alone: those that Debian installs are handed to it as well.
_DEBIAN_GAMES = ("/usr/share/luanti/games", "/usr/share/games/luanti/games", "/usr/share/games/minetest/games")
OLD_RELEASES = frozenset({"debian 12", "ubuntu 24.04"})  # the Makefile has the same list


def find_binary(binary: Binary = SERVER, environ: Mapping[str, str] = os.environ) -> str:
    """Its path. Raises StartError with the line that installs one."""
    if named := environ.get(binary.variable):
        if found := shutil.which(named):
            return found
        raise StartError(f"{binary.variable}: {named} is no program; name the game's {binary.what}, or unset it")
    for name in (*binary.paths, *binary.names):
        if found := shutil.which(name):
            return found
    raise StartError(
        f"no Luanti or Minetest {binary.what} found; {_how_to_install(binary)}, or name its binary in {binary.variable}"
    )


def find_games(server: str, environ: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """Where the games are that this server finds, by their ids, if it runs with `games_environ`."""
    folders = [Path(server).resolve().parents[1] / "games", *_game_folders(environ)]
    # Of two with one id the first: the engine looks in this order too.
    return {path.parent.name: path.parent for folder in reversed(folders) for path in folder.glob("*/game.conf")}


def games_environ(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a server's environment needs so that it finds them, whatever its age."""
    folders = os.pathsep.join(map(str, _game_folders(environ)))
    return dict.fromkeys(_GAMES_VARIABLES, folders) if folders else {}


def _game_folders(environ: Mapping[str, str]) -> list[Path]:
    named = filter(None, environ.get(GAMES_VARIABLE, "").split(os.pathsep))
    return [folder for folder in map(Path, (*named, *_DEBIAN_GAMES)) if folder.is_dir()]


def package_name(binary: Binary) -> str:
    """The Debian package that has it, in the release that runs here; elsewhere its name in newer releases."""
    return binary.old_package if _release() in OLD_RELEASES else binary.package


def _how_to_install(binary: Binary) -> str:
    if shutil.which("apt-get"):
        return f"install it with: sudo apt-get install -y {package_name(binary)}"
    return "install Luanti (https://www.luanti.org/downloads)"


def _release() -> str:
    """`debian 12`; "" where nothing says it."""
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{facts['ID']} {facts.get('VERSION_ID', '')}"
