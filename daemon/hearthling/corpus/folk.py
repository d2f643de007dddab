"""Who an NPC may be beside the shipped roles, and what may set one apart from others of its role. Data only."""

from __future__ import annotations

CUSTOM_ROLES = (
    ("alchemist", "Mixes strange potions and coughs a lot."), ("baker", "Covered in flour and always cheerful."),
    ("knight", "Loyal, loud and in heavy armour."), ("witch", "Lives alone with nine cats."),
    ("pirate", "Lost a ship and looks for a new one."), ("captain", "Commands the harbour watch."),
    ("bard", "Sings more than talks."), ("cook", "Tastes everything twice."),
    ("beggar", "Sits by the gate and sees all."),
    ("queen", "Used to be obeyed."), ("carpenter", "Smells of fresh wood."), ("shepherd", "Counts sheep all day."),
    ("wizard", "Forgets spells and finds them again."), ("ghost", "Died long ago and does not mind."),
)  # fmt: skip
PERSONAS = (
    "Old and a little deaf.", "Young and curious.", "Speaks slowly.", "Trusts nobody.", "Loves good food.",
    "Lost a brother in the war.", "Always in a hurry.", "Proud of the village.", "Limps on the left leg.",
    "Hums while working.", "Afraid of spiders.", "Came here from the sea.", "Has a sharp tongue.", "Kind to everyone.",
    "Dreams of gold.", "Has seven children.", "Never sleeps well.", "Knows every song.", "Wears a red scarf.",
    "Born in the mountains.",
)  # fmt: skip
