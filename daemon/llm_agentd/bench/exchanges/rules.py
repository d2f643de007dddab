"""Judges one exchange by rule: who answered, what was done, whether the words belong to it, quests, facts, forms.

Pure. A finding names its kind, whether it is right, and why not. An exchange fails if one of its findings is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_agentd.bench.exchanges import deed_words
from llm_agentd.bench.exchanges.number_words import goods, names_item, numbers, other_goods
from llm_agentd.bench.exchanges.play import Played
from llm_agentd.bench.exchanges.script import PLAYER

MOVED, BESIDE = 1.0, 4.0  # nodes: it has come so much nearer, or is there
EARSHOT = 10.0
PAY = re.compile(
    r"pay|paid|coins?|reward|earn|thank|lohn|bezahl|münze|dank|verdien|récompense|payé|merci|pièce|salaire|gagn|"
    r"paga|moneda|gracias|recompensa|плат|монет|наград|спасибо|заработ",
    re.IGNORECASE,
)
WORDS_OF_DEEDS = "words of deeds"  # counts once more what "word and deed" finds, where there was a deed
_ASKS = re.compile(r"(?:asks|would pay) (\d+)")
_ONE = re.compile(r"\b(?:1|one|another|eine?n?|une?|una|один|одного|одну)\b", re.IGNORECASE)
_NOISE = ("emote",)  # a gesture beside words is judged by the words


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    why: str = ""  # empty: it is right

    @property
    def ok(self) -> bool:
        return not self.why


class Seen:
    """What of an exchange the rules ask for, in the terms of the script."""

    def __init__(self, played: Played, items: Mapping[str, Mapping[str, str]]) -> None:
        self.played, self.exchange, self.items = played, played.exchange, items
        self.asked = [
            event for event in played.of("reply", player=PLAYER) if (event.get("asked") or "") == self.exchange.words
        ]

    def lines(self, npc: str | None = None) -> list[str]:
        """What an NPC (or all) said to the player, aloud or in the dialog, each once."""
        spoken = list(self.played.of("say", to=PLAYER))
        private = [event for event in self.played.of("reply", player=PLAYER) if event.get("asked")]
        texts = [event["text"] for event in (*spoken, *private) if npc in (None, event["npc"]) and event["text"]]
        return list(dict.fromkeys(texts))

    def answered(self) -> set[str]:
        return {event["npc"] for event in self.asked} | {event["npc"] for event in self.played.of("say", to=PLAYER)}

    def deeds(self, npc: str, *, ok: bool = True) -> list[Mapping[str, Any]]:
        """Deeds of an NPC for the player; a fight's orders have no asker."""
        return [
            event
            for event in self.played.of("action", npc=npc, ok=ok)
            if event.get("player") == PLAYER or (not event.get("player") and event["name"] in deed_words.UNASKED)
        ]

    def quests(self) -> list[Mapping[str, Any]]:
        return self.played.of("quest", player=PLAYER)

    def shown(self) -> str:
        return "\n".join(event["text"] for event in self.played.of("told") + self.played.of("form"))


def judge(played: Played, items: Mapping[str, Mapping[str, str]]) -> list[Finding]:
    seen = Seen(played, items)
    found = [*_addressee(seen), *_deeds(seen), *_agreement(seen), *_quest(seen), *_facts(seen), *_forms(seen)]
    return [*found, *_told(seen)]


# Who is meant ---------------------------------------------------------------------------------------------------------


def _addressee(seen: Seen) -> Iterator[Finding]:
    exchange = seen.exchange
    if exchange.greets is not None:
        came = len(seen.answered())
        yield Finding("greetings", "" if came == exchange.greets else f"{came} greet, not {exchange.greets}")
    if exchange.to is None:
        return
    answered, meant = seen.answered(), set(exchange.meant)
    right = bool(answered) and answered <= meant if exchange.either else answered == meant
    yield Finding("addressee", "" if right else f"{_names(answered)} answered, meant was {_names(meant)}")


def _names(names: set[str]) -> str:
    return " and ".join(sorted(names)) or "nobody"


# What is done ---------------------------------------------------------------------------------------------------------


