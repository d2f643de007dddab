"""A disk that is full, slow or read-only: requests are answered, nothing acknowledged is lost, and it recovers.

As root the state folder is a small tmpfs of its own; else each file of the daemon may only grow to a limit
(RLIMIT_FSIZE), which to the stores looks the same. The slow disk is preload.c's.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llm_agentd.errors import AgentdError
from tests.faults.campaign import Tally, size
from tests.faults.host import MIB, Host, Preload, Process, npc, pinging

pytestmark = [pytest.mark.faults, pytest.mark.slow]

DISK_BYTES = 4 * MIB
IS_ROOT = os.geteuid() == 0
SMALL = ["cache.max_bytes=1MiB", "cache.kv_max_bytes=1MiB", "cache.ttl_s=86400"]
DAMAGE = ("damaged", "malformed", "corrupt", "Traceback", "a bug")
ANSWER_MAX_S = 2.0


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    if not IS_ROOT:
        yield
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        while folder.is_mount():  # twice, where it was made read-only
            subprocess.run(["umount", "--lazy", folder], check=True)


class Disk:
    """What is left of the small disk is taken and given back by a file that fills it."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, left_bytes: int) -> None:
        free = os.statvfs(self._filler.parent).f_bavail * os.statvfs(self._filler.parent).f_frsize
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            file.write(b"f" * max(0, free - left_bytes))

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


def limit_files(left_bytes: int) -> Callable[[], None]:
    def set_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (left_bytes, left_bytes))

    return set_limit


class Asker:
    """Asks all that the stores keep, and keeps book of the memories; `ask` raises nothing."""

    def __init__(self, tally: Tally, host: Host) -> None:
        self._tally = tally
        self._host = host
        self._numbers = itertools.count(1)
        self.kept: list[tuple[int, float]] = []  # numbers that were acknowledged as kept, and when

    def ask(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        with self._host.client(timeout_s=10) as client:
            while time.monotonic() < end_s:
                number = next(self._numbers)
                self._answered("think", lambda n=number: client.think(npc("mira"), f"Number {n}?", player=f"q{n}"))  # type: ignore[misc]
                self._answered("infer", lambda n=number: client.infer(f"Say {n} " + "a" * 1500))  # type: ignore[misc]
                line = {"npc": "smith", "player": "ana", "text": f"Deed number {number} was done"}
                if self._answered("remember", lambda line=line: client.remember([line])):  # type: ignore[misc]
                    self.kept.append((number, time.monotonic()))
                time.sleep(0.01)

    def _answered(self, what: str, call: Callable[[], object]) -> object:
        begun_s = time.monotonic()
        try:
            result: object = call()
        except AgentdError as error:
            self._tally.check(error.code in ("overloaded", "unavailable"), f"{what}: {error.code}: {error}")
            return None
        took_s = time.monotonic() - begun_s
        self._tally.check(took_s < ANSWER_MAX_S, f"{what} took {took_s:.1f} s")
        return result

    def check_kept(self, before_s: float) -> None:
        """Acknowledged as kept before then: there."""
        exported = self._host.run("memory", "export").stdout
        for number, at_s in self.kept:
            if at_s < before_s and f"number {number} " not in exported:
                self._tally.lost(f"memory {number}, kept {before_s - at_s:.1f} s before the disk was full")


def check_log(tally: Tally, daemon: Process, *, says: str | None = None) -> None:
    said = daemon.errors()
    tally.check(not any(word in said for word in DAMAGE), said[-1000:])
    if says is not None:
        tally.check(says in said, f"the log does not say {says!r}: {said[-500:]!r}")


def test_full_disk(tally: Tally, tmp_path: Path) -> None:
    """Rounds of: serve; the disk becomes full; serve; kill -9 or stop; start on the full disk; serve; room again."""
    with small_disk(tmp_path / "state"), Host(tmp_path, *SMALL) as host:
        disk = Disk(host.state)
        for _ in range(size(short=1, long=25)):
            asker = Asker(tally, host)
            left_bytes = tally.random.choice([0, 1000, 20_000, 200_000])
            tiny = None if IS_ROOT else limit_files(100_000 + left_bytes)
            daemon = host.ready("daemon", limits=tiny)
            asker.ask(0.6)
            full_s = time.monotonic()
            if IS_ROOT:
                disk.fill(left_bytes)
            asker.ask(1.0)
            if tally.random.random() < 0.5:
                daemon.kill()
            else:
                tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode} on a full disk")
            check_log(tally, daemon)
            daemon = host.start("daemon", limits=tiny)
            if tally.check(daemon.wait_ready(), f"no start on a full disk: {daemon.errors()[-500:]}"):
                asker.ask(0.3)
            daemon.kill()
            check_log(tally, daemon)
            disk.free()
            asker.check_kept(full_s - 0.5)
            daemon = host.ready("daemon")
            with host.client() as client:
                tally.check(client.remember([{"npc": "smith", "text": "There is room again"}]) == 1, "still not kept")
            tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode} once there is room")
            check_log(tally, daemon)
            tally.check(host.run("dump", "--verify").returncode == 0, "the cache does not verify")


