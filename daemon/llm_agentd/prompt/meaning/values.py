"""The values of placeholders that the game tells: who speaks, which good, what it costs, which place, whom to fight.

Router thread. What no fact names may still be found among the player's words.
"""

from __future__ import annotations

import re

from llm_agentd.memory.keywords import concepts, index_words, words_of
from llm_agentd.prompt.meaning.articles import as_many, is_name, listed, plural, the, with_article
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.orders import bargain, orders
from llm_agentd.prompt.meaning.world import is_hurt, texts_of, titled
from llm_agentd.prompt.messages import fact_value
from llm_agentd.topics import Topic, mentions
from llm_agentd.util import sanitize

GOODS_SHOWN = 4
USES = frozenset(("night", "sleep", "stay", "drink", "food", "eat", "weapon", "medicine", "light", "clothes"))
GIFTS = ("give_item", "take_item")
BEAT_ME, BEAT_IT = re.compile(r"^(.+?) beat (?:me|us)\b", re.I), re.compile(r"^(?:I|we) beat (.+?)[.!]?$", re.I)


def find_values(draft: Draft, topic: Topic) -> None:
    _talkers(draft)
    _hour_and_place(draft)
    _people(draft)
    _goods(draft, topic)
    _places(draft, topic)
    _fight(draft)


def _talkers(draft: Draft) -> None:
    think = draft.think
    if think.player:
        draft.words["speaker"] = draft.params["speaker"] = sanitize.name(think.player)
    draft.words["npc"] = sanitize.name(think.npc.name)
    draft.words["title"], draft.words["trade"] = draft.role.title, draft.role.name.replace("_", " ")


def _hour_and_place(draft: Draft) -> None:
    facts, words = draft.world.facts, draft.words
    time, weather, place, held = (fact_value(facts.get(name)) for name in ("time", "weather", "place", "held"))
    words["time"], words["weather"], words["place"] = time, weather, place
    words["goodday"] = draft.topics.about["times"].get(time, "Good day")
    words["badweather"] = weather if weather != "clear" else ""
    words["held"], words["a_held"] = held, with_article(held)


def _people(draft: Draft) -> None:
    talkers = (draft.think.player, draft.think.npc.name)
    others = [(name, title) for name, title in draft.world.people if name not in talkers]
    if others:
        draft.words["near1"] = others[0][0]
        draft.words["near_list"] = listed([f"{name} {title}".strip() for name, title in others])
    said = draft.world.found.get("other")
    if said:
        draft.words["other"], draft.words["other_title"] = said.name, dict(others).get(said.name, "")
        draft.params["other"] = said.name
    if is_hurt(draft.world.facts.get("health")) and "hurt" not in draft.signs:
        draft.signs.append("hurt")


def _goods(draft: Draft, topic: Topic) -> None:
    """The thing that is meant: of the quest, of the stall, or one that the player names and nobody here has."""
    counts = draft.world.need if topic.goods == "need" else draft.world.stock
    if bargain.is_untold(draft):
        draft.signs.append(bargain.UNTOLD)
    thing = _thing(draft, topic)
    if not thing:
        return _offer(draft, topic, "", None)
    draft.words["item"], draft.words["a_item"], draft.words["items"] = thing, with_article(thing), plural(thing)
    draft.params["item"] = thing
    count = counts.get(thing)
    if count:
        draft.words["count"], draft.params["count"] = str(count), count
        draft.words["items"] = as_many(count, thing)
    reward = draft.world.facts.get("reward")
    if topic.goods == "need" and isinstance(reward, (int, float)):
        draft.words["reward"], draft.params["reward"] = str(int(reward)), int(reward)
    _offer(draft, topic, thing, draft.world.prices.get(thing, draft.world.prices.get("")))


def _thing(draft: Draft, topic: Topic) -> str:
    if topic.goods == "need":
        said, need = _thing_said(draft), draft.world.need
        return said if said in need else next(iter(need), "")
    name = _thing_said(draft) or _thing_for(draft) or _thing_said_before(draft)
    if name:
        return name
    unknown = _unknown(draft, topic) if "item" in topic.slots and topic.name != "haggle" else ""
    return unknown or next(iter(draft.world.stock), "") or fact_value(draft.world.facts.get("held"))


def _thing_said(draft: Draft) -> str:
    said = draft.world.found.get("item")
    return draft.compared or (said.name if said else "")


