"""The wall clock jumps while the daemon runs, and between its runs: nothing expires wholesale, nothing stays for ever.

The clock is preload.c's; monotonic clocks go on, as they do when NTP or an admin sets the time.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from llm_agentd.client import Client
from llm_agentd.errors import AgentdError
from tests.faults.campaign import Tally, size
from tests.faults.host import Host, Preload, npc

pytestmark = [pytest.mark.faults, pytest.mark.slow]

HOUR_S, DAY_S, YEAR_S = 3600.0, 86400.0, 365 * 86400.0
JUMPS_S = size(
    short=(DAY_S, -DAY_S), long=(HOUR_S, -HOUR_S, DAY_S, -DAY_S, 10 * YEAR_S, -10 * YEAR_S, 50 * YEAR_S, -50 * YEAR_S)
)
TTL_S = 2.0


def ask(client: Client, what: str, count: int) -> list[str]:
    return [client.infer(f"{what} {number}").cache for number in range(count)]


def test_jumps_while_the_daemon_runs(tally: Tally, tmp_path: Path) -> None:
    """What was put just now is served after any jump; memory and audit log keep what they have."""
    preload = Preload(tmp_path)
    with Host(tmp_path, "agents.condense=rules", env=preload.env) as host:
        daemon = host.ready("daemon")
        with host.client() as client:
            for jump_s in JUMPS_S:
                preload.shift_clock(0)
                ask(client, f"jump {jump_s}", 10)
                client.remember([{"npc": "mira", "player": "ana", "text": f"The clock is going to jump {jump_s}"}])
                time.sleep(0.3)
                preload.shift_clock(jump_s)
                hits = ask(client, f"jump {jump_s}", 10).count("hit")
                tally.check(hits == 10, f"after a jump of {jump_s:.0f} s {10 - hits} of 10 replies had expired")
                texts = [memory["text"] for memory in client.memories("mira", limit=200)]
                tally.check(any(str(jump_s) in text for text in texts), f"{jump_s:.0f}: the memory is gone")
                reply = client.think(npc("mira"), f"What of {jump_s}?", player="ana")
                tally.check(reply.text, "no reply after the jump")
        tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")
        tally.check("Traceback" not in daemon.errors(), daemon.errors()[-1000:])


def test_replies_expire_after_a_jump_back(tally: Tally, tmp_path: Path) -> None:
    """With a TTL of seconds: neither a running daemon nor one that starts with an older clock keeps them for ever."""
    preload = Preload(tmp_path)
    with Host(tmp_path, f"cache.ttl_s={TTL_S}", env=preload.env) as host:
        for jump_s in size(short=(-DAY_S,), long=(-DAY_S, -10 * YEAR_S)):
            preload.shift_clock(0)
            daemon = host.ready("daemon")
            with host.client() as client:
                ask(client, f"back {jump_s}", 10)
                preload.shift_clock(jump_s)
                time.sleep(TTL_S + 0.5)
                stale = ask(client, f"back {jump_s}", 10).count("hit")
                tally.check(stale == 0, f"{stale} of 10 replies outlived their time after a jump of {jump_s:.0f} s")
                preload.shift_clock(0)
                ask(client, f"before {jump_s}", 10)
            tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")
            preload.shift_clock(jump_s)
            daemon = host.ready("daemon")
            time.sleep(TTL_S + 0.5)
            with host.client() as client:
                stale = ask(client, f"before {jump_s}", 10).count("hit")
            tally.check(stale == 0, f"{stale} of 10 replies outlived their time over a restart {-jump_s:.0f} s earlier")
            daemon.stop()


def test_the_same_words_are_remembered_again_after_a_jump_back(tally: Tally, tmp_path: Path) -> None:
    """Whether something is a repetition is a matter of minutes that passed, not of what the wall clock says."""
    preload = Preload(tmp_path)
    with Host(tmp_path, env=preload.env) as host:
        preload.shift_clock(10 * DAY_S)  # a clock that was wrong when the machine started …
        daemon = host.ready("daemon")
        with host.client() as client:
            client.remember([{"npc": "mira", "player": "ana", "text": "Ana paid her debt"}])
            time.sleep(0.3)
        daemon.stop()
        preload.shift_clock(0)  # … and is right now, for as long as you like
        daemon = host.ready("daemon")
        with host.client() as client:
            for text in ("Ana broke a jar", "Ana paid her debt"):
                client.remember([{"npc": "mira", "player": "ana", "text": text}])
            time.sleep(0.3)
            texts = [memory["text"] for memory in client.memories("mira", limit=200)]
        daemon.stop()
        tally.check(texts.count("Ana broke a jar") == 1, f"a new deed is not remembered: {texts}")
        tally.check(texts.count("Ana paid her debt") >= 1, f"an old deed is gone: {texts}")


def test_audit_log_survives_a_jump(tally: Tally, tmp_path: Path) -> None:
    """A day of ten years hence, in a running daemon, is no reason to throw the log away."""
    preload = Preload(tmp_path)
    with Host(tmp_path, env=preload.env) as host:
        daemon = host.ready("daemon")
        with host.client() as client:
            for number in range(5):
                answer = ask_anyhow(client, number)
                tally.check(answer == "filtered", f"not held back: {answer}")
                if number == 2:
                    preload.shift_clock(10 * YEAR_S)
        daemon.stop()
        lines = (host.state / "moderation.jsonl").read_text(encoding="utf-8").splitlines()
        tally.check(len(lines) >= 5, f"{len(lines)} of 5 lines are left")


def ask_anyhow(client: Client, number: int) -> str:
    try:
        client.think(npc("mira"), "You fucking bitch", player=f"ana{number}")
    except AgentdError as error:
        return str(error.code)
    return "done"
