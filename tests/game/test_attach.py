"""Minds for the mobs of another mod, with that mod's real code: mobs_redo as Debian packages it, in a real game server.

<<<<<<< HEAD
The checks are in tests/mods/llm_probe_mobs. What no package holds (mobs_npc, Mineclonia, VoxeLibre) is played with
fakes in lua/spec.
=======
The checks are in tests/mods/llm_probe_mobs; here the server is started and its verdict read. What no package holds
(mobs_npc, Mineclonia, VoxeLibre) is played with fakes in lua/spec/adapters/.
>>>>>>> 3890a70 (Sort the specs into the mod's folders, one subject a file)
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support import probe
from tests.support.mods import mobs_redo

pytestmark = pytest.mark.e2e


def test_attached_mobs_of_mobs_redo_have_minds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never answers
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        settings = {"llm_agent.url": url, "llm_agent.npc_talk": "off"}
        probe.run(tmp_path, "llm_probe_mobs", settings, mods=[mobs_redo(tmp_path)], runs=2)
