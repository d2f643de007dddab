"""The exchanges as a reader wants them: what was said and done, line by line, with what a rule found wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llm_agentd.bench.exchanges import rules
from llm_agentd.bench.exchanges.play import Played
from llm_agentd.bench.exchanges.rules import Finding
from llm_agentd.bench.exchanges.script import PLAYER

Verdicts = Mapping[int, Sequence[Finding]]  # number of the exchange, in its order → what was found


def write(played: Sequence[Played], verdicts: Verdicts, *, only_failed: bool = False) -> str:
    """As Markdown."""
    lines: list[str] = []
    scene = None
    for number, one in enumerate(played):
        wrong = [finding for finding in verdicts[number] if not finding.ok and finding.kind != rules.WORDS_OF_DEEDS]
        if only_failed and not wrong:
            continue
        if one.scene is not scene:
            scene = one.scene
            people = ", ".join(f"{name} the {person.role}" for name, person in scene.people.items())
            lines += ["", f"## {scene.scene}", "", f"{one.hour:.0f}:00, {scene.weather or 'no weather'}. {people}", ""]
        lines += [f"{number + 1}. {'✗' if wrong else '✓'} {_deeds(one)}"]
        lines += [f"   - {event}" for event in _events(one)]
        lines += [f"   - **✗ {finding.kind}: {finding.why}**" for finding in wrong]
    return "\n".join(lines).strip() + "\n"


def _deeds(one: Played) -> str:
    return " · ".join(f"{name}: {_short(value)}" for name, value in one.exchange.deeds)


def _short(value: Any) -> str:
    return ": ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _events(one: Played) -> Iterator[str]:
    said = {f"<{event['npc']}> {event['text']}" for event in one.of("say")}
    spoken = {(event["npc"], event["text"]) for event in one.of("say")}
    for event in one.events:
        kind = event["kind"]
        if kind == "reply" and event.get("code"):
            yield f"({event['npc']}: a fallback line, {event['code']})"
        if kind == "say":
            yield f"{event['npc']}{_to(event)}: {event['text']}"
        elif kind == "reply" and event.get("player") == PLAYER and (event["npc"], event["text"]) not in spoken:
            yield f"{event['npc']} (privately): {event['text']}"
        elif kind == "told" and event["text"] not in said:
            yield f"chat: {event['text']}"
        elif kind == "action":
            done = "does" if event["ok"] else "fails to do"
            params = " ".join(map(str, (event.get("params") or {}).values()))
            yield f"*{event['npc']} {done} {event['name']} {params}*"
        elif kind == "quest":
            yield f"*quest of {event['npc']}: {event['state']}*"
        elif kind == "form":
            yield f"*form {event['name']}*"
        elif kind in ("trade", "death"):
            yield f"*{kind} {event.get('npc') or event.get('name')}*"
    blows = {(event["npc"], event["to"]) for event in one.of("blow")}
    yield from (f"*{npc} strikes {to}*" for npc, to in sorted(blows))


def _to(event: Mapping[str, Any]) -> str:
    return "" if event.get("to") in (None, PLAYER) else f" to {event['to']}"
