"""`llm-agentd install-mod DIR`: copies the mod into a mods or worldmods folder, or updates our copy there.

Runs in the main thread. Changes nothing but DIR/llm_agent, only where its mod.conf names this mod, and only as a
whole: the new copy is complete before the old one is removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from llm_agentd.errors import StartError

MOD_NAME = "llm_agent"
MOD_FOLDER_NAMES = frozenset({"mods", "worldmods"})
STEP_ADVISED_S = 0.05  # as /llm doctor advises: admin/diagnosis.lua
PACKAGE_DIR = Path(__file__).resolve().parents[1]


def install_mod(folder: Path, find_token: Callable[[], str | None]) -> str:
    """Copies; returns what to tell the admin. Raises StartError with the fix where it cannot.

    `find_token`: the daemon's HTTP token, None where it wants none. Where it raises a StartError, as it is a service's
    token which this user may not read, the admin is told how to get it.
    """
    source = mod_source()
    _check_folder(folder)
    target = folder / MOD_NAME
    updated = target.exists()
    if target.is_symlink():
        raise StartError(f"{target} is a link; remove it first, or leave it if it points to this mod")
    if updated and _mod_name(target) != MOD_NAME:
        raise StartError(f"{target} is not this mod (no mod.conf with name = {MOD_NAME}); move it away, then try again")
    if source == target.resolve():
        raise StartError(f"{target} is the original itself; nothing to copy")
    try:
        _replace(source, target)
    except OSError as error:
        raise StartError(f"{target}: cannot copy the mod: {error.strerror}; check owner and free space") from error
    return f"{'updated' if updated else 'installed'} {target}\n\n{_next_steps(folder, find_token)}"


def mod_source(package_dir: Path = PACKAGE_DIR) -> Path:
    """The mod's files: `llm_agentd/mod` in an installed package, `mods/llm_agent` in a checkout."""
    for place in (package_dir / "mod", package_dir.parents[1] / "mods" / MOD_NAME):
        if (place / "init.lua").is_file():
            return place.resolve()
    raise StartError(f"the mod's files are missing beside {package_dir}; install llm-agentd again")


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise StartError(f"{folder}: no such folder; name your server's mods folder or a world's worldmods folder")
    if folder.name in MOD_FOLDER_NAMES or folder.resolve().name in MOD_FOLDER_NAMES:
        return
    if (folder / "world.mt").is_file():
        raise StartError(f"{folder} is a world; create {folder / 'worldmods'} and name that")
    if (folder / "mods").is_dir():
        raise StartError(f"{folder} is not a mods folder; did you mean {folder / 'mods'}?")
    if any(_mod_name(child) for child in folder.iterdir() if child.is_dir()):
        return  # a modpack or a folder of another name that holds mods
    raise StartError(f"{folder} is not a mods folder; name one called mods or worldmods, or one that holds mods")


def _mod_name(folder: Path) -> str | None:
    """`name` from a folder's mod.conf; None where it is no mod that says so."""
    try:
        lines = (folder / "mod.conf").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and key.strip() == "name":
            return value.strip()
    return None


def _replace(source: Path, target: Path) -> None:
    """The copy is whole before anything old goes, so that a full disk never leaves half a mod."""
    beside = Path(tempfile.mkdtemp(prefix=f".{MOD_NAME}-", dir=target.parent))
    try:
        fresh, old = beside / "new", beside / "old"
        shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        if target.exists():
            os.rename(target, old)
        try:
            os.rename(fresh, target)
        except OSError:
            if old.exists():
                os.rename(old, target)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _next_steps(folder: Path, find_token: Callable[[], str | None]) -> str:
    lines = [
        "In minetest.conf (the server reads it at start):",
        f"    secure.http_mods = {MOD_NAME}",
        "  (where that line exists already, add the name to it, after a comma)",
        *_token_lines(find_token),
        f"    dedicated_server_step = {STEP_ADVISED_S}",
        "  (replies are seen 20 times a second; the engine's default of 0.09 works, and shows them a little later)",
    ]
    if folder.resolve().name == "worldmods":
        lines.append("world.mt needs no line: mods in worldmods are always on.")
    else:
        lines += ["In the world's world.mt:", f"    load_mod_{MOD_NAME} = true"]
    lines.append("Then start the daemon (llm-agentd serve) and the game server.")
    return "\n".join(lines)


def _token_lines(find_token: Callable[[], str | None]) -> list[str]:
    try:
        token = find_token()
    except StartError as error:
        return [
            f"    {MOD_NAME}.token = TOKEN",
            f"  (TOKEN is what `llm-agentd token` prints to the daemon's user; here: {error})",
        ]
    return [f"    {MOD_NAME}.token = {token}"] if token else []