def _deeds(seen: Seen) -> Iterator[Finding]:
    if not (seen.exchange.words or seen.exchange.does):
        return
    for npc in seen.played.scene.people:
        wanted = seen.exchange.deeds_of(npc)
        done = [event for event in seen.deeds(npc) if event["name"] not in _NOISE or wanted]
        extra = [f"{npc} does {_deed_text(event)}" for event in done if not _is_right(seen, npc, event, wanted)]
        lacks = _missing_deed(seen, npc, wanted, done) if wanted else ""
        if wanted or extra or npc in seen.exchange.meant:
            yield Finding("deed", "; ".join(filter(None, [lacks, *extra])))


def _is_right(seen: Seen, npc: str, event: Mapping[str, Any], wanted: Sequence[tuple[str, str]]) -> bool:
    name = deed_words.family(event["name"])
    if name in _NOISE and not any(deed in _NOISE for deed, _ in wanted):
        return True
    if name in seen.exchange.may or f"{npc} {name}" in seen.exchange.may:
        return True
    if seen.exchange.quest and name in ("offer_quest", "complete_quest"):
        return True  # judged as a quest
    return any(name == deed and target.lower() in _deed_text(event).lower() for deed, target in wanted)


def _missing_deed(seen: Seen, npc: str, wanted: Sequence[tuple[str, str]], done: Sequence[Mapping[str, Any]]) -> str:
    """Why none of what is wanted was done, or seen to be done."""
    if any(deed == "attack" for deed, _ in wanted) and seen.played.of("blow", npc=npc):
        return ""
    names = {deed_words.family(event["name"]) for event in done if _is_right(seen, npc, event, wanted)}
    for deed, target in wanted:
        if deed in names:
            return _still(seen, npc, deed, target) if deed in ("follow", "go_to", "attack", "flee") else ""
    return f"{npc} does not {' or '.join(f'{deed} {target}'.strip() for deed, target in wanted)}"


def _still(seen: Seen, npc: str, deed: str, target: str) -> str:
    before, after = seen.played.before, seen.played.after
    goal = target if target in after else PLAYER
    if npc not in before or npc not in after or goal not in after:
        return ""
    was, now = math.dist(before[npc], before.get(goal, after[goal])), math.dist(after[npc], after[goal])
    if deed == "flee":
        return "" if math.dist(before[npc], after[npc]) > MOVED else f"{npc} flees and stands there"
    moved = now < was - MOVED or now < BESIDE or math.dist(before[npc], after[npc]) > MOVED
    return "" if moved else f"{npc} says it goes to {goal}, and stands there"


def _deed_text(event: Mapping[str, Any]) -> str:
    params = event.get("params") or {}
    return " ".join(
        [event["name"], *(f"{value:g}" if isinstance(value, float) else str(value) for value in params.values())]
    )


# Words and deeds ------------------------------------------------------------------------------------------------------


def _agreement(seen: Seen) -> Iterator[Finding]:
    for npc in sorted(seen.answered()):
        line = " ".join(seen.lines(npc))
        if not seen.exchange.words or not line:
            continue
        why = "; ".join(dict.fromkeys(_disagreements(seen, npc, line)))
        yield Finding("word and deed", why)
        if seen.deeds(npc) or seen.deeds(npc, ok=False) or why:
            yield Finding(WORDS_OF_DEEDS, why)


def _disagreements(seen: Seen, npc: str, line: str) -> Iterator[str]:
    done, failed = seen.deeds(npc), seen.deeds(npc, ok=False)
    names = {event["name"] for event in done}
    states = {event["state"] for event in seen.quests() if event["npc"] == npc}
    fights = bool(seen.played.of("blow", npc=npc))
    for event in done:
        why = _emote_disagrees(seen, event, line) if event["name"] == "emote" else _deed_disagrees(seen, event, line)
        if why:
            yield f"{npc}: {why}"
    for event in failed:
        if deed_words.claims(line, event["name"]) and not deed_words.DENY.search(line) and not event.get("message"):
            yield f"{npc}: says it does {event['name']}, which failed"
    if "offer_trade" not in names and (told := _haggled(seen, npc)) and not told & numbers(line):
        yield f"{npc}: the chat says {sorted(told)} coins, the line nothing of it"
    if seen.exchange.quest == "offered" and not states and numbers(line) and PAY.search(line):
        yield f"{npc}: offers work in words, and none in deed"
    if not names - {"emote"} and not states and not fights and not failed:
        for deed in deed_words.promised(line):
            yield f"{npc}: says {deed}, and does nothing"


