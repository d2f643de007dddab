"""kill -9 of the daemon at any moment, its start included, under load: what was acknowledged is there afterwards.

What was asked for with `durable` at once, the rest when it is older than the group commit.
"""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.campaign import Tally, size
from tests.faults.host import START_S, Host, Process
from tests.faults.load import GROUP_COMMIT_S, Book, Writer, gone, gone_memories, number_of, returned_memories

pytestmark = [pytest.mark.faults, pytest.mark.slow]

STARTING_SHARE = 0.3  # of the kills come while the daemon starts
STARTING_S = 1.2  # about how long a start takes
LOAD_S = 1.2
KEPT = ["cache.ttl_s=86400", "agents.condense=rules"]  # nothing expires or is made shorter meanwhile
DAMAGE = ("damaged", "malformed", "corrupt", "Traceback", "a bug")  # words of the log that must not come


def test_kill_9_of_the_daemon(tally: Tally, tmp_path: Path) -> None:
    kill_again_and_again(tally, Host(tmp_path, *KEPT), size(short=5, long=330), tolerated_s=GROUP_COMMIT_S)


def kill_again_and_again(tally: Tally, host: Host, loops: int, *, tolerated_s: float) -> None:
    """`tolerated_s`: how much of what was acknowledged before the kill may be lost."""
    book, numbers = Book(), itertools.count()
    with host:
        for loop in range(loops):
            daemon = host.start("daemon")
            if loop and tally.random.random() < STARTING_SHARE:
                time.sleep(tally.random.uniform(0, STARTING_S))
                daemon.kill()
                check_log(tally, daemon)
                continue
            if not tally.check(daemon.wait_ready(START_S), f"start {loop}: {daemon.errors()[-500:]}"):
                return
            with host.client() as client:
                for thing in gone(client, book, tally.random):
                    tally.lost(f"loop {loop}: {thing}")
            if tally.lost_count:
                return  # it would be found again in each loop
            writer = Writer(host.endpoint, book, numbers, tally.random)  # one, as between two there is no order
            writer.start()
            time.sleep(tally.random.uniform(0.05, LOAD_S))
            killed_s = time.monotonic()
            daemon.kill()
            writer.stop()
            book.settle(book.promised_s(killed_s, tolerated_s))
            check_log(tally, daemon)
        check_at_rest(tally, host, book)
    for error in book.errors:
        tally.check(False, error)
    tally.figure(
        loops=loops,
        slowest_commit_s=book.slowest_commit_s,
        acknowledged=book.answered,
        memories=len(book.memories),
        replies=len(book.replies),
    )


def check_log(tally: Tally, daemon: Process) -> None:
    said = daemon.errors()
    tally.check(not any(word in said for word in DAMAGE), said[-500:])


def check_at_rest(tally: Tally, host: Host, book: Book) -> None:
    """All of it once more, in the stores themselves, when the daemon has been stopped."""
    daemon = host.ready("daemon")
    tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")
    tally.check(host.run("dump", "--verify").returncode == 0, "the cache does not verify")
    rows = [json.loads(line) for line in host.run("memory", "export").stdout.splitlines()]
    numbers = [number_of(row) for row in rows]
    for number in (number for number, count in Counter(numbers).items() if count > 1):
        tally.lost(f"memory {number} is there twice")
    for thing in gone_memories(book, set(numbers)) + returned_memories(book, set(numbers)):
        tally.lost(f"at rest: {thing}")
