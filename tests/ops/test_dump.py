"""`dump`: the lines of the contract, the table, stats, verify and purge, also beside a daemon in another process."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import lmdb
import pytest

import llm_agentd
from llm_agentd.cache import LmdbCache
from llm_agentd.cache import lmdb_store as cache_store
from llm_agentd.errors import StartError
from llm_agentd.ops.dump import command, dump, table
from llm_agentd.prefix_cache import LmdbPrefixStore
from llm_agentd.prefix_cache.store import FOLDER
from llm_agentd.types import PrefixState
from tests.cache.contract import START_S, TTL_S, FakeClock, entry, key

MAX_BYTES = 2**20


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path, clock: FakeClock) -> Path:
    """A cache with a smith's reply that was hit twice, an elder's with two variants and one of a plain `infer`."""
    folder = tmp_path / "cache"
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    cache.put(key(1), entry("A blade, then?", role="smith", prompt="Tilda: Can you mend this?"), 1)
    clock.now_s += 1
    cache.put(key(2), entry("Sit down, child.", role="elder", prompt="[time evening]\nTilda: Hello"), 2)
    cache.put(key(2), entry("The well is old.", role="elder", prompt="[time evening]\nTilda: Hello"), 2)
    clock.now_s += 1.25
    cache.put(key(3), entry("Paris. ÄÖ 🗡", prompt="The capital of France is"), 1)
    for _ in range(2):
        cache.get(key(1), 1)
    cache.close()
    return folder


def run(folder: Path, clock: Callable[[], float], **options: Any) -> tuple[int, str]:
    out = io.StringIO()
    code = dump(folder, **{"grep": None, "role": None, "out": out, "now": clock, **options})
    return code, out.getvalue()


def lines(folder: Path, clock: Callable[[], float], **options: Any) -> list[dict[str, Any]]:
    code, text = run(folder, clock, format="jsonl", **options)
    assert code == 0
    return [json.loads(line) for line in text.splitlines()]


def test_line_has_the_fields_of_the_contract(folder: Path, clock: FakeClock) -> None:
    (line,) = lines(folder, clock, role="smith")
    assert list(line) == [
        "key", "kind", "model", "role", "prompt", "text", "created", "expires", "last_hit", "hits", "bytes",
    ]  # fmt: skip
    assert line == {
        "key": f"{key(1).hex()}:0",
        "kind": "completion",
        "model": "test",
        "role": "smith",
        "prompt": "Tilda: Can you mend this?",
        "text": "A blade, then?",
        "created": "2027-01-15T08:00:00.000Z",
        "expires": "2027-01-15T08:05:00.000Z",
        "last_hit": "2027-01-15T08:00:02.250Z",
        "hits": 2,
        "bytes": line["bytes"],
    }
    assert 33 + 32 < line["bytes"] < 300


def test_bytes_of_lines_add_up_to_those_of_stats(folder: Path, clock: FakeClock) -> None:
    (stats,) = lines(folder, clock, stats=True)
    assert sum(line["bytes"] for line in lines(folder, clock)) == stats["bytes"]


def test_each_variant_is_a_line(folder: Path, clock: FakeClock) -> None:
    elder = lines(folder, clock, role="elder")
    assert [line["key"] for line in elder] == [f"{key(2).hex()}:0", f"{key(2).hex()}:1"]
    assert [line["last_hit"] for line in elder] == [None, None]


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        ({}, {"A blade, then?", "Sit down, child.", "The well is old.", "Paris. ÄÖ 🗡"}),
        ({"grep": "mend THIS"}, {"A blade, then?"}),
        ({"grep": "äö"}, {"Paris. ÄÖ 🗡"}),
        ({"grep": "tilda", "role": "elder"}, {"Sit down, child.", "The well is old."}),
        ({"role": ""}, {"Paris. ÄÖ 🗡"}),
        ({"role": "guard"}, set()),
        ({"grep": "nowhere"}, set()),
    ],
)
def test_grep_and_role_select_entries(folder: Path, clock: FakeClock, options: dict[str, str], texts: set[str]) -> None:
    assert {line["text"] for line in lines(folder, clock, **options)} == texts


def test_entries_of_several_reads_are_all_listed(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_store, "READ_BATCH", 2)
    assert len(lines(folder, clock)) == 4
    monkeypatch.setattr(cache_store, "READ_BATCH", 3)
    assert len({line["key"] for line in lines(folder, clock)}) == 4


def test_table_lists_the_last_used_first(folder: Path, clock: FakeClock) -> None:
    clock.now_s += 60
    code, text = run(folder, clock)
    assert code == 0
    assert text.index("A blade") < text.index("Sit down")
    assert "elder" in text
    assert "62 s" in text
    assert "in 4 min" in text
    assert text.endswith("4 entries\n")


def test_table_with_too_many_rows_says_so(folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "TABLE_ROWS_MAX", 2)
    assert "4 entries, the 2 last used are shown; --format jsonl has all" in run(folder, clock)[1]


def test_empty_result_is_no_error(folder: Path, clock: FakeClock) -> None:
    assert run(folder, clock, role="guard") == (0, "0 entries\n")


def test_control_characters_of_players_do_not_reach_the_terminal(tmp_path: Path, clock: FakeClock) -> None:
    cache = LmdbCache(tmp_path, TTL_S, MAX_BYTES, clock)
    cache.put(key(1), entry("[red]\x1b]0;owned\x07[/red]", role="\x1b[2J", prompt="\x9b31m\r\x00"), 1)
    cache.close()
    text = run(tmp_path, clock)[1]
    assert not set(text) & set("\x1b\x07\x9b\r\x00")
    assert "[red]" in text


def test_stats_table_has_hit_rate_oldest_and_roles(folder: Path, clock: FakeClock) -> None:
    clock.now_s += TTL_S - 2
    code, text = run(folder, clock, stats=True)
    assert code == 0
    assert "4 (1 expired)" in text
    assert "33.3% (2 hits, 4 replies made)" in text
    assert "2027-01-15T08:00:00.000Z (5 min ago)" in text
    assert "map use" in text
    assert "elder 2" in text


def test_stats_of_an_empty_cache_have_no_rate(tmp_path: Path, clock: FakeClock) -> None:
    LmdbCache(tmp_path, TTL_S, MAX_BYTES, clock).close()
    (stats,) = lines(tmp_path, clock, stats=True)
    assert (stats["entries"], stats["bytes"], stats["hit_rate"], stats["oldest"]) == (0, 0, None, None)
    assert run(tmp_path, clock, stats=True)[0] == 0


def test_purge_deletes_expired_entries_only(folder: Path, clock: FakeClock) -> None:
    (smith,) = lines(folder, clock, role="smith")
    clock.now_s = START_S + TTL_S + 0.5
    assert run(folder, clock, purge_expired=True) == (0, f"purged 1 expired entries, {smith['bytes']} bytes\n")
    assert {line["role"] for line in lines(folder, clock)} == {"elder", ""}
    assert run(folder, clock, verify=True)[0] == 0
    assert run(folder, clock, purge_expired=True) == (0, "purged 0 expired entries, 0 bytes\n")


def test_dump_without_purge_changes_no_byte(folder: Path, clock: FakeClock) -> None:
    before = (folder / "data.mdb").read_bytes()
    clock.now_s += TTL_S * 2
    for options in ({}, {"format": "jsonl"}, {"stats": True}, {"verify": True}):
        run(folder, clock, **options)
    assert (folder / "data.mdb").read_bytes() == before


# -- verify ----------------------------------------------------------------------------------------


def test_verify_of_a_sound_cache_succeeds(folder: Path, clock: FakeClock) -> None:
    code, text = run(folder, clock, verify=True)
    assert code == 0
    assert text.startswith("✓ 4 entries")


Damage = Callable[[Any, dict[str, Any]], object]


def damage(folder: Path, names: Sequence[str], change: Damage) -> None:
    """Changes the LMDB environment in `folder` behind the back of the store; `change` gets the databases by name."""
    with lmdb.open(str(folder), map_size=4 * MAX_BYTES, max_dbs=8) as env:
        databases = {name: env.open_db(name.encode(), create=False) for name in names}
        with env.begin(write=True) as txn:
            change(txn, databases)


def cut_a_record(txn: Any, databases: dict[str, Any]) -> None:
    slot = key(1) + b"\0"
    txn.put(slot, txn.get(slot, db=databases["entries"])[:-1], db=databases["entries"])


def lose_a_use(txn: Any, databases: dict[str, Any]) -> None:
    cursor = txn.cursor(databases["by_use"])
    cursor.first()
    cursor.delete()


def lose_an_expiry(txn: Any, databases: dict[str, Any]) -> None:
    cursor = txn.cursor(databases["by_expiry"])
    cursor.last()
    cursor.delete()


def add_an_orphan(txn: Any, databases: dict[str, Any]) -> None:
    txn.put(bytes(8) + key(9) + b"\0", b"", db=databases["by_use"])


def miscount_bytes(txn: Any, databases: dict[str, Any]) -> None:
    txn.put(b"bytes", b"7", db=databases["meta"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (cut_a_record, f"{key(1).hex()}00: body"),
        (lose_a_use, "by_use does not know it"),
        (lose_an_expiry, "by_expiry does not know it"),
        (add_an_orphan, "by_use: 5 index records for 4 entries"),
        (miscount_bytes, "bytes: 7 counted"),
    ],
)
def test_verify_of_a_damaged_cache_names_the_damage(folder: Path, clock: FakeClock, change: Damage, says: str) -> None:
    damage(folder, ("entries", "by_use", "by_expiry", "meta"), change)
    code, text = run(folder, clock, verify=True)
    assert code == 1
    assert says in text
    assert "delete the folder" in text


# -- no cache there --------------------------------------------------------------------------------


def test_missing_folder_is_named_and_not_created(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(StartError, match=r"no cache in .*nowhere; it is made when the daemon first runs"):
        run(tmp_path / "nowhere", clock)
    assert not (tmp_path / "nowhere").exists()


def test_file_that_is_no_cache_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "data.mdb").write_bytes(b"no" * 9000)
    with pytest.raises(StartError, match=r"cannot open .*delete the folder"):
        run(tmp_path, clock)


def test_truncated_file_is_refused(folder: Path, clock: FakeClock) -> None:
    data = folder / "data.mdb"
    os.truncate(data, data.stat().st_size - 4096)
    with pytest.raises(StartError, match="ends before its last page; the daemon checks it at its next start"):
        run(folder, clock)


def test_cache_of_another_version_is_refused(folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SCHEMA", 99)
    with pytest.raises(StartError, match="is of version 1, this command reads 99; start the daemon"):
        run(folder, clock)


# -- beside the daemon -----------------------------------------------------------------------------

BESIDE = """
import sys, time
from pathlib import Path
from llm_agentd.ops.dump import dump
format, flags = sys.argv[2], sys.argv[3:]
now = lambda: float(flags[0]) if flags else time.time()
sys.exit(dump(Path(sys.argv[1]), format=format, grep=None, role=None, stats="stats" in flags,
              verify="verify" in flags, purge_expired="purge" in flags, out=sys.stdout, now=now))