def _deed_disagrees(seen: Seen, event: Mapping[str, Any], line: str) -> str | None:
    name, params = event["name"], event.get("params") or {}
    if name in ("offer_quest", "complete_quest"):
        return None  # _quest
    if name != "offer_trade":
        return deed_words.disagreement(line, name)
    count, price = int(params.get("count", 1)), int(params.get("price", 0))
    if said := _ASKS.search(event.get("message") or ""):
        price = int(said[1])  # what holds, whatever the model named
    wrong = numbers(line) - {count, price, count * price} - numbers(seen.exchange.words)
    if wrong:
        return f"offers {count} for {price} each and says {sorted(wrong)}"
    if not names_item(line, str(params.get("item", "")), seen.items) and not {price, count * price} & numbers(line):
        return "makes an offer, and the line has nothing to do with it"
    return "offers and refuses" if re.search(r"\bno (?:more|such)\b|sold out", line) else None


def _haggled(seen: Seen, npc: str) -> set[int]:
    """The price that the game says this NPC asks or pays, where the player named one."""
    lines = [event["text"] for event in seen.played.of("told") if event["text"].startswith(f"{npc} ")]
    return {int(found[1]) for line in lines if (found := _ASKS.search(line))}


def _emote_disagrees(seen: Seen, event: Mapping[str, Any], line: str) -> str | None:
    kind, asked = (event.get("params") or {}).get("kind"), bool(deed_words.FAREWELL.search(seen.exchange.words))
    if kind == "wave" and deed_words.FAREWELL.search(line) and not asked:
        return "waves and says farewell"
    if deed_words.DENY.search(line) and seen.exchange.does:
        return f"does {kind} and refuses"
    return None


# Quests ---------------------------------------------------------------------------------------------------------------


def _quest(seen: Seen) -> Iterator[Finding]:
    exchange, events = seen.exchange, seen.quests()
    states = [event["state"] for event in events]
    if exchange.quest:
        wanted = [] if exchange.quest == "none" else [exchange.quest]
        right = exchange.quest in states if wanted else not states
        yield Finding(
            "quest", "" if right else f"the quest is {' and '.join(states) or 'as before'}, not {exchange.quest}"
        )
    elif exchange.words and "offered" in states:
        yield Finding("quest", f"{events[0]['npc']} offers a quest that nobody asked for")
    elif exchange.words:
        for npc in sorted(seen.answered()):
            line = " ".join(seen.lines(npc))
            if not seen.played.scene.people[npc].quest and deed_words.TASK.search(line):
                yield Finding("quest words", f"{npc} speaks of a task, and nobody asked: {line!r}")
    for event in events:
        if event["state"] in ("offered", "accepted", "refused", "paid"):
            yield Finding("quest words", "; ".join(_quest_words(seen, event)))
    if exchange.missing:
        line = " ".join(seen.lines(exchange.meant[0]) if exchange.meant else seen.lines())
        number, _, thing = exchange.missing.partition(" ")
        named = _ONE.search(line) if number == "1" else int(number) in numbers(line)
        why = [] if named else [f"does not say that {number} are missing"]
        why += [] if names_item(line, thing, seen.items) else [f"does not name {thing}"]
        yield Finding("quest words", "; ".join(why))


