"""Saved prefixes on real LMDB: whole or not at all, of the right model or not at all, within their bound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.prefix_cache import LmdbPrefixStore, NullPrefixStore, open_prefix_store
from llm_agentd.prefix_cache.lmdb_store import read_saved_prefixes
from llm_agentd.types import PrefixState
from tests.prefix_cache.damage import change, flip_bit, overwrite_data

MODEL = "0123456789abcdef"
PROBE = ((17, 3.25), (4, -1.5))


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        self.now_s += 10
        return self.now_s


def state(first: int, size: int = 1000) -> PrefixState:
    return PrefixState((first, 2, 3), os.urandom(size), PROBE)


def store(folder: Path, *, fingerprint: str = MODEL, max_bytes: int = 10_000) -> LmdbPrefixStore:
    return LmdbPrefixStore(folder, fingerprint, max_bytes, now=Clock())


def test_put_state_is_read_whole_also_after_a_restart(folder: Path) -> None:
    one = store(folder)
    kept = state(1)
    key = one.put(kept, "smith")
    one.flush()
    assert key is not None
    assert one.read(key) == kept
    one.close()
    two = store(folder)
    (saved,) = two.saved()
    assert (saved.key, saved.label, saved.tokens, saved.bytes) == (key, "smith", (1, 2, 3), 1000)
    assert two.read(key) == kept
    two.close()


def test_states_of_another_model_are_hidden_and_evicted_first(folder: Path) -> None:
    one = store(folder, max_bytes=3000)
    for first in (1, 2):
        one.put(state(first), "")
    one.close()
    two = store(folder, fingerprint="other", max_bytes=3000)
    assert two.saved() == []
    for first in (1, 2, 3):
        two.put(state(first), "")
    two.flush()
    assert len(two.saved()) == 3
    assert two.stats() == {"entries": 3, "bytes": 3000}
    two.close()


def test_key_of_another_model_reads_as_none(folder: Path) -> None:
    one = store(folder)
    key = one.put(state(1), "")
    one.close()
    assert key is not None
    two = store(folder, fingerprint="other")
    assert two.read(key) is None
    two.close()


def test_least_recently_used_states_are_evicted_first_also_after_a_restart(folder: Path) -> None:
    kept = store(folder, max_bytes=3000)
    keys = [kept.put(state(first), "") for first in (1, 2, 3)]
    assert keys[0] is not None
    kept.touch(keys[0])
    kept.put(state(4), "")
    kept.flush()
    assert [saved.tokens[0] for saved in kept.saved()] == [3, 1, 4]
    kept.close()
    again = store(folder, max_bytes=3000)
    assert [saved.tokens[0] for saved in again.saved()] == [3, 1, 4], "the order survives"
    again.close()


def test_state_over_half_of_max_bytes_is_not_kept(folder: Path) -> None:
    kept = store(folder, max_bytes=3000)
    kept.put(state(1), "")
    assert kept.put(state(2, size=2000), "") is None
    kept.flush()
    assert len(kept.saved()) == 1
    kept.close()


@pytest.mark.parametrize("place", [0, 8, 15, 16, 400, 1015])
def test_any_damaged_byte_of_the_data_is_found(folder: Path, place: int) -> None:
    one = store(folder)
    key = one.put(state(1), "")
    one.close()
    assert key is not None
    change(folder, "data", key, lambda raw: flip_bit(raw, place))
    two = store(folder)
    assert two.read(key) is None
    two.flush()
    assert two.saved() == []
    two.close()


@pytest.mark.parametrize("share", [number / 24 for number in range(24)])
def test_any_damaged_byte_of_the_head_is_found(folder: Path, share: float) -> None:
    one = store(folder)
    key = one.put(state(1), "smith")
    one.close()
    assert key is not None
    change(folder, "heads", key, lambda raw: flip_bit(raw, int(share * len(raw))))
    two = store(folder)
    assert two.read(key) is None
    two.close()


@pytest.mark.parametrize("content", [b"", b"garbage" * 5000, None])
def test_damaged_file_is_deleted_and_made_anew(
    folder: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    first = store(folder, max_bytes=10_000_000)
    first.put(state(1, size=1_000_000), "")
    first.close()
    data = folder / "data.mdb"
    data.write_bytes(data.read_bytes()[:50_000] if content is None else content)
    made = open_prefix_store(folder, MODEL, 10_000_000)
    assert isinstance(made, LmdbPrefixStore)
    assert made.saved() == []
    assert made.put(state(2), "")
    made.flush()
    assert len(made.saved()) == 1
    made.close()
    assert content == b"" or "computed anew" in caplog.text


def test_unusable_folder_gives_a_null_store_and_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    made = open_prefix_store(tmp_path / "file" / "prefixes", MODEL, 1000)
    assert isinstance(made, NullPrefixStore)
    assert "choose another cache.path" in caplog.text
    assert (made.saved(), made.put(state(1), ""), made.read(b"x")) == ([], None, None)


LOOK = """
import sys
from pathlib import Path
from llm_agentd.prefix_cache.lmdb_store import read_saved_prefixes
saved, damaged = read_saved_prefixes(Path(sys.argv[1]))
print([(one.label, one.fingerprint) for one in saved], len(damaged))
"""


def test_another_process_lists_saved_and_damaged_states(folder: Path) -> None:
    assert read_saved_prefixes(folder) == ([], [])
    kept = store(folder)
    key = kept.put(state(1), "elder")
    kept.flush()
    assert key is not None

    def look() -> str:
        return subprocess.run([sys.executable, "-c", LOOK, str(folder)], capture_output=True, text=True).stdout

    assert look() == f"[('elder', '{MODEL}')] 0\n"
    kept.close()
    overwrite_data(folder, key, b"x" * 100)
    assert look() == f"[('elder', '{MODEL}')] 1\n"


WRITER = """
import os, sys
from pathlib import Path
from llm_agentd.prefix_cache import LmdbPrefixStore
from llm_agentd.types import PrefixState
store = LmdbPrefixStore(Path(sys.argv[1]), "model", 40_000_000)
for number in range(100000):
    store.put(PrefixState((number % 50, 1), os.urandom(500_000), ((1, 1.0),)), "")
    store.flush()
    print(number, flush=True)
"""


def test_kill_while_writing_leaves_whole_states(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) == 12:
            break
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    kept = LmdbPrefixStore(folder, "model", 40_000_000)
    known = kept.saved()
    assert len(known) >= 12
    assert all(kept.read(saved.key) is not None for saved in known)
    kept.close()
