"""Minds for the mobs of another mod, with that mod's real code: mobs_redo as Debian packages it, in a real game server.

The checks are in tests/mods/llm_probe_mobs; here the server is started and its verdict read. What no package holds
(mobs_npc, Mineclonia, VoxeLibre) is played with fakes in lua/spec/mod_attach_spec.lua.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support import probe

pytestmark = pytest.mark.e2e

MOBS_REDO = Path("/usr/share/games/minetest/mods/mobs_redo")


def test_minds_of_real_mobs(tmp_path: Path) -> None:
    assert MOBS_REDO.is_dir(), "no mobs_redo; make setup installs it, or: apt-get install -y minetest-mod-mobs-redo"
    mobs = tmp_path / "mobs"  # its folder is not called as the mod is
    mobs.symlink_to(MOBS_REDO)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never answers
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        settings = {"llm_agent.url": url, "llm_agent.npc_talk": "off"}
        probe.run(tmp_path, "llm_probe_mobs", settings, mods=[mobs], runs=2)
