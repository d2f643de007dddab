"""The LMDB cache and other processes: a second daemon, and kill -9 while it writes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.cache import LmdbCache, open_cache
from llm_agentd.errors import StartError
from tests.cache.conftest import MAX_BYTES, environment, problems, run_python
from tests.cache.contract import TTL_S, FakeClock, entry, key


def test_second_daemon_on_the_folder_is_refused(cache: LmdbCache, folder: Path) -> None:
    with pytest.raises(StartError, match=f"{folder} is in use: another llm-agentd runs"):
        open_cache(True, folder, TTL_S, MAX_BYTES)
    script = (
        "import sys; from pathlib import Path; from llm_agentd.errors import StartError\n"
        "from llm_agentd.cache import open_cache\n"
        "try: open_cache(True, Path(sys.argv[1]), 300, 2**20)\n"
        "except StartError as error: print(error)"
    )
    done = run_python(script, folder)
    assert "stop it, or give this one another folder" in done.stdout


def test_closed_cache_frees_the_folder(folder: Path, clock: FakeClock) -> None:
    for _ in range(2):
        LmdbCache(folder, TTL_S, MAX_BYTES, clock).close()


WRITE_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from llm_agentd.cache import lmdb_cache as cache_lmdb
from llm_agentd.cache import CacheEntry, LmdbCache
cache_lmdb.LINGER_S = 0.0
cache = LmdbCache(Path(sys.argv[1]), 300, 400_000)
number = 0
while True:
    for _ in range(20):
        number += 1
        text = str(number) + "x" * (number * 37 % 5000)
        cache.put(number.to_bytes(32, "big"), CacheEntry(text=text, finish="stop", model="m"), 1)
        cache.get((number // 2).to_bytes(32, "big"), 1)
    cache.flush()
    print(number, flush=True)
"""


@pytest.mark.parametrize("groups", [1, 7, 30])
def test_kill_while_writing_loses_nothing_that_was_flushed(folder: Path, groups: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, folder], stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        flushed = 0
        for _ in range(groups):
            flushed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)  # it writes the next group just now
        process.wait()
    assert problems(folder) == []
    cache = LmdbCache(folder, 300, 400_000)
    for number in range(max(1, flushed - 20), flushed + 1):  # older ones may be evicted
        found = cache.get(key(number), 1)
        assert found is not None, number
        assert found.text == str(number) + "x" * (number * 37 % 5000)
    cache.put(key(10**6), entry("goes on"), 1)
    cache.flush()
    assert cache.get(key(10**6), 1) is not None
    cache.close()
