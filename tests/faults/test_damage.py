"""Files of every store with flipped bits or cut off: the daemon starts, serves, and ends as it should.

One start tries one damage to each store: what is not readable is left aside, said in the log, and never a reason not to
serve. The configuration is no store: what is wrong with that stops a start.
"""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from llm_agentd.errors import AgentdError, Filtered
from tests.faults.campaign import Tally, size
from tests.faults.host import Host, npc

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROUNDS = size(short=3, long=200)
READY_MAX_S = 30.0
STORES = ("memory.db", "cache/data.mdb", "cache/prefixes", "cache/batch_sizes.json", "moderation.jsonl", "roles")
LOCKS = ("lock.mdb", ".lock")  # their content says nothing


def test_damaged_stores(tally: Tally, tmp_path: Path) -> None:
    with Host(tmp_path / "whole") as whole:
        fill(whole)
    files = stored_files(whole.state)
    for store in STORES:
        assert any(str(path).startswith(store) for path in files), f"no {store} among {files}"
    for number in range(ROUNDS):
        damaged = tmp_path / "damaged"
        with Host(damaged) as host:
            shutil.copytree(whole.state, host.state, dirs_exist_ok=True)
            done = [damage(host.state / path, tally.random) for path in files]
            tally.passed(len(done) - 1)
            serve(tally, host, f"round {number} ({', '.join(done)})")
        shutil.rmtree(damaged)
    tally.figure(rounds=ROUNDS, stores=len(files))


def fill(host: Host) -> None:
    """Something in every store, most of it in its file and some in a WAL, as a killed daemon leaves one."""
    for is_killed in (False, True):
        daemon = host.ready("daemon")
        with host.client() as client:
            for number in range(60):
                client.think(npc("mira"), f"Number {number}?", player=f"ana{number % 3}")
                client.infer(f"Tell of {number}")
            deeds = [f"Deed {number} was done {'again' * is_killed}" for number in range(50)]
            client.remember([{"npc": "mira", "player": "ana1", "text": deed} for deed in deeds])
            client.set_role("monk", {"title": "the monk", "persona": "Prays and brews, and knows of an old war."})
            with pytest.raises(Filtered):  # for the audit log
                client.think(npc("mira"), "You fucking bitch", player="ana1")
        time.sleep(1.0)
        if is_killed:
            daemon.kill()
        else:
            assert daemon.stop() == 0


def stored_files(folder: Path) -> list[Path]:
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]
    return [path for path in files if not str(path).endswith(LOCKS)]


def damage(path: Path, rng: random.Random) -> str:
    """One way to spoil a file; returns what was done."""
    content = bytearray(path.read_bytes())
    kind = rng.choice(["bits", "bits", "head", "cut", "empty", "noise", "tail"])
    if kind == "bits":
        for _ in range(rng.choice([1, 8, 200])):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == "head":  # where every format has what the rest is read by
        content[rng.randrange(min(len(content), 128))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del content[rng.randrange(len(content)) :]
    elif kind == "empty":
        content.clear()
    elif kind == "noise":
        at = rng.randrange(len(content))
        content[at : at + 4096] = rng.randbytes(4096)
    else:
        content += rng.randbytes(5000)
    path.write_bytes(content)
    return f"{path.name}: {kind}"


def serve(tally: Tally, host: Host, what: str) -> None:
    daemon = host.start("daemon")
    if not tally.check(daemon.wait_ready(READY_MAX_S), f"{what}: no start: {daemon.errors()[-700:]}"):
        return
    try:
        with host.client(timeout_s=10) as client:
            client.infer("Tell of 3")
            client.think(npc("mira"), "Number 3?", player="ana1")
            client.memories("mira", limit=200)
            client.remember([{"npc": "mira", "player": "ana1", "text": "There was a fire"}])
            client.stats()
            client.forget(player="ana2")
    except AgentdError as error:
        is_said = error.code in ("unavailable", "engine_failed")  # a `forget` that could not be done is no success
        tally.check(is_said, f"{what}: {error.code}: {error}: {daemon.errors()[-700:]}")
    code = daemon.stop()
    tally.check(code == 0, f"{what}: exit code {code}: {daemon.errors()[-700:]}")
    tally.check("Traceback" not in daemon.errors(), f"{what}: {daemon.errors()[-1500:]}")
