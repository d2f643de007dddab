"""Who buys and who sells, what, and whether a number is a count or a price: told apart by what the game knows.

Router thread.
"""

from __future__ import annotations

import re

from llm_agentd.memory.keywords import words_of
from llm_agentd.memory.sentences import split_sentences
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.orders import orders
from llm_agentd.prompt.meaning.rule_topics import GIVE
from llm_agentd.topics import mentions, normalize

TRADE_TALK = frozenset(["price", "buy", "sell", "haggle", "take", "agree_deal", GIVE])
HANDED_OVER = frozenset([GIVE, "take", "offer_gift", "tell_made_for_you"])  # without coins
WANTED_MAX_WORDS = 4
_CLAUSES = re.compile(r"[,.;!?]")
COUNT_MAX_WORDS = 3  # before a thing that a clause begins with: `two of`, `make it 4`
_ONE_OF = re.compile(r"\W*(?:(?:just|only|ok|then|so|well)\W+)*(?:an?|some|one|the|that) (?:\w+ )?$", re.I)
_WISHED = re.compile(
    r"\bpl[sz]\b|\bplease\b|\b(?:would|'?d|will) be (?:nice|great|lovely|good|perfect|awesome)\b", re.I
)
_BARE = frozenset(["please", "a", "an", "some", "of", "your", "the", "just", "only", "hey", "hi", "ok", "more", "and"])
UNTOLD = "untold"  # the sign of who trades, by the persona, where the game told of no goods
_TRADES = re.compile(
    r"\b(?:sells?|selling|sold|trades? (?!places)|trading|deals in|barters?|shop\w*|stalls?|stores?|wares|market"
    r"|discounts?|haggl\w+|merchants?|pedd?lars?|peddlers?|traders?|vendors?|vending)\b",
    re.I,
)


def mean_what_is_asked_for(draft: Draft) -> None:
    """Of several things that are named, the one behind the words that ask for it."""
    asks = [*orders.BUYS.finditer(draft.text)] if "item" in draft.world.found else []
    if asks:
        draft.world.mean_behind("item", asks[-1].end())


def wanted(draft: Draft) -> str:
    """`two ales!`: nothing but a thing that is for sale and how many of it; or in plain words that it is bought."""
    said, text = draft.world.found.get("item"), draft.text
    if not said or said.name not in draft.world.stock or said.name in draft.world.need:
        return ""
    if orders.OFFERS.search(text) and mentions.number(text) and count_said(draft) is None:
        return ""  # it is a price
    is_offer = orders.OFFERS.search(text) is not None
    is_short = len(words_of(text)) <= WANTED_MAX_WORDS and mentions.number(text) and not is_offer
    is_named = _ONE_OF.match(text[: said.start]) is not None and orders.FOR_ME.match(text[said.end :]) is not None
    begins = _is_counted(draft, said) and len(words_of(_CLAUSES.split(text[: said.start])[-1])) <= COUNT_MAX_WORDS
    begins = begins and orders.FOR_ME.match(text[said.end :]) is not None and not orders.OFFERS.search(text[said.end :])
    return "buy" if is_short or (is_named and "?" not in text) or begins or _buys(draft) else ""


def _buys(draft: Draft) -> bool:
    text = draft.text
    speaks_of_it = orders.NOT_TO.search(text) or orders.ASKS.search(_last(text)) or orders.BEGS.search(text)
    return (
        "offer_trade" in draft.offered
        and not speaks_of_it
        and not may_give(draft)
        and not orders.SELLS.search(text)
        and orders.BUYS.search(text) is not None
    )


def _last(text: str) -> str:
    """The last sentence: `do you sell ropes? i need one`."""
    return split_sentences(text)[-1] if split_sentences(text) else text


def trade_topic(draft: Draft, name: str) -> str:
    text, said = draft.text, draft.world.found.get("item")
    is_count = _is_counted(draft, said)
    is_for_sale = bool(said and said.name in draft.world.stock)
    if name == "buy" and may_give(draft) and "offer_trade" not in draft.offered:
        return GIVE
    if name == GIVE and (not is_for_sale or may_give(draft) or orders.BEGS.search(text)):
        return GIVE
    if is_for_sale and orders.ENOUGH.search(text):
        return "price"
    if mentions.number(text) is not None and not is_count and draft.world.prices and orders.OFFERS.search(text):
        return "haggle"
    if is_for_sale and name != "haggle" and not orders.SELLS.search(text):
        return "price" if orders.ASKS_PRICE.search(text) and not is_count else "buy"
    return name


def is_untold(draft: Draft) -> bool:
    """Whether the NPC trades, by its role or persona, and the game said nothing of what it has: `I have nothing to
    sell` would be made up."""
    world, npc = draft.world, draft.think.npc
    is_told = world.stock or world.prices or world.need or "stock" in world.facts
    return not is_told and _TRADES.search(f"{draft.role.title} {npc.role} {npc.persona or ''}") is not None


def may_give(draft: Draft) -> bool:
    """Whether the text names a thing that may be given."""
    item = draft.world.found.get("item")
    return bool(item and item.name in draft.world.enum("item", "give_item"))


def count_said(draft: Draft) -> int | None:
    """How many of the thing: `3 apples`, `two of your apples`, `apples, 6 of them`; no other number in the text."""
    item = draft.world.found.get("item")
    if item is None:
        return None
    anew = _counted_anew(draft.text)
    if anew is not None:
        return anew
    before = orders.COUNTED.search(draft.text[: item.start])
    behind = orders.COUNTED_BEHIND.match(draft.text[item.end :])
    asked = orders.COUNTED_ASKED.search(draft.text)
    numbers = (mentions.number(found.group(1)) for found in (before, behind, asked) if found)
    return next((number for number in numbers if number is not None), None)


def number_said(draft: Draft) -> int | None:
    """The first number of the line, or the one that was said anew: `one bread, no, make it two`."""
    said = _counted_anew(draft.text)
    return mentions.number(draft.text) if said is None else said


def _counted_anew(text: str) -> int | None:
    found = orders.COUNTED_ANEW.search(text)
    return mentions.number(found.group(1)) if found else None


def is_bare(draft: Draft) -> bool:
    """Whether the line is no more than a thing that is asked for: `4 torches please`, `one apple for me`."""
    item = draft.world.found.get("item")
    if item is None or "?" in draft.text or not orders.FOR_ME.match(draft.text[item.end :]):
        return False
    called = {word for name in draft.called for word in normalize.words(name)}
    before = [word for word in normalize.words(draft.text[: item.start]) if word[0].isalnum() and word not in called]
    is_count = any(mentions.number(word) is not None for word in before)
    others = [word for word in before if word not in _BARE and mentions.number(word) is None]
    return not others and (is_count or _WISHED.search(draft.text) is not None)


def _is_counted(draft: Draft, said: mentions.Mention | None) -> bool:
    """Whether the number in the text stands right before the thing."""
    before = orders.COUNTED.search(draft.text[: said.start]) if said else None
    return before is not None and mentions.number(before.group(1)) is not None


def compares(draft: Draft) -> bool:
    """Whether it is asked what is the cheapest or the dearest, which then is the thing that is meant."""
    prices = {item: price for item, price in draft.world.prices.items() if item}
    named = {item: price for item, price in prices.items() if draft.world.mention(draft.text, [item])}
    prices = named or prices
    if prices and orders.CHEAPEST.search(draft.text):
        draft.compared = min(prices, key=lambda item: prices[item])
    elif prices and orders.DEAREST.search(draft.text):
        draft.compared = max(prices, key=lambda item: prices[item])
    return bool(draft.compared)
