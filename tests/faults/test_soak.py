"""A night compressed: a village asks, tells and forgets at a busy hour's pace, and nothing grows.

After a warm-up, memory, descriptors, threads and files of daemon and adapter are measured until the end. Stores are
small, so that they are full soon, as they are in the morning.
"""

from __future__ import annotations

import itertools
import random
import statistics
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.faults.campaign import Tally, size
from tests.faults.host import MIB, Host, Process, think
from tests.faults.load import Book, Writer

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SOAK_S = size(short=6.0, long=240.0)
GAMES = 4  # sessions of /v1/exchange; one of them is left and another begun now and then
OPEN_MAX = 8  # thinks of a game at a time: more than the stub can do starves what is not spoken, by design
GROWN_MAX = 0.10  # of memory between the second quarter and the last, and …
GROWN_MAX_MIB = size(short=40.0, long=12.0)  # … at least this much
SMALL = ["cache.max_bytes=4MiB", "cache.kv_max_bytes=4MiB", "cache.ttl_s=20", "agents.memory_max_bytes=2MiB"]
FILES_MAX_MIB = 40.0


class Sample:
    """What a process holds at one moment."""

    def __init__(self, process: Process) -> None:
        at = psutil.Process(process.pid)
        self.mib = at.memory_info().rss / MIB
        self.files = at.num_fds()
        self.threads = at.num_threads()


def test_soak(tally: Tally, tmp_path: Path) -> None:
    with Host(tmp_path, *SMALL) as host:
        watched = {name: host.ready(name) for name in ("daemon", "http")}
        samples: dict[str, list[Sample]] = {name: [] for name in watched}
        stop = threading.Event()
        book = Book()
        writer = Writer(host.endpoint, book, itertools.count(), tally.random)
        players = [
            threading.Thread(target=play, args=(host, tally, stop, number), daemon=True) for number in range(GAMES)
        ]
        for thread in players:
            thread.start()
        writer.start()
        end_s = time.monotonic() + SOAK_S
        while time.monotonic() < end_s:
            for name, process in watched.items():
                if not tally.check(process.is_running(), f"{name} has ended: {process.errors()[-500:]}"):
                    return
                samples[name].append(Sample(process))
            time.sleep(SOAK_S / 120)
        stop.set()
        writer.stop()
        for thread in players:
            thread.join(60)
        for error in book.errors:
            tally.check(False, error)
        tally.passed(book.answered)
        for name, process in watched.items():
            check_growth(tally, name, samples[name])
            said = process.errors()
            tally.check("Traceback" not in said, f"{name}: {said[-1000:]}")
            tally.check(len(said) < 100_000, f"{name}: {len(said)} bytes of log")
        check_files(tally, host)
        for name in ("http", "daemon"):
            tally.check(watched[name].stop() == 0, f"{name}: exit code {watched[name].popen.returncode}")
        tally.figure(asked_router=book.asked)


def play(host: Host, tally: Tally, stop: threading.Event, game: int) -> None:
    """A game: a think now and then for each of its NPCs; every answer is taken, and its session is left at times."""
    rng = random.Random(game)
    numbers = itertools.count()
    with host.http() as http:
        while not stop.is_set():
            session, after, is_open = f"game-{game}-{rng.random()}", 0, set[str]()
            for _ in range(rng.randrange(20, 60)):
                number = next(numbers)
                requests = [
                    think(
                        f"{number}-{n}",
                        f"npc{rng.randrange(30)}",
                        f"p{rng.randrange(20)}",
                        f"What of {rng.randrange(500)}?",
                    )
                    for n in range(min(rng.randrange(1, 6), OPEN_MAX - len(is_open)))
                ]
                body = {"session": session, "after": after, "wait_ms": 200, "requests": requests}
                answer = http.post("/v1/exchange", json=body)
                if not tally.check(answer.status_code in (200, 429), f"{answer.status_code} {answer.text[:200]}"):
                    time.sleep(0.5)
                    continue
                is_open |= {request["id"] for request in requests}
                is_open -= {rejected["id"] for rejected in answer.json().get("rejected", [])}
                events = answer.json().get("events", [])
                for event in events:
                    is_fine = event["event"] != "error" or event["code"] in (
                        "filtered",
                        "overloaded",
                        "deadline_exceeded",
                    )
                    tally.check(is_fine, f"{event}")
                is_open -= {event["id"] for event in events if event["event"] in ("done", "error")}
                after = max([after, *(event["seq"] for event in events)])
                if stop.wait(0.03):
                    break


def check_growth(tally: Tally, name: str, samples: list[Sample]) -> None:
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    before, after = (statistics.median(sample.mib for sample in part) for part in (early, late))
    limit = max(before * GROWN_MAX, GROWN_MAX_MIB)
    tally.check(after - before < limit, f"{name}: from {before:.0f} to {after:.0f} MiB")
    for what in ("files", "threads"):
        first, last = (max(getattr(sample, what) for sample in part) for part in (early, late))
        tally.check(last <= first + 3, f"{name}: from {first} to {last} {what}")
    tally.figure(**{f"{name}_mib": f"{before:.0f}→{after:.0f}"})


def check_files(tally: Tally, host: Host) -> None:
    mib = sum(path.stat().st_size for path in host.state.rglob("*") if path.is_file()) / MIB
    tally.check(mib < FILES_MAX_MIB, f"the state folder has {mib:.0f} MiB")
    tally.figure(state_mib=mib)