def test_read_only_disk(tally: Tally, tmp_path: Path) -> None:
    """A state folder that nothing can be written to: it becomes so while the daemon serves, and is so at the start."""
    with small_disk(tmp_path / "state"), Host(tmp_path, *SMALL) as host:
        daemon = host.ready("daemon")
        asker = Asker(tally, host)
        asker.ask(0.5)
        time.sleep(0.5)
        before_s = time.monotonic()
        make_read_only(host.state, True)
        asker.ask(1.0)
        tally.check(daemon.is_running(), f"the daemon has ended: {daemon.errors()[-500:]}")
        daemon.kill()
        check_log(tally, daemon, says="")
        daemon = host.start("daemon")
        if tally.check(daemon.wait_ready(), f"no start on a read-only disk: {daemon.errors()[-500:]}"):
            asker.ask(0.5)
        check_log(tally, daemon)
        tally.check(daemon.errors(), "not a word of a disk that nothing can be written to")
        daemon.stop()
        make_read_only(host.state, False)
        asker.check_kept(before_s)


def make_read_only(folder: Path, is_read_only: bool) -> None:
    if IS_ROOT:  # for root, permissions hold nothing up
        mode = "ro" if is_read_only else "rw"
        # Files that are open for writing keep a mount from becoming read-only; a bind of itself can be made so anyway.
        done = subprocess.run(["mount", "-o", f"remount,{mode}", folder], capture_output=True)
        if done.returncode and is_read_only:
            subprocess.run(["mount", "--bind", folder, folder], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        elif done.returncode:
            subprocess.run(["umount", "--lazy", folder], check=True)
        return
    for path in [folder, *folder.rglob("*")]:
        path.chmod((0o500 if path.is_dir() else 0o400) if is_read_only else (0o700 if path.is_dir() else 0o600))


def test_slow_disk(tally: Tally, tmp_path: Path) -> None:
    """Each fsync takes a second and more: no reply waits for it, what was acknowledged is written in the end."""
    preload = Preload(tmp_path)
    with Host(tmp_path, *SMALL, env=preload.env) as host:
        daemon = host.ready("daemon")
        for delay_s in size(short=(1.0,), long=(0.5, 1.0, 3.0)):
            preload.slow_disk(delay_s)
            asker = Asker(tally, host)
            with pinging(host) as watch:
                asker.ask(size(short=2.0, long=8.0))
            tally.check(watch.worst_s < 1.0, f"a ping took {watch.worst_s:.1f} s")
            for failure in watch.failures:
                tally.check(False, f"ping: {failure}")
            with host.client(timeout_s=60) as client:
                client.forget(player="ana2")
            preload.slow_disk(0)
            tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")
            check_log(tally, daemon)
            asker.check_kept(time.monotonic())
            tally.figure(**{f"worst_ping_s_at_{delay_s}": watch.worst_s})
            daemon = host.ready("daemon")
