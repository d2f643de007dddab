"""The mod as an admin gets it, the unpacked zip, on a real game server."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from llm_agentd.ops.game_binaries import find_binary, games_environ
from llm_agentd.ops.harness import free_port
from llm_agentd.ops.package_mod import pack_mod

pytestmark = pytest.mark.e2e

SERVER_S = 60  # a server that loads one mod and ends takes about three
PROBE = """\
core.register_on_mods_loaded(function()
	core.log("action", "[probe] api " .. type(llm_agent.register_npc))
	core.after(0.5, core.request_shutdown) -- some steps, so that what runs in them has run
end)
"""


def test_server_loads_the_unpacked_zip_without_errors(tmp_path: Path) -> None:
    """As an admin does it: unzip into the mods folder, enable it for the world, start; no line for HTTP yet."""
    mods, world = tmp_path / ".minetest" / "mods", tmp_path / "world"
    (mods / "probe").mkdir(parents=True)
    world.mkdir()
    with zipfile.ZipFile(pack_mod(tmp_path / "dist")) as archive:
        archive.extractall(mods)
    (mods / "probe" / "init.lua").write_text(PROBE)
    (mods / "probe" / "mod.conf").write_text("name = probe\ndepends = llm_agent\n")
    lines = ("gameid = minetest_game", "backend = sqlite3", "load_mod_llm_agent = true", "load_mod_probe = true", "")
    (world / "world.mt").write_text("\n".join(lines))
    conf = f"bind_address = 127.0.0.1\nprometheus_listener_address = 127.0.0.1:{free_port()}\n"
    (tmp_path / "minetest.conf").write_text(conf + "server_announce = false\nmg_name = singlenode\n")
    log = tmp_path / "debug.log"
    command: list[str | Path] = [
        find_binary(),
        "--config",
        tmp_path / "minetest.conf",
        "--world",
        world,
        "--gameid",
        "minetest_game",
    ]
    ended = subprocess.run(
        [*command, "--port", str(free_port()), "--logfile", log],
        # An engine that runs in place looks for mods in its own folder, and nowhere in the home.
        env={**os.environ, **games_environ(), "HOME": str(tmp_path), "LUANTI_MOD_PATH": str(mods)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SERVER_S,
        check=False,
    )
    said = log.read_text(encoding="utf-8", errors="replace")
    assert ended.returncode == 0, said
    assert "[probe] api function" in said
    ours = [line for line in said.splitlines() if re.search(r"(WARNING|ERROR)\[", line) and "llm_agent" in line]
    assert len(ours) == 1, "\n".join(ours)
    assert "HTTP is not allowed for this mod" in ours[0]
    assert not re.search(r"ERROR\[", said), said