def _thing_for(draft: Draft) -> str:
    """Of the goods, what a use that the player names is for: `what does a night cost`, where there are rooms."""
    uses = [concept for word in words_of(draft.text) if word in USES for concept in concepts(word)]
    goods = [*draft.world.stock, *filter(None, draft.world.prices)]
    return next((name for use in uses for name in goods if use.keys() & set(index_words(name))), "")


def _thing_said_before(draft: Draft) -> str:
    names = [*draft.world.stock, *filter(None, draft.world.prices)]
    before = mentions.find(draft.earlier, names) if draft.earlier else None
    return before.name if before else ""


def _offer(draft: Draft, topic: Topic, thing: str, price: int | None) -> None:
    if price:
        draft.words["price"], draft.params["price"] = str(price), price
    draft.words["goods"] = _shown(draft)
    is_gift = topic.name in bargain.HANDED_OVER
    said = bargain.count_said(draft) if is_gift else bargain.number_said(draft)
    if said is None:
        return
    if is_gift:
        said = min(said, draft.world.most("count", GIFTS))
    if topic.name == "haggle":
        _counter(draft, said, price)
    elif thing and said > 0:
        draft.words["want"], draft.params["want"] = str(said), said
        draft.words["wanted"] = as_many(said, thing)


def _shown(draft: Draft) -> str:
    """The first goods of the stall, with their prices."""
    world, has_counts = draft.world, bool(draft.world.facts.get("stock"))
    shown = [name for name, count in world.stock.items() if count or not has_counts][:GOODS_SHOWN]
    return listed(
        [
            f"{with_article(name)} for {world.prices[name]} coins" if name in world.prices else plural(name)
            for name in shown
        ]
    )


def _counter(draft: Draft, offer: int, price: int | None) -> None:
    """What is asked where less is offered: the middle."""
    draft.words["offer"], draft.params["offer"] = str(offer), offer
    if price:
        counter = (min(offer, price) + price + 1) // 2
        draft.words["counter"], draft.params["counter"] = str(counter), counter
        if offer >= price:
            draft.signs.append("fair")


def _places(draft: Draft, topic: Topic) -> None:
    said = draft.world.found.get("target")
    if said:
        draft.words["target"], draft.params["target"] = the(said.name), said.name
        draft.words["way"] = fact_value(draft.world.ways.get(said.name))
    else:
        _place_unknown(draft, topic)
    if "other" in topic.slots and not draft.words.get("other"):
        draft.words["other"] = titled(_unknown(draft, topic))
    if "told" in topic.slots:
        draft.words["told"] = _unknown(draft, topic)


def _place_unknown(draft: Draft, topic: Topic) -> None:
    if "target" in topic.slots:
        unknown = _unknown(draft, topic)
        draft.words["target"] = the(unknown) if unknown else ""
    if isinstance(draft.world.facts.get("way"), str):
        draft.words["way"] = fact_value(draft.world.facts["way"])


def _unknown(draft: Draft, topic: Topic) -> str:
    ours = {*words_of(draft.think.npc.name), *words_of(draft.think.player or "")}
    return mentions.unknown_words(draft.text, topic.vocabulary, frozenset(ours) | draft.topics.common_words)


def _fight(draft: Draft) -> None:
    _foe(draft)
    _allies(draft)
    if draft.words.get("side"):
        draft.params["side"] = draft.words["side"]
    for line in draft.recalled:
        lost, won = BEAT_ME.match(line), BEAT_IT.match(line)
        if lost or won:
            draft.signs.append("lost" if lost else "won")
            draft.words.setdefault("foe", (lost or won).group(1))  # type: ignore[union-attr]
            break


def _foe(draft: Draft) -> None:
    enemies = texts_of(draft.world.facts.get("enemy"))
    said = draft.world.found.get("foe")
    raw = said.name if said else enemies[0] if enemies else ""
    if raw:
        draft.words["foe"], draft.params["foe"] = the(raw), raw
        draft.words["foe_call"] = raw if is_name(raw) else raw.split()[-1]


def _allies(draft: Draft) -> None:
    allies = texts_of(draft.world.facts.get("allies"))
    doing = " ".join(texts_of(draft.world.facts.get("orders")))
    said_side = orders.SIDE.search(draft.text)
    if said_side:
        draft.words["side"] = said_side.group(1).lower()
    if allies:
        draft.words["ally"] = allies[0]
        if not doing or "attacks" in doing or "holds" in doing:
            draft.signs.append("fronted")
        sides = draft.world.enum("side") or ["left", "right"]
        draft.words.setdefault("side", next((side for side in sides if f"flanks {side}" not in doing), sides[0]))
