"""Where the mods lie that tests play with: our own in tests/mods, and those that Debian packages."""

from __future__ import annotations

from pathlib import Path

MODS = Path(__file__).parents[1] / "mods"
MOBS_REDO = Path("/usr/share/games/minetest/mods/mobs_redo")


def mobs_redo(folder: Path) -> Path:
    """The real mobs_redo, as a link in `folder` that is called as the mod calls itself: `mobs`."""
    assert MOBS_REDO.is_dir(), "no mobs_redo; make setup installs it, or: apt-get install -y minetest-mod-mobs-redo"
    link = folder / "mobs"
    link.symlink_to(MOBS_REDO)
    return link
