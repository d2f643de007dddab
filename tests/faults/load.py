"""A peer of the daemon that keeps book: what it asked, what was acknowledged and when; `gone` compares.

A thread of its own has a DEALER socket; the test calls `start` and `stop`. What was sent to be forgotten is in the book
too: it may be gone without a word.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import zmq

from llm_agentd.client import Client
from llm_agentd.protocol import wire

GROUP_COMMIT_S = 0.5  # what is promised: an acknowledged entry that is older survives kill -9 …
LINGER_S = 0.1  # twice what the writer collects for
ALWAYS_S = 0.0  # … and one that was asked for with `durable` does so at once
BATCH = 6  # records in one message
PAUSE_S = 0.01
NPCS = 7
LISTED = 200  # memories of an NPC, at most, in one answer; two seconds of load write fewer of each
SAMPLED_FROM, SAMPLE = 300, 25  # replies: the last ones are those that a kill could hit


@dataclass
class Book:
    """What was acknowledged, and when (monotonic). A memory, a reply and a role are known by the number in them."""

    memories: dict[int, float] = field(default_factory=dict)
    replies: dict[int, tuple[str, float]] = field(default_factory=dict)
    roles: dict[str, tuple[int, float]] = field(default_factory=dict)  # name → number in its title
    forgets: dict[str, int] = field(default_factory=dict)  # player → number; sent: it may have been done
    forgotten: dict[str, int] = field(default_factory=dict)  # player → number; acknowledged
    asked: int = 0
    answered: int = 0
    errors: list[str] = field(default_factory=list)
    open_durable: dict[int, float] = field(default_factory=dict)  # number → when it was sent
    slowest_commit_s: float = 0.0

    def promised_s(self, killed_s: float, group_commit_s: float) -> float:
        """What was acknowledged before then is on the disk: the group commit, or as long as the disk took for the last.

        That tell the durable requests: one that is still open when the daemon is killed waits for a commit that has not
        come since it was sent, and whatever was acknowledged about then waits with it.
        """
        stalled_s = min(self.open_durable.values(), default=killed_s)
        self.slowest_commit_s = max(self.slowest_commit_s, killed_s - stalled_s)
        self.open_durable.clear()
        return min(killed_s - group_commit_s, stalled_s - LINGER_S)

    def settle(self, before_s: float) -> None:
        """After a kill: what was acknowledged since then may be lost, and is not asked for again."""
        self.memories = {number: at_s for number, at_s in self.memories.items() if at_s < before_s}
        self.replies = {number: value for number, value in self.replies.items() if value[1] < before_s}
        self.roles = {name: value for name, value in self.roles.items() if value[1] < before_s}


class Writer:
    """Puts load on a daemon until it is stopped or the daemon is gone."""

    def __init__(self, endpoint: str, book: Book, numbers: itertools.count[int], rng: random.Random) -> None:
        self._endpoint = endpoint
        self._book = book
        self._numbers = numbers
        self._random = rng
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        context: zmq.Context[Any] = zmq.Context()
        socket = context.socket(zmq.DEALER)
        socket.connect(self._endpoint)
        open_records: dict[str, dict[str, Any]] = {}
        try:
            while not self._stop.wait(PAUSE_S):
                if len(open_records) < 4 * BATCH:
                    records = [self._record() for _ in range(BATCH)]
                    open_records |= {record["id"]: record for record in records}
                    self._note_durable(records)
                    socket.send(b"".join(map(wire.encode, records)))
                    self._book.asked += len(records)
                while socket.poll(0):
                    now_s = time.monotonic()
                    for answer in wire.decode(socket.recv()):
                        assert isinstance(answer, dict)
                        self._take(open_records.pop(answer["id"]), answer, now_s)
        finally:
            socket.close(0)
            context.term()

    def _note_durable(self, records: list[dict[str, Any]]) -> None:
        now_s = time.monotonic()
        self._book.open_durable |= {int(record["id"][1:]): now_s for record in records if record.get("durable")}

    def _record(self) -> dict[str, Any]:
        number = next(self._numbers)
        record_id, kind = f"w{number}", self._random.random()
        if kind < 0.45:
            durable = {"durable": True} if number % 2 else {}
            npc, player, text = f"n{number % NPCS}", player_of(number), memory_text(number)
            if kind < 0.1:
                who = {"id": npc, "name": npc, "role": "smith"}
                return {"op": "think", "id": record_id, "npc": who, "player": player, "utterance": text, **durable}
            line = {"npc": npc, "player": player, "text": text}
            return {"op": "remember", "id": record_id, "lines": [line], **durable}
        if kind < 0.93:
            return {"op": "infer", "id": record_id, "prompt": prompt(number), "seed": number}
        if kind < 0.98:
            role = {"title": f"the keeper of {number}", "persona": "Keeps."}
            return {"op": "set_role", "id": record_id, "name": f"r{number % 20}", "role": role}
        self._book.forgets[player_of(number)] = number
        return {"op": "forget", "id": record_id, "player": player_of(number)}

    def _take(self, asked: dict[str, Any], answer: dict[str, Any], now_s: float) -> None:
        book, number = self._book, int(asked["id"][1:])
        book.answered += 1
        if (sent_s := book.open_durable.pop(number, None)) is not None:
            book.slowest_commit_s = max(book.slowest_commit_s, now_s - sent_s)
        if answer["event"] != "done":
            if answer["code"] not in ("overloaded", "unavailable"):
                book.errors.append(f"{asked['op']}: {answer}")
        elif asked["op"] in ("remember", "think"):
            if answer.get("kept", True):
                book.memories[number] = ALWAYS_S if asked.get("durable") else now_s
        elif asked["op"] == "infer":
            book.replies[number] = answer["text"], now_s
        elif asked["op"] == "set_role":
            book.roles[asked["name"]] = number, now_s
        else:
            book.forgotten[asked["player"]] = number


def player_of(number: int) -> str:
    return f"p{number % 31}"


def memory_text(number: int) -> str:
    return f"Deed number {number} was done"


def number_of(memory: dict[str, Any]) -> int:
    """Of an exchange what the player said has it, of an outcome its text."""
    return int((memory["said"] or memory["text"]).split()[2])


def prompt(number: int) -> str:
    return f"Tell me of thing {number}"


def gone_memories(book: Book, kept: set[int], newest: int | None = None) -> list[str]:
    """Of the acknowledged memories (the `newest`) those that are not kept although nobody had them forgotten."""
    numbers = list(book.memories)[-newest:] if newest else list(book.memories)
    return [
        f"memory {number}"
        for number in numbers
        if number > book.forgets.get(player_of(number), -1) and number not in kept
    ]


def returned_memories(book: Book, kept: set[int]) -> list[str]:
    """Of what was forgotten, and said so, all that is there all the same."""
    return [f"forgotten memory {number}" for number in kept if number < book.forgotten.get(player_of(number), -1)]


def gone(client: Client, book: Book, sample: random.Random) -> list[str]:
    """What was acknowledged and is not there now: the newest memories, some replies, all roles."""
    kept = {number_of(memory) for npc in range(NPCS) for memory in client.memories(f"n{npc}", limit=LISTED)}
    found = gone_memories(book, kept, 2 * LISTED) + returned_memories(book, kept)
    old = list(book.replies)[-SAMPLED_FROM:]
    for number in sample.sample(old, min(len(old), SAMPLE)):
        again = client.infer(prompt(number), seed=number)
        if again.cache != "hit" or again.text != book.replies[number][0]:
            found.append(f"reply {number} ({again.cache})")
    titles = {role["name"]: role["title"] for role in client.roles()["roles"]}
    for name, (number, _) in book.roles.items():
        if name not in titles or int(titles[name].split()[-1]) < number:
            found.append(f"role {name} of {number}: {titles.get(name)}")
    return found
