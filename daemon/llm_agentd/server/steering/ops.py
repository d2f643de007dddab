"""The ops of steering_records.py: one short method each, from the checked record to the fields of its answer.

Router thread. What may wait for a disk or read much goes to `SlowWork`, and has its answer by a callback. Each change
is noted in the audit log. Knows no sockets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from heapq import nlargest
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from llm_agentd.cache import CompletionCache
from llm_agentd.cache.rows import Wanted, entry_line
from llm_agentd.config.settings import Settings
from llm_agentd.engines.gguf import read_header
from llm_agentd.errors import AgentdError, BadRequest, EngineFailed, StartError
from llm_agentd.memory import Memory
from llm_agentd.memory.base import Edit
from llm_agentd.memory.schema import Row
from llm_agentd.prompt.placeholders import readable
from llm_agentd.protocol import steering_records as records
from llm_agentd.protocol.record import Record
from llm_agentd.roles import Roles
from llm_agentd.scheduler.lanes import Lanes
from llm_agentd.server.audit_log import AuditLog
from llm_agentd.server.steering import self_test
from llm_agentd.server.steering.slow_work import Fields, OnDone, SlowWork
from llm_agentd.util.timestamps import rfc3339

ANSWER_MAX_BYTES = 200 * 1024  # of rows in one answer; a record of the wire holds 256 KiB
LICENSE = "general.license"

Now: TypeAlias = Callable[[Any], Fields]
Later: TypeAlias = Callable[[Any, OnDone], None]


class SteeringOps:
    """`now` and `later`: by name; each takes its model in `schema.RECORDS`, those of `later` also whom to call.

    `settings` None: nothing can be changed, as in a daemon that was built without a configuration.
    """

    def __init__(
        self,
        *,
        settings: Settings | None,
        roles: Roles,
        memory: Memory,
        cache: CompletionCache,
        lanes: Lanes,
        audit: AuditLog,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._settings = settings
        self._roles = roles
        self._memory = memory
        self._cache = cache
        self._lanes = lanes
        self._audit = audit
        self._post = post
        self._slow = SlowWork(post)
        self.ask: self_test.Ask = _nobody  # the pipeline's, once it is built
        self.now: dict[str, Now] = {
            "role_history": self._role_history,
            "undo_role": self._undo_role,
            "recall": self._recall,
        }
        self.later: dict[str, Later] = {
            "settings": self._list_settings,
            "set_setting": self._set_setting,
            "edit_memory": self._edit_memory,
            "memory_pairs": self._memory_pairs,
            "search_memories": self._search_memories,
            "cache_entries": self._cache_entries,
            "purge_cache": self._purge_cache,
            "model": self._model,
            "self_test": self._self_test,
        }

    def stop(self) -> None:
        self._slow.stop()

    # -- settings --------------------------------------------------------------------------------

    def _require_settings(self) -> Settings:
        if self._settings is None:
            raise BadRequest("settings: this daemon was started without a configuration")
        return self._settings

    def _list_settings(self, _: Record, on_done: OnDone) -> None:
        self._slow.run(self._require_settings().listing, on_done)

    def _set_setting(self, record: records.SetSettingRecord, on_done: OnDone) -> None:
        """Checked and written on the slow thread, put into force on the router's."""
        settings, key = self._require_settings(), record.key

        def write() -> Fields:
            before = settings.value(key)
            return {"before": before, "config": settings.change(key, record.value)}

        def on_written(outcome: Fields | AgentdError) -> None:
            if isinstance(outcome, AgentdError):
                on_done(outcome)
                return
            is_applied = settings.apply(key, outcome["config"])
            value = settings.value(key, outcome["config"])
            self._audit.note_change(record, "set_setting", key, outcome["before"], value)
            answer = {"key": key, "value": value, "live": settings.is_live(key)}
            on_done(answer | {"applied": is_applied, "restart": not is_applied})

        self._slow.run(write, on_written)

    # -- roles -----------------------------------------------------------------------------------

    def _role_history(self, record: records.RoleNameRecord) -> Fields:
        return {"history": _fitting(self._roles.history(record.name))}

    def _undo_role(self, record: records.UndoRoleRecord) -> Fields:
        before = self._roles.own_fields(record.name)
        answer = self._roles.undo(record.name)
        self._audit.note_change(record, "undo_role", record.name, before, self._roles.own_fields(record.name))
        return answer

    # -- memory ----------------------------------------------------------------------------------

    def _edit_memory(self, record: records.EditMemoryRecord, on_done: OnDone) -> None:
        if record.text is not None and not record.text.strip():
            raise BadRequest("text: want words, or null to delete the memory")

        def finish(before: Row | str | None) -> None:
            if isinstance(before, str):
                on_done(EngineFailed(before))
                return
            if before is not None:
                self._audit.note_change(record, "edit_memory", str(record.memory), _side(before), record.text)
            on_done({"edited": before is not None})

        edit = Edit(record.memory, record.text, record.said)
        self._memory.edit(edit, lambda before: self._post(lambda: finish(before)))

    def _memory_pairs(self, record: records.MemoryPairsRecord, on_done: OnDone) -> None:
        self._slow.run(lambda: {"pairs": _fitting(self._memory.pairs(record.limit))}, on_done)

    def _search_memories(self, record: records.SearchMemoriesRecord, on_done: OnDone) -> None:
        def search() -> Fields:
            found = self._memory.search(record.npc, record.player, record.text, record.limit, record.before)
            return {"memories": _fitting(found)}

        self._slow.run(search, on_done)

    def _recall(self, record: records.RecallRecord) -> Fields:
        recall = self._memory.recall(record.npc, record.player, record.text, record.place, record.limit)
        turns = [{"said": row.said, "text": row.text, "time": rfc3339(row.at_s)} for row in recall.turns]
        facts = [
            {
                "text": fact.text,
                "score": round(fact.score, 3),
                "kind": fact.kind,
                "time": rfc3339(fact.at_s),
                "memory": fact.row_id,
                "used": fact.text in recall.used,
            }
            for fact in recall.facts
        ]
        return {"turns": turns, "recalled": facts}

    # -- kept replies ----------------------------------------------------------------------------

    def _cache_entries(self, record: records.CacheEntriesRecord, on_done: OnDone) -> None:
        wanted = Wanted(record.key, record.grep, record.role)

        def look() -> Fields:
            found = list(self._cache.rows(wanted, readable))
            newest = nlargest(record.limit, found, key=lambda row: row.used_s)
            answer = {"entries": _fitting([entry_line(row, readable) for row in newest]), "total": len(found)}
            return answer | {"shared": self._cache.stats().get("shared")}

        self._slow.run(look, on_done)

    def _purge_cache(self, record: records.PurgeCacheRecord, on_done: OnDone) -> None:
        wanted = Wanted(record.key, record.grep, record.role, time.time() if record.expired else None)

        def purge() -> Fields:
            if record.all:
                return {"purged": self._cache.purge(None)}
            return {"purged": self._cache.purge_rows(wanted, readable)}

        def on_purged(outcome: Fields | AgentdError) -> None:
            if not isinstance(outcome, AgentdError):
                named = {"key": record.key, "grep": record.grep, "role": record.role, "expired": record.expired or None}
                words = [f"{name}: {value}" for name, value in named.items() if value is not None]
                self._audit.note_change(record, "purge_cache", "all" if record.all else ", ".join(words), after=outcome)
            on_done(outcome)

        self._slow.run(purge, on_purged)

    # -- the model -------------------------------------------------------------------------------

    def _model(self, _: Record, on_done: OnDone) -> None:
        info = self._lanes.require_info()
        facts = asdict(info) | {"features": sorted(info.features), "languages": list(info.languages)}
        width = self._lanes.stats().get("useful_batch_size")
        self._slow.run(lambda: {"model": facts | {"width": width} | _of_file(info.path)}, on_done)

    def _self_test(self, _: Record, on_done: OnDone) -> None:
        self._lanes.require_info()
        self_test.run(self.ask, on_done)


def _nobody(record: Fields, on_answer: Callable[[Fields], None]) -> None:
    raise AssertionError("the pipeline is not built yet")


def _side(row: Row) -> str:
    return f"{row.said} → {row.text}" if row.said else row.text


def _fitting(rows: list[Fields]) -> list[Fields]:
    """The first rows that fit into one record; whoever asks sees that there are fewer, and asks for less."""
    size = 0
    kept: list[Fields] = []
    for row in rows:
        size += len(orjson.dumps(row))
        if size > ANSWER_MAX_BYTES and kept:
            break
        kept.append(row)
    return kept


def _of_file(path: str) -> Fields:
    """What the model's own file says: name, licence, kind. Nothing of an engine without a file."""
    if not path:
        return {"license": None}
    try:
        metadata = read_header(Path(path)).metadata
    except (StartError, OSError) as error:  # deleted, or replaced meanwhile
        return {"license": None, "problem": str(error)}
    return {
        "name": metadata.get("general.name"),
        "license": metadata.get(LICENSE),
        "architecture": metadata.get("general.architecture"),
        "file_bytes": Path(path).stat().st_size,
    }
