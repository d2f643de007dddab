"""Topics that rules know by name: what the game itself tells, what memory answers, and what stands in for others.

Router thread.
"""

from __future__ import annotations

from llm_agentd.prompt.meaning.draft import Draft

# Topics whose answer is a placeholder of its own, which no sentence may push aside: always, or where it has a value.
_BY_RULE = "time weather near held price buy stock haggle quest quest_done health"
ANSWERED_BY_RULE = frozenset(_BY_RULE.split())
RULE_SLOTS = {"way": "way", "who_is": "other_title", "here": "place", "where_other": "other_title"}
OF_MEMORY = ("memory", "recall_", "told_")  # how topics begin that ask what the NPC remembers
OF_PLAYER = "recall_what_i_told_you"  # what it asks for, memory answers where there is any
RECALL, KNOW = "ask_memory", "ask_fact"
NEVER_TOLD = "told_home"  # its replies without a memory: that the player never said it
CHORE, LEFT_UNDONE, GIVE = "chore", "left_undone", "give"
TALK_AMONG = "banter"
JOKE = "player_tells_joke"


def is_of_game(draft: Draft, name: str) -> bool:
    """Whether the topic is about what the game tells, what the NPC remembers, or an action on offer."""
    is_told = name in ANSWERED_BY_RULE or name in RULE_SLOTS or name.startswith(OF_MEMORY)
    return is_told or not draft.offered.isdisjoint(draft.topic(name).action_names)
