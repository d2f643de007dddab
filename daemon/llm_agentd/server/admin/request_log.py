"""The request log: what NPCs were asked and answered last, how it ended, and what came of it in the game.

Router thread. `add` is at the end of every request, so it does next to nothing: it keeps what the request has already,
and makes no text of it. Rows, parts of prompts and times as text are made when somebody looks. What is kept is bounded
by number and by bytes, whatever comes. In private mode no text of players, prompts or replies is ever kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from sys import getsizeof
from typing import Any, TypeAlias

import orjson

from llm_agentd.errors import (
    AgentdError,
    BadRequest,
    Cancelled,
    DeadlineExceeded,
    EngineFailed,
    Overloaded,
    Unavailable,
)
from llm_agentd.prompt.placeholders import readable
from llm_agentd.protocol.admin_records import Acted, RequestsRecord, SpokenRecord
from llm_agentd.scheduler.explain import chat_parts
from llm_agentd.types import NAME_MAX_CHARS, ChatPrompt, Mind, Peer, Request
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import rfc3339

Row: TypeAlias = dict[str, Any]

KEEP = 500  # requests: half an hour of a busy village
MAX_BYTES = 16 * 2**20  # of them; 500 with prompts of 32 KB
ENTRY_BYTES = 1500  # of an entry beside its texts, about: objects, names, numbers
ACTION_TOKEN_BYTES = 8  # of an action's parameters, in memory; nobody counts them more exactly
SHOWN_MAX_CHARS = 400  # of what was said and answered, in a list; all of it is with the single request
ANSWER_MAX_BYTES = 192 * 1024  # of a list: under the wire's 256 KiB a record
TEXT_MAX_CHARS = 24 * 1024  # of one text of a single request: a prompt of 32 KiB is there twice, whole and by part
UNCHECKED_MAX_CHARS = 2000  # of a text in a record that was refused: as long as anything said at once
SPOKEN_SHARE = 0.25  # of the entries: a reply has three sentences, and they must not push out what was asked
REFUSALS_PER_S = 10  # `overloaded` ones that are kept: a flood of them must not push out what NPCs said
# Errors whose message never holds a text of the request: in private mode the others lose theirs.
_PLAIN = {one.code for one in (AgentdError, Cancelled, DeadlineExceeded, EngineFailed, Overloaded, Unavailable)}
_SECRET_OPTIONS = ("json_schema", "grammar")  # as long as a client likes; that they were given says enough
_OPTIONS = (
    "max_tokens", "temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed", "stop", "stream", "deadline_ms",
    "cache", "remember", "durable",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Entry:
    """One request that has ended. `prompt` and `raw` go first where room is needed; `acted` and `fallback` come later.

    `answer`: the fields of its last record, which was built for the wire anyway.
    """

    seq: int
    at_s: float
    key: tuple[Peer, str]
    record: Mapping[str, Any]
    answer: Mapping[str, Any]
    prompt: ChatPrompt | str | None
    raw: str
    engine: str
    total_ms: float | None
    bytes: int = 0
    chars: tuple[int, int] = (0, 0)  # of what was said, and of the answer
    acted: dict[str, Any] | None = None
    fallback: str | None = None

    @property
    def outcome(self) -> str:
        return str(self.answer.get("code", "done"))

    @property
    def is_spoken(self) -> bool:
        return self.record.get("op") == "spoken"

    @property
    def npc(self) -> Mapping[str, Any]:
        npc = self.record.get("npc")
        return npc if isinstance(npc, dict) else {}


class RequestLog:
    """`keep` 0: nothing is kept. `on_add`: called with each new entry, also where none are kept."""

    def __init__(
        self,
        *,
        keep: int = KEEP,
        max_bytes: int = MAX_BYTES,
        is_private: bool = False,
        now_s: Callable[[], float] = steady_time_s,
    ) -> None:
        self._keep = keep
        self._max_bytes = max_bytes
        self.is_private = is_private
        self._now_s = now_s
        self._seq = 0
        self._entries: deque[Entry] = deque()
        self._spoken = 0  # of these, the sentences that were spoken
        self._by_key: dict[tuple[Peer, str], Entry] = {}
        self._refusals: tuple[int, int] = (0, 0)  # the second, and how many so far in it
        self.bytes = 0
        self.engine: Callable[[Mind], str] = lambda mind: ""  # its name, as long as there is one
        self.on_add: Callable[[Entry], None] = lambda entry: None

    def __len__(self) -> int:
        return len(self._entries)

    def configure(self, *, keep: int, max_bytes: int, is_private: bool) -> None:
        """Other bounds from now on. Of what was kept before it became private nothing stays."""
        if is_private and not self.is_private:
            self.clear()
        self._keep, self._max_bytes, self.is_private = keep, max_bytes, is_private
        self._trim()

    # -- on the way of a request ---------------------------------------------------------------------

    def add(
        self,
        peer: Peer,
        record: Mapping[str, Any],
        request: Request | None,
        answer: Mapping[str, Any],
        raw: str = "",
        total_ms: float | None = None,
    ) -> Entry | None:
        """A generation has ended. `request` None: it was refused before it became one. None: it is not kept."""
        now_s = self._now_s()
        if answer.get("code") == Overloaded.code and self._is_flood(now_s):
            return None
        self._seq += 1
        said, text = _text(record.get("utterance")), _text(answer.get("text"))
        if self.is_private:
            record, answer, prompt, raw = _private_record(record), _private_answer(answer), None, ""
        else:
            record = _kept_record(record if request is not None else _bounded(record))
            prompt = request.prompt if request is not None else None
        key, engine = (peer, str(record.get("id"))), self.engine(request.mind if request else "")
        entry = Entry(self._seq, now_s, key, record, answer, prompt, raw, engine, total_ms)
        entry.chars = len(said), len(text)
        entry.bytes = ENTRY_BYTES + getsizeof(raw) + _prompt_bytes(prompt)
        if not self.is_private:
            tokens = request.sampling.max_tokens if request is not None and answer.get("action") else 0
            entry.bytes += getsizeof(said) + getsizeof(text) + ACTION_TOKEN_BYTES * tokens
        if self._keep:
            self._append(entry)
        self.on_add(entry)
        return entry

    def add_spoken(self, record: SpokenRecord) -> None:
        """A sentence was spoken. It is no request of a model: neither rates nor the event stream hear of it."""
        if not self._keep:
            return
        self._seq += 1
        asked: Mapping[str, Any] = {
            "op": record.op,
            "id": record.id,
            "npc": {"id": record.npc or None, "name": record.name or None, "role": record.role or None},
            "priority": record.priority,
        }
        answer: dict[str, Any] = {
            "text": record.text,
            "lang": record.lang or None,
            "cache": "hit" if record.cached else "miss",
            "timing_ms": record.timing_ms,
        }
        if record.outcome != "done":
            answer |= {"code": record.outcome, "message": record.message, "cache": None}
        if self.is_private:
            asked, answer = _private_record(asked), _private_answer(answer)
        entry = Entry(self._seq, self._now_s(), ((), record.id), asked, answer, None, "", record.engine, None)
        entry.chars = 0, len(record.text)
        entry.bytes = ENTRY_BYTES + (0 if self.is_private else getsizeof(record.text))
        self._spoken += 1
        self._append(entry)
        if self._spoken > max(1, int(self._keep * SPOKEN_SHARE)):
            oldest = next(one for one in self._entries if one.is_spoken)
            self._entries.remove(oldest)
            self._drop(oldest)

    def _is_flood(self, now_s: float) -> bool:
        second, count = self._refusals
        count = count + 1 if second == int(now_s) else 1
        self._refusals = int(now_s), count
        return count > REFUSALS_PER_S

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._by_key[entry.key] = entry
        self.bytes += entry.bytes
        self._trim()

    def _trim(self) -> None:
        while self._entries and (len(self._entries) > self._keep or self.bytes > self._max_bytes):
            self._drop(self._entries.popleft())

    def _drop(self, entry: Entry) -> None:
        """Of one that goes nothing long stays, also where the event stream still has it."""
        self.bytes -= entry.bytes
        self._spoken -= entry.is_spoken
        if self._by_key.get(entry.key) is entry:
            del self._by_key[entry.key]
        entry.prompt, entry.raw = None, ""

    # -- what the game tells later -------------------------------------------------------------------

    def note_acted(self, peer: Peer, acted: Acted) -> Entry | None:
        """What came of a request's action; None where it is not kept any more."""
        entry = self._by_key.get((peer, acted.request))
        if entry is not None:
            message = None if self.is_private else acted.message
            entry.acted = {"ok": acted.ok, "message": message, "action": acted.action}
        return entry

    def note_fallback(self, peer: Peer, request_id: str, reason: str) -> Entry | None:
        """In the place of the request's reply a line of the role was said."""
        entry = self._by_key.get((peer, request_id))
        if entry is not None:
            entry.fallback = reason
        return entry

    # -- for who looks -------------------------------------------------------------------------------

    def rows(self, wanted: RequestsRecord) -> list[Row]:
        """The newest first; fewer than `limit` where they would not fit a record."""
        rows: list[Row] = []
        size = 0
        for entry in self._matching(wanted):
            one = row(entry)
            size += len(orjson.dumps(one, default=str))
            if size > ANSWER_MAX_BYTES:
                break
            rows.append(one)
            if len(rows) == wanted.limit:
                break
        return rows

    def _matching(self, wanted: RequestsRecord) -> Iterator[Entry]:
        grep = wanted.grep.casefold() if wanted.grep else None
        for entry in reversed(self._entries):
            npc = entry.npc
            if wanted.before is not None and entry.seq >= wanted.before:
                continue
            if wanted.npc is not None and wanted.npc not in (npc.get("id"), npc.get("name")):
                continue
            if wanted.player is not None and entry.record.get("player") != wanted.player:
                continue
            if wanted.outcome is not None and entry.outcome != wanted.outcome:
                continue
            if wanted.priority is not None and entry.record.get("priority", "spoken") != wanted.priority:
                continue
            if grep is None or any(grep in text.casefold() for text in _searched(entry)):
                yield entry

    def detail(self, seq: int) -> Row:
        """All that is known of one. Raises BadRequest where it is not kept."""
        entry = next((one for one in self._entries if one.seq == seq), None)
        if entry is None:
            kept = f"{self._entries[0].seq} to {self._entries[-1].seq}" if self._entries else "none"
            raise BadRequest(
                f"seq: request {seq} is not kept (any more); kept: {kept}. requests.keep says how many are"
            )
        messages, parts = _shown_prompt(entry.prompt)
        given = {name: entry.record[name] for name in _OPTIONS if name in entry.record}
        return row(entry) | {
            "messages": messages,
            "parts": parts,
            "reply": _cut(entry.answer.get("text")),
            "raw": _cut(entry.raw) or None,
            "options": given | {name: "given" for name in _SECRET_OPTIONS if name in entry.record},
        }

    def clear(self) -> int:
        count = len(self._entries)
        for entry in self._entries:
            self._drop(entry)
        self._entries.clear()
        return count

    def forget(self, npc: str | None, player: str | None) -> int:
        """What the memory forgets is not to be read here: all of this NPC, and what is of this player or names them."""
        kept: deque[Entry] = deque()
        for entry in self._entries:
            is_meant = (npc is None or entry.npc.get("id") == npc) and (player is None or _names(entry, player))
            if is_meant:
                self._drop(entry)
                entry.record, entry.answer = _private_record(entry.record), _private_answer(entry.answer)
            else:
                kept.append(entry)
        count = len(self._entries) - len(kept)
        self._entries = kept
        return count


