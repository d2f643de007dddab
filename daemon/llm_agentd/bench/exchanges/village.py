"""Judges what only a whole scene shows: greetings by the hour, cries after a death, gossip, lines said by two."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from llm_agentd.bench.exchanges.deed_words import CLAIMS
from llm_agentd.bench.exchanges.play import Played
from llm_agentd.bench.exchanges.rules import Finding
from llm_agentd.bench.exchanges.script import PLAYER

MINUTE_S, FIGHT_S = 60.0, 10.0
ECHO_WORDS, ECHO_LETTERS = (
    3,
    5,
)  # so many of the player's words in a row, one of them long: "what do you" is nobody's own
# A greeting of a part of the day, and the hours that it fits.
GREETINGS = (
    (r"good morning|guten morgen|buenos días|доброе утро|с добрым утром", 4, 12),
    (r"good afternoon|добрый день|good day|guten tag", 7, 19),
    (r"bonjour", 4, 19),
    (r"buenas tardes", 12, 21),
    (r"good evening|guten abend|bonsoir|добрый вечер|evening to you", 16, 24),
    (r"(?<!good )\bmorning,", 4, 12),
    (r"(?<!good )\bevening,", 16, 24),
)
_VICTORY = re.compile(
    r"dead|down|over|done|won|well fought|no more|rest|safe|beaten|finished|tot|mort|muert|мёртв|конч", re.IGNORECASE
)

_HELLO = re.compile(
    r"^(?:hello|hi|hey|welcome|good (?:day|morning|evening)|guten|hallo|bonjour|bonsoir|salut|hola|buen[oa]s|привет|"
    r"добр)",
    re.IGNORECASE,
)

Judged = list[tuple[Played, Finding]]


def judge(scene: Sequence[Played]) -> Judged:
    """All exchanges of one scene, in their order."""
    found = [*_hours(scene), *_cries(scene), *_in_fights(scene), *_gossip(scene), *_twice(scene), *_dialogs(scene)]
    return [*found, *_echoes(scene), *_warnings(scene)]


def _hours(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    for played in scene:
        for event in played.of("say"):
            for words, begin, end in GREETINGS:
                if re.search(rf"(?:^|[.!?…] )(?:\w+, )?(?:{words})", event["text"], re.IGNORECASE):
                    fits = begin <= played.hour < end
                    why = "" if fits else f"{event['npc']} says {event['text']!r} at {played.hour:.0f}:00"
                    yield played, Finding("greetings fit the hour", why)


def _cries(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    death_s = None
    for played in scene:
        for event in played.events:
            at_s = played.at_s + event["t"]
            if event["kind"] == "death":
                death_s = at_s
                yield played, Finding("cries after a death")
            elif event["kind"] == "say" and death_s is not None and event.get("to") != PLAYER:
                text = event["text"]
                cry = "!" in text and CLAIMS["attack"].search(text) and not _VICTORY.search(text)
                if cry and at_s - death_s < MINUTE_S:
                    yield played, Finding("cries after a death", f"{event['npc']} cries {text!r}")


def _in_fights(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    """Who strikes, or has been struck, does not say good day for a while."""
    fights_s: dict[str, float] = {}
    for played in scene:
        if played.exchange.hit:
            fights_s[played.exchange.hit] = played.at_s
        for event in played.events:
            at_s = played.at_s + event["t"]
            if event["kind"] == "death":
                fights_s.clear()
            elif event["kind"] == "blow":
                fights_s[event["npc"]] = at_s
            elif event["kind"] == "say" and at_s - fights_s.get(event["npc"], -FIGHT_S) < FIGHT_S:
                greets = _HELLO.search(event["text"]) or event.get("to") in played.scene.people
                why = f"{event['npc']} says {event['text']!r}" if greets else ""
                yield played, Finding("greetings and gossip in a fight", why)


def _gossip(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    for played in scene:
        told = {event["text"] for event in played.of("told")}
        for event in played.of("say"):
            # One who takes up what another answered to the player belongs to that talk, and has no such priority.
            if event.get("to") in played.scene.people and event.get("priority") in ("ambient", "background"):
                why = f"{event['npc']} to {event['to']}: {event['text']!r}"
                yield played, Finding("gossip in chat", why if f"<{event['npc']}> {event['text']}" in told else "")


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower().replace(PLAYER.lower(), "")).strip()


def _twice(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    heard: list[tuple[float, str, str]] = []
    for played in scene:
        for event in played.of("say"):
            at_s, text = played.at_s + event["t"], _plain(event["text"])
            same = next(
                (npc for s, npc, said in heard if said == text and npc != event["npc"] and at_s - s < MINUTE_S), None
            )
            heard.append((at_s, event["npc"], text))
            yield (
                played,
                Finding("same line by two", f"{event['npc']} and {same} say {event['text']!r}" if same else ""),
            )


def _dialogs(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    open_with = None
    for played in scene:
        open_with = played.exchange.click or open_with
        if open_with:
            public = [event["text"] for event in played.of("told") if event["text"].startswith(f"<{open_with}> ")]
            yield played, Finding("public lines in a dialog", f"in the chat: {public[0]!r}" if public else "")
        if played.exchange.close:
            open_with = None


def _echoes(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    """A small model that takes what it was told for a fact says it back: "You are an erzähl mir von Otto"."""
    said: list[str] = []
    for played in scene:
        said.append(f" {_plain(played.exchange.words)} ")
        for event in played.of("say", to=PLAYER):
            if played.of("action", npc=event["npc"], ok=True):
                continue  # "I open the door for you": what it was asked for is what it says
            words = _plain(event["text"]).split()
            runs = (" ".join(words[at : at + ECHO_WORDS]) for at in range(len(words) - ECHO_WORDS + 1))
            own = (run for run in runs if max(map(len, run.split())) >= ECHO_LETTERS)
            echo = next((run for run in own if any(f" {run} " in line for line in said)), "")
            yield played, Finding("no echoes", f"{event['npc']} says back {echo!r}: {event['text']!r}" if echo else "")


def _warnings(scene: Sequence[Played]) -> Iterator[tuple[Played, Finding]]:
    """Who strikes the player says something before the first blow."""
    spoke: set[str] = set()
    struck: set[str] = set()
    for played in scene:
        for event in played.events:
            if event["kind"] == "say":
                spoke.add(event["npc"])
            elif event["kind"] == "blow" and event["to"] == PLAYER and event["npc"] not in struck:
                struck.add(event["npc"])
                why = "" if event["npc"] in spoke else f"{event['npc']} strikes without a word"
                yield played, Finding("warnings", why)