def _quest_words(seen: Seen, event: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the words of who gives the quest, or takes delivery; of the game's, where both are silent."""
    quest, state = event["quest"], event["state"]
    speakers = [npc for npc in (event["npc"], quest.get("target_name")) if npc and seen.lines(npc)]
    line = " ".join(text for npc in speakers for text in seen.lines(npc)) or seen.shown()
    reward = {item: int(count) for item, count in (quest.get("reward") or {}).items()}
    things = [item for item in (quest.get("item"), *(quest.get("carries") or {}), *reward) if item]
    count = int(quest.get("count") or 1)
    allowed = {
        count,
        *reward.values(),
        int(quest.get("progress") or 0),
        count - int(quest.get("progress") or 0),
        60,
        24,
    }
    allowed |= {int(number) for number in (quest.get("carries") or {}).values()}
    if speakers and (wrong := numbers(line) - allowed - numbers(seen.exchange.words)):
        yield f"{state}: says {sorted(wrong)}, the quest has {count} and pays {sorted(reward.values())}"
    about = [
        *things[: len(things) - len(reward)],
        *([quest["target"]] if quest.get("target") and quest["kind"] != "deliver" else []),
    ]
    if quest.get("target_name"):
        about.append(quest["target_name"])
    if state == "offered" and (wrong_goods := other_goods(line, things) - goods(seen.exchange.words)):
        # later a word may be "like iron"
        yield f"{state}: speaks of {', '.join(sorted(wrong_goods))}"
    if speakers and deed_words.CONFUSED.search(line):
        yield f"{state}: says that it does not understand"
    if state == "offered":
        yield from _offer_lacks(seen, line, quest, about, count, reward)
    if state == "paid" and not (PAY.search(line) or any(names_item(line, item, seen.items) for item in reward)):
        yield "paid: the line has nothing to do with it"


def _offer_lacks(
    seen: Seen, line: str, quest: Mapping[str, Any], about: Sequence[str], count: int, reward: Mapping[str, int]
) -> Iterator[str]:
    if about and not any(names_item(line, thing, seen.items) for thing in about):
        yield f"offered: does not name {about[0]}"
    if count > 1 and count not in numbers(line):
        yield f"offered: does not say {count}"
    said = numbers(line) | ({1} if 1 in reward.values() else set())
    if not all(number in said for number in reward.values()):
        yield f"offered: does not say that it pays {sorted(reward.values())}"
    if quest["kind"] == "task" and quest.get("title", "").lower()[:8] not in line.lower():
        yield "offered: does not say what is to be done"


# Facts and forms ------------------------------------------------------------------------------------------------------


def _facts(seen: Seen) -> Iterator[Finding]:
    exchange = seen.exchange
    if not (exchange.fact or exchange.wrong or exchange.near or exchange.sells):
        return
    npc = exchange.meant[0] if len(exchange.meant) == 1 else None
    line = " ".join(seen.lines(npc)) if exchange.words else seen.shown()
    why = [f"does not say {fact}" for fact in exchange.fact if not re.search(fact, line, re.IGNORECASE)]
    why += [f"says {wrong}" for wrong in exchange.wrong if re.search(wrong, line, re.IGNORECASE)]
    why += _near(seen, npc or "", line) if exchange.near else []
    why += _sells(seen, npc or "", line) if exchange.sells else []
    yield Finding("facts", "; ".join(why))


def _near(seen: Seen, npc: str, line: str) -> list[str]:
    there = [name for name in seen.played.scene.people if name != npc]
    return [] if any(re.search(rf"\b{name}\b", line, re.IGNORECASE) for name in there) else ["names nobody who is near"]


def _sells(seen: Seen, npc: str, line: str) -> list[str]:
    stock = [item for item, count in (seen.played.goods.get(npc) or {}).items() if count > 0]
    named = [item for item in stock if "coin" not in item and names_item(line, item, seen.items)]
    why = [] if named else ["names nothing that it sells"]
    return why + [f"says it has {thing}" for thing in sorted(other_goods(line, stock))]


def _forms(seen: Seen) -> Iterator[Finding]:
    exchange, forms = seen.exchange, seen.played.of("form")
    invited = exchange.click or exchange.type or exchange.command or exchange.form
    if not invited:
        yield Finding("forms", f"{forms[0]['name']} opens uninvited" if forms else "")
    elif exchange.form:
        shown = any(re.search(exchange.form, form["text"], re.IGNORECASE) for form in forms)
        yield Finding("forms asked for", "" if shown else f"no form shows {exchange.form}")


def _told(seen: Seen) -> Iterator[Finding]:
    for words in seen.exchange.told:
        found = re.search(words, "\n".join([seen.shown(), *seen.lines()]), re.IGNORECASE)
        yield Finding("told", "" if found else f"nothing in the chat says {words}")