"""


@pytest.fixture
def daemon(folder: Path, clock: FakeClock) -> Iterator[LmdbCache]:
    cache = LmdbCache(folder, TTL_S, MAX_BYTES, clock)
    yield cache
    cache.close()


def beside(folder: Path, clock: FakeClock, format: str, *flags: str) -> str:
    source = str(Path(llm_agentd.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", BESIDE, folder, format, str(clock.now_s), *flags],
        capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_dump_beside_a_running_daemon_shows_its_last_entry(folder: Path, clock: FakeClock, daemon: LmdbCache) -> None:
    daemon.put(key(50), entry("just made", role="guard"), 1)
    daemon.flush()
    rows = [json.loads(line) for line in beside(folder, clock, "jsonl").splitlines()]
    assert len(rows) == 5
    assert "just made" in {row["text"] for row in rows}
    assert "✓ 5 entries" in beside(folder, clock, "table", "verify")


def test_purge_beside_a_running_daemon_leaves_it_working(folder: Path, clock: FakeClock, daemon: LmdbCache) -> None:
    later = replace_time(clock, START_S + TTL_S + 0.5)
    assert beside(folder, later, "table", "purge").startswith("purged 1 ")
    assert daemon.get(key(1), 1) is None
    daemon.put(key(1), entry("anew", role="smith"), 1)
    daemon.flush()
    assert daemon.get(key(1), 1).text == "anew"  # type: ignore[union-attr]
    assert "✓ 4 entries" in beside(folder, clock, "table", "verify")


def replace_time(clock: FakeClock, now_s: float) -> FakeClock:
    other = FakeClock()
    other.now_s = now_s
    return other


@pytest.fixture
def with_prefixes(folder: Path) -> Path:
    store = LmdbPrefixStore(folder / FOLDER, "model-1", MAX_BYTES, now=lambda: START_S)
    for number, role in enumerate(("smith", "smith", "elder")):
        store.put(PrefixState((number, 2, 3), bytes(1000), ((1, 2.0),)), role)
    store.close()
    return folder


def test_saved_prefixes_are_listed_after_the_replies(with_prefixes: Path, clock: FakeClock) -> None:
    found = [line for line in lines(with_prefixes, clock) if line["kind"] == "prefix"]
    assert [line["role"] for line in found].count("smith") == 2
    assert found[0] | {"key": "", "role": ""} == {
        "key": "", "kind": "prefix", "model": "model-1", "role": "", "prompt": None, "text": None,
        "created": "2027-01-15T08:00:00.000Z", "expires": None, "last_hit": None, "hits": None, "bytes": 1000,
    }  # fmt: skip
    assert {line["kind"] for line in lines(with_prefixes, clock, role="elder")} == {"completion", "prefix"}
    assert not [line for line in lines(with_prefixes, clock, grep="well") if line["kind"] == "prefix"]
    assert "3 prefixes, 3,000 bytes, 9 tokens (elder 1, smith 2)" in run(with_prefixes, clock)[1]
    assert "3 prefixes" in run(with_prefixes, clock, stats=True)[1]


def test_verify_of_a_damaged_prefix_names_it(with_prefixes: Path, clock: FakeClock) -> None:
    assert run(with_prefixes, clock, verify=True)[0] == 0
    first = next(line for line in lines(with_prefixes, clock) if line["kind"] == "prefix")["key"]
    damage(
        with_prefixes / FOLDER,
        ["data"],
        lambda txn, found: txn.put(bytes.fromhex(first), bytes(1016), db=found["data"]),
    )
    code, text = run(with_prefixes, clock, verify=True)
    assert code == 1
    assert f"prefix {first} is damaged" in text
