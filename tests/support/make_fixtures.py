"""Writes tests/fixtures anew: files as the present version of the program leaves them in its state folder.

By hand, once for each version of a format, before it changes: `python -m tests.support.make_fixtures`. Never write a
version again that has been released: the files stand for those that are out there.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from llm_agentd.cache.entry import CacheEntry
from llm_agentd.cache.lmdb_cache import LmdbCache
from llm_agentd.memory import Outcome, SqliteMemory, schema
from llm_agentd.ops.backup import archive
from llm_agentd.ops.backup.parts import CONFIGURATION, LOGS, MEMORY, ROLES
from llm_agentd.prefix_cache import LmdbPrefixStore
from llm_agentd.types import MemoryTurn, PrefixState

FOLDER = Path(__file__).parents[1] / "fixtures"
MIB = 2**20
FINGERPRINT = "0123456789abcdef"
CACHE_KEY = bytes(range(16))
WRITTEN_S = 1_800_000_000.0  # the clock of what is kept for some time only: who reads it uses the same


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_memory(folder / "memory.db")
        shutil.copyfile(folder / "memory.db", FOLDER / f"memory-v{schema.VERSION}.db")
        write_cache(folder / "cache")
        shutil.copyfile(folder / "cache" / "data.mdb", FOLDER / "cache-v1.mdb")
        write_prefixes(folder / "prefixes")
        shutil.copyfile(folder / "prefixes" / "data.mdb", FOLDER / "prefixes-v1.mdb")
        write_backup(folder)


def write_memory(path: Path) -> None:
    memory = SqliteMemory(path, turns=5, max_bytes=64 * MIB, summarize_by="rules")
    memory.start(lambda job: None)
    ana = MemoryTurn("npc-1", "Mira", "Ana", "Oakford", "I hid the sapphire under the old oak.")
    memory.add_exchange(ana, "I shall tell nobody.", 1e12)
    memory.add_outcomes([Outcome("npc-1", "Mira", "Ana", "Oakford", "Ana bought 3 apples of Mira")])
    memory.add_exchange(MemoryTurn("npc-2", "Bram", "Bo", "Oakford", "Hello"), "Aye.", 1e12)
    memory.close()


def write_cache(folder: Path) -> None:
    cache = LmdbCache(folder, ttl_s=300, max_bytes=MIB, now=lambda: WRITTEN_S)
    cache.put(CACHE_KEY, CacheEntry("Well met.", "stop", "stub", None, 1, 1, "healer", "Ana: Hello"), 1)
    cache.flush()
    cache.close()


def write_prefixes(folder: Path) -> None:
    store = LmdbPrefixStore(folder, FINGERPRINT, MIB, now=lambda: WRITTEN_S)
    store.put(PrefixState((1, 2, 3), b"state" * 20, ((17, 3.25), (4, -1.5))), "smith")
    store.flush()
    store.close()


def write_backup(folder: Path) -> None:
    role, config, log = (folder / name for name in ("ferryman.yaml", "config.yaml", "moderation.jsonl"))
    role.write_text("title: the ferryman\npersona: The ferryman takes travellers over the river.\n", encoding="utf-8")
    config.write_text("batch:\n  size: 4\n", encoding="utf-8")
    log.write_text('{"time": "2026-11-27T02:00:00.000Z", "player": "Ana"}\n', encoding="utf-8")
    target = FOLDER / f"backup-v{archive.FORMAT}.tar.gz"
    target.unlink(missing_ok=True)
    files = {
        MEMORY: folder / "memory.db",
        CONFIGURATION: config,
        f"{ROLES}/{role.name}": role,
        f"{LOGS}/{log.name}": log,
    }
    archive.write(target, files)
    target.chmod(0o644)


if __name__ == "__main__":
    main()