def row(entry: Entry) -> Row:
    """As it stands in a list; also the event of a request."""
    record, answer, npc = entry.record, entry.answer, entry.npc
    return {
        "seq": entry.seq,
        "time": rfc3339(entry.at_s),
        "op": record.get("op"),
        "intent": record.get("intent", "dialogue") if record.get("op") == "think" else None,
        "npc": npc.get("id"),
        "npc_name": npc.get("name"),
        "role": npc.get("role"),
        "player": record.get("player") or None,
        "utterance": _shown(record.get("utterance")),
        "text": _shown(answer.get("text")),
        "chars": {"utterance": entry.chars[0], "text": entry.chars[1]},
        "action": answer.get("action"),
        "outcome": entry.outcome,
        "why": _shown(answer.get("message")),
        "cache": answer.get("cache"),
        "finish": answer.get("finish"),
        "engine": entry.engine,
        "model": answer.get("model"),
        "mind": answer.get("mind"),
        "priority": record.get("priority", "spoken"),
        "lang": answer.get("lang"),
        "timing_ms": answer.get("timing_ms") or {"total": entry.total_ms},
        "usage": answer.get("usage"),
        "acted": entry.acted,
        "fallback": entry.fallback,
    }


_KEPT = ("op", "id", "intent", "player", "utterance", "priority", *_OPTIONS)


