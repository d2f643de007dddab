"""Plain questions whose answer the game has as a value: how many are left, what is paid, who stands there.

Router thread. Price, way, weather and the like have topics of their own; these are asked for within many topics.
"""

from __future__ import annotations

import re

from llm_agentd.memory.keywords import concepts
from llm_agentd.prompt.meaning.articles import as_many, listed
from llm_agentd.prompt.meaning.draft import Draft
from llm_agentd.prompt.meaning.known.ranking import shared
from llm_agentd.prompt.meaning.world import IS_THERE
from llm_agentd.topics import normalize

_COUNT = re.compile(
    r"\bhow (?:many|much)\b(?!.{0,40}\b(?:costs?|prices?|coins?|pay|is a)\b).{0,40}"
    r"\b(?:left|remain\w*|in stock|are there|free|available|you (?:have|got|own|sell)|have you)\b"
)
_REWARD = re.compile(
    r"\bwhat (?:do|will|would|can|am|are) (?:i|you|we) (?:going to )?(?:get|give|pay|earn|offer)\b"
    r"|\bhow much (?:do|will|would|are|can) (?:i|you|we) (?:going to )?(?:get|give|pay(?:ing)?|earn)\b|\bthe reward\b"
    r"|\b(?:make|earn) (?:some |any )?(?:money|coins|gold)\b"
)
_WHO = re.compile(
    r"\bwho is (?:that|this|those)(?: ?\?)?$|\b(?:who is (?:that|this|the|those)|(?:that|the|this) \w+ called) .{0,30}"
    r"\b(?:there|here|near\w*|next to|behind|stand\w*|sit\w*|yonder|guy|man|woman|lady|fellow|dude|girl|boy|kid"
    r"|person|bloke|one)\b"
)


def clause(draft: Draft) -> str:
    """What answers; "" where the game told no such value."""
    asked = normalize.plain(draft.text)
    return _left(draft, asked) or _paid(draft, asked) or _there(draft, asked)


def _left(draft: Draft, asked: str) -> str:
    """`how much milk is left?`"""
    item = draft.world.found.get("item")
    count = draft.world.stock.get(item.name, 0) if item else 0
    if not item or not count or not _COUNT.search(asked):
        return ""
    return f"I have {count} {as_many(count, item.name)} left"


def _paid(draft: Draft, asked: str) -> str:
    """`what do i get for the pelts?`, `can i make money with wolves?`"""
    reward = draft.world.facts.get("reward")
    item = draft.world.found.get("item")
    is_other = item is not None and item.name not in draft.world.need
    if is_other or not draft.world.need or not isinstance(reward, (int, float)) or not _REWARD.search(asked):
        return ""
    wanted = [f"{count} {as_many(count, name)}" for name, count in draft.world.need.items()]
    return f"I pay {int(reward)} coins for {listed(wanted)}"


def _there(draft: Draft, asked: str) -> str:
    """`who is the old guy over there?`: whoever's title fits best, or all who stand there."""
    people = [one for one in draft.world.people if one[1] and one[0] not in (draft.think.player, draft.think.npc.name)]
    if not people or "other" in draft.world.found:
        return ""
    of_trade = [f"{name} {title}" for name, title in people if _asks_for(title.split()[-1], asked)]
    if of_trade or not _WHO.search(asked):
        return f"{of_trade[0]}{IS_THERE}" if of_trade else ""
    wanted = concepts(asked)
    fits = [shared(wanted, title) for _, title in people]
    meant = [f"{name} {title}" for (name, title), fit in zip(people, fits, strict=True) if fit == max(fits)]
    return f"{meant[0]}{IS_THERE}" if len(meant) == 1 else f"{listed(meant)} are over there"


def _asks_for(trade: str, asked: str) -> bool:
    """`who is a merchant here?`"""
    return (
        re.search(rf"\b(?:who is|where is|is there) (?:an?|the|your|any) {re.escape(trade)}\b(?! \w*'s)", asked)
        is not None
    )
