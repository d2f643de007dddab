"""The model's self-test: three fixed requests through the whole pipeline, as any client's, and what is wrong with each.

Router thread. They go at background priority and past the cache: players come first, and a kept reply proves nothing.
Finds a model that does not answer, holds no form or runs on; how well it talks `model use` and `bench mind` tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from llm_agentd.errors import AgentdError

Fields: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[[Fields, Callable[[Fields], None]], None]  # a record without id; called with its last record

DEADLINE_MS = 60_000  # a large model on a busy machine; the page shows that it waits
FOUND_MAX_CHARS = 400
STOP = "five"
ROLE = {
    "title": "the ferryman",
    "persona": "Bram the ferryman takes travellers over the river, for two coins each.",
}
NPC = {"id": "self-test", "name": "Bram", "role": "ferryman"}
ACTION = {
    "name": "give_item",
    "description": "gives the player something",
    "params": {
        "type": "object",
        "properties": {"item": {"type": "string", "enum": ["bread", "rope"]}, "count": {"type": "integer"}},
        "required": ["item", "count"],
    },
}
OPTIONS = {"cache": "off", "priority": "background", "deadline_ms": DEADLINE_MS}


@dataclass(frozen=True, slots=True)
class Check:
    """`problem` says what is wrong with a reply; "" where nothing is."""

    name: str
    record: Fields
    problem: Callable[[Fields], str]


def _greets(reply: Fields) -> str:
    return "" if any(letter.isalpha() for letter in reply["text"]) else "it says nothing"


def _acts(reply: Fields) -> str:
    """Which action is due the model may judge in its own way; what it chooses must have the form that was asked for."""
    action = reply["action"]
    if action is None:
        return "" if _greets(reply) == "" else "it says nothing and does nothing"
    params = action.get("params") or {}
    is_whole = action.get("name") == ACTION["name"] and params.get("item") in ("bread", "rope")
    return "" if is_whole and isinstance(params.get("count"), int) else "its action has not the form that was asked for"


def _stops(reply: Fields) -> str:
    return f"it goes on behind the stop word {STOP!r}" if STOP in reply["text"] else ""


CHECKS = (
    Check(
        "greeting",
        {"op": "think", "npc": NPC, "draft": ROLE, "player": "Ana", "utterance": "Good evening!", **OPTIONS},
        _greets,
    ),
    Check(
        "action",
        {
            "op": "think", "npc": NPC, "draft": ROLE, "player": "Ana", "utterance": "Please give me two ropes.",
            "actions": [ACTION], **OPTIONS,
        },
        _acts,
    ),
    Check(
        "stop word",
        {"op": "infer", "prompt": "one two three four five six seven", "stop": STOP, "max_tokens": 32, **OPTIONS},
        _stops,
    ),
)  # fmt: skip


def run(ask: Ask, on_done: Callable[[Fields], None], clock: Callable[[], float] = time.monotonic) -> None:
    """Asks one after the other, so that they take one slot of the engine; then `on_done` gets `checks` and `ok`."""
    results: list[Fields] = []

    def next_one() -> None:
        if len(results) == len(CHECKS):
            on_done({"checks": results, "ok": all(result["ok"] for result in results)})
            return
        check, began_s = CHECKS[len(results)], clock()

        def on_answer(answer: Fields) -> None:
            results.append(_result(check, answer, (clock() - began_s) * 1000))
            next_one()

        ask(check.record, on_answer)

    next_one()


def _result(check: Check, answer: Fields, took_ms: float) -> Fields:
    if answer["event"] == "error":
        problem, found = answer["message"], answer["code"]
    else:
        problem, found = check.problem(answer), answer["text"]
        if answer.get("action"):
            found = f"{found} [{answer['action'].get('name')} {answer['action'].get('params') or {}}]".strip()
    asked = check.record.get("utterance") or check.record.get("prompt")
    return {
        "name": check.name,
        "ok": not problem,
        "asked": asked,
        "found": found[:FOUND_MAX_CHARS],
        "problem": problem,
        "ms": round(took_ms, 1),
    }


def refused(error: AgentdError) -> Fields:
    """As the pipeline would have answered."""
    return {"event": "error", "code": error.code, "message": error.message}