def _kept_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of it; the facts are in the prompt, where the model read them."""
    kept = {name: record[name] for name in _KEPT if name in record}
    npc = record.get("npc")
    if isinstance(npc, dict):
        kept["npc"] = {"id": npc.get("id"), "name": npc.get("name"), "role": npc.get("role")}
    kept.update((name, True) for name in _SECRET_OPTIONS if record.get(name) is not None)
    return kept


def _bounded(record: Mapping[str, Any]) -> dict[str, Any]:
    """Of a record that was refused, perhaps for what is in it: any value may be of any type and as long as a record."""
    kept: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, str):
            kept[name] = value[:UNCHECKED_MAX_CHARS]
        elif value is None or isinstance(value, (bool, int, float)):
            kept[name] = value
    npc = record.get("npc")
    if isinstance(npc, dict):
        kept["npc"] = {name: str(npc[name])[:NAME_MAX_CHARS] for name in ("id", "name", "role") if name in npc}
    return kept


def _private_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """`id` stays, as reports name it; it is shown nowhere."""
    npc = record.get("npc")
    role = npc.get("role") if isinstance(npc, dict) else None
    kept = {name: record[name] for name in ("op", "id", "intent", "priority") if name in record}
    return {**kept, "npc": {"role": role}}


def _private_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    dropped = {"text", "action"} if answer.get("code", "") in ("", *_PLAIN) else {"text", "action", "message"}
    return {name: value for name, value in answer.items() if name not in dropped}


def _prompt_bytes(prompt: ChatPrompt | str | None) -> int:
    if isinstance(prompt, ChatPrompt):
        return sum([getsizeof(message.content) for message in prompt.messages])
    return getsizeof(prompt)


def _shown_prompt(prompt: ChatPrompt | str | None) -> tuple[list[Row], list[Row]]:
    """Messages and parts, for people; what is too long for a record is cut."""
    if prompt is None:
        return [], []
    if isinstance(prompt, str):
        return [{"role": "user", "content": _cut(prompt)}], [{"part": "prompt", "message": 0, "text": _cut(prompt)}]

    def shown(text: str) -> str:
        return _cut(readable(text, prompt.slots.words) if prompt.slots else text) or ""

    parts = chat_parts(prompt, prompt.messages) if prompt.lang else ()  # of a client's own chat nobody knows the parts
    return (
        [{"role": message.role, "content": shown(message.content)} for message in prompt.messages],
        [{name: value for name, value in asdict(part).items() if name != "tokens"} | {"text": shown(part.text)}
         for part in parts],
    )  # fmt: skip


def _searched(entry: Entry) -> Iterator[str]:
    texts = (entry.record.get("utterance"), entry.answer.get("text"), entry.answer.get("message"))
    npc = entry.npc
    names = (npc.get("name"), npc.get("id"), npc.get("role"), entry.record.get("player"), entry.fallback)
    return (text for text in (*texts, *names) if isinstance(text, str))


def _names(entry: Entry, player: str) -> bool:
    if entry.record.get("player") == player:
        return True
    prompt = entry.prompt
    texts = [message.content for message in prompt.messages] if isinstance(prompt, ChatPrompt) else [_text(prompt)]
    return any(player in text for text in (*texts, *_searched(entry)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value if len(value) <= SHOWN_MAX_CHARS else value[: SHOWN_MAX_CHARS - 1] + "…"


def _cut(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value if len(value) <= TEXT_MAX_CHARS else f"{value[:TEXT_MAX_CHARS]}… ({len(value)} characters)"
