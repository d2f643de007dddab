"""Where the binaries of Luanti (Minetest) are: the server's and the client's, on this machine.

Used by the demo, `bench ticks`, tests and tools. A binary that the environment names is taken as it is; else Debian's
come before what PATH finds: Debian puts wrappers into PATH that set a configuration and a log of their own, which only
the system's server may write. Knows paths and package names, nothing of how the binaries are used.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
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
