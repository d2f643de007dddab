"""The demo's terminal: what to show of the game server's log lines, the story first, and how.

Main thread. Until the story is told only its lines are shown (llm_village/story.lua says which there are); after
that, and in a game where it cannot be played, what other visitors ask. Knows log lines, nothing of processes; time is
passed in.
"""

from __future__ import annotations

from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape

from llm_agentd.demo.game import STATS, STORY, VISIT

VISIT_EVERY_S = 2.0  # slow enough to read


class Storyteller:
    """Prints line after line. `stats`: the village's last figures; empty before the first."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_telling = False
        self._heading = ""  # waits for the first line below it
        self._next_visit_s = 0.0
        self.stats: dict[str, Any] = {}

    def show(self, line: str, now_s: float) -> None:
        """Prints what a person wants to see of a log line, or takes up the figures that it carries."""
        if found := STATS.search(line):
            self.stats = orjson.loads(found.group(1))
        elif found := STORY.search(line):
            self._tell(orjson.loads(found.group(1)))
        elif found := VISIT.search(line):
            self._show_visit(orjson.loads(found.group(1)), now_s)
        elif "ERROR[" in line and "ERROR[CurlFetch]" not in line:
            self._console.print(f"[red]{escape(line)}[/]")

    def _tell(self, told: dict[str, Any]) -> None:
        text = escape(str(told.get("text", "")))
        match told["kind"]:
            case "soon":
                self._is_telling = True
            case "scene":
                self._console.print(f"\n[bold]{text}[/]")
            case "say":
                self._say(told["who"], told["to"], told["text"])
            case "answer":
                self._answer(told)
            case "effect":
                self._console.print(f"    [green]· {text}[/]")
            case "note":
                self._console.print(f"    [yellow]! {text}[/]")
            case "end":
                self._end(told.get("left_out") or [])

    def _say(self, who: str, to: str, text: str) -> None:
        self._console.print(f"[bold]{escape(who)}[/] → {escape(to)}: {escape(text)}")

    def _answer(self, told: dict[str, Any]) -> None:
        listener = f" → {escape(told['to'])}" if "to" in told else ""
        ms = told.get("ms", 0)  # what a rule says takes no time that would tell anything
        origin = f"{told['how']}, {ms:.0f} ms" if ms else told["how"]
        self._console.print(
            f"  [bold cyan]{escape(told['who'])}[/]{listener}: {escape(told['text'])} [dim]({escape(origin)})[/]"
        )

    def _end(self, left_out: list[str]) -> None:
        self._is_telling = False
        if left_out:
            self._console.print(f"\n[yellow]Left out, for want of time: {escape('; '.join(left_out))}[/]")
        self._heading = "Elsewhere in the village"

    def _show_visit(self, visit: dict[str, Any], now_s: float) -> None:
        if self._is_telling or now_s < self._next_visit_s:
            return
        self._next_visit_s = now_s + VISIT_EVERY_S
        if self._heading:
            self._console.print(f"\n[bold]{self._heading}[/]")
            self._heading = ""
        self._say(visit["visitor"], visit["who"], visit["asked"])
        self._answer(visit)
