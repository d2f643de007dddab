"""Starts a real Luanti/Minetest server without a screen, in a folder given to it, with the mod and further mods.

Used by `make demo` and `bench ticks` with the village (llm_village/), and by end-to-end tests with mods of theirs.
Knows the engine's command line and log, nothing of models.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from llm_agentd.ops.game_binaries import find_binary, games_environ
from llm_agentd.ops.harness import free_port
from llm_agentd.ops.install_mod import mod_source

VILLAGE_MOD = Path(__file__).parent / "llm_village"
# Lines that the mod and the village write into the server's action log.
SAY = re.compile(r"\[llm_agent\] say npc=(\S+) name=(\S+) role=(\S+) fallback=(\S+) cache=(\S+) ms=(\d+) text=(.*)")
VISIT = re.compile(r"\[llm_village\] visit (\{.*\})")
STORY = re.compile(r"\[llm_village\] story (\{.*\})")
STATS = re.compile(r"\[llm_village\] stats (\{.*\})")
STOP_S = 20.0  # a server that saves a one-node world needs about one
STEP_S = 0.05  # 20 Hz, the step that the mod is made for

_CONF = """\
server_announce = false
bind_address = 127.0.0.1
ipv6_server = false
enable_ipv6 = false
mg_name = singlenode
secure.http_mods = llm_agent
name = admin
num_emerge_threads = 1
dedicated_server_step = {step_s}
prometheus_listener_address = 127.0.0.1:{metrics_port}
{more}
"""
_WORLD = """\
gameid = {game}
backend = sqlite3
player_backend = sqlite3
auth_backend = sqlite3
mod_storage_backend = sqlite3
"""
# Mineclonia would fill an empty world by a generator of its own, which takes a minute to begin.
_MAP = "mg_name = singlenode\nseed = 1\nmcl_singlenode_mapgen = false\n[end_of_params]\n"


def engine_version(binary: str) -> str:
    """`5.6.1` as the binary says it."""
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+\S*", done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


class Game:
    """Start, read its log lines, stop. The world has llm_agent and `mods`, folders named as their mods are."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, object],
        mods: Sequence[Path] = (VILLAGE_MOD,),
        game: str = "minetest_game",
    ) -> None:
        self.binary = find_binary()
        self.log_path = folder / "debug.log"
        self.port = free_port()  # its number is free for UDP as well
        self._folder = folder
        self._game = game
        self._mods = mods
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Builds the world, or takes up the one it built before, and starts the server in it."""
        world = self._folder / "world"
        mods = {"llm_agent": mod_source()} | {mod.name: mod for mod in self._mods}
        for name, source in mods.items():
            shutil.copytree(source, world / "worldmods" / name, dirs_exist_ok=True)
        more = "\n".join(f"{key} = {value}" for key, value in self._settings.items())
        loads = "".join(f"load_mod_{name} = true\n" for name in mods)
        # Debian 13's server is built with Prometheus, and dies where another one has the port 30000 already.
        conf = _CONF.format(step_s=STEP_S, metrics_port=free_port(), more=more)
        (self._folder / "minetest.conf").write_text(conf, encoding="utf-8")
        (world / "world.mt").write_text(_WORLD.format(game=self._game) + loads, encoding="utf-8")
        (world / "map_meta.txt").write_text(_MAP, encoding="utf-8")
        self._output = (self._folder / "server.out").open("wb")
        self._process = subprocess.Popen(
            [
                self.binary,
                *("--config", str(self._folder / "minetest.conf"), "--world", str(world), "--gameid", self._game),
                *("--port", str(self.port), "--logfile", str(self.log_path)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env=os.environ | games_environ(),
        )

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def new_lines(self) -> Iterator[str]:
        """Whole lines that the log has gained since the last call."""
        if not hasattr(self, "_log"):
            if not self.log_path.exists():
                return
            self._log = self.log_path.open(encoding="utf-8", errors="replace")
            self._rest = ""
        *lines, self._rest = (self._rest + self._log.read()).split("\n")
        yield from lines

    def last_words(self) -> str:
        """The end of what the server printed, for an error message."""
        text = (self._folder / "server.out").read_text(errors="replace")
        return text[-1500:]

    def kill(self) -> None:
        """Ends the server as `kill -9` does: it saves nothing any more."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            self._output.close()

    def stop(self) -> int:
        """Ends the server as Ctrl-C would; returns its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._output.close()
        return self._process.returncode
