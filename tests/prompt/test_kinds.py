"""Which sentences have the kind of answer that a definite question wants."""

from __future__ import annotations

import pytest

from llm_agentd.prompt.meaning.known.kinds import asked_of, names_in

ANSWERED = [
    ("when do u shut the gate", "The north gate closes at sundown."),
    ("until what time can i get in", "The north gate closes at sundown."),
    ("how many books are in here", "The archive has nine thousand scrolls."),
    ("how old is your mule", "My mule Turnip is twenty years old."),
    ("how long were you at sea", "I was a sailor for ten years."),
    ("where does the mayor live?", "Mayor Quill lives in the house with the green door."),
    ("what's the mayor's name", "Mayor Quill lives in the house with the green door."),
    ("whats the dragon called", "The dragon Morrowind sleeps under Mount Kessel."),
    ("who taught you smithing", "A smith who learned from his grandmother."),
    ("who is the old guy over there", "Joris the elder is over there."),
    ("who built the mill", "I built the mill with my own hands."),
    ("what does a bed cost", "a bed costs 12 coins"),
    ("what colour is the door", "The door is green."),
    ("how old is ur cat", "My cat is older than I am."),
    ("what is your name", "Cannot remember his own name."),
    ("when is your birthday", "Forgot his own birthday."),
    ("how many people did you save", "Has buried more people than he healed."),
    ("who wants to kill you", "Her brother wants her crown."),
    ("where is your treasure", "Buried her treasure and forgot where."),
    ("why do you limp", "I was once bitten by an adder."),
    ("why are you mayor", "I have been mayor for twenty years because nobody else wanted it."),
    ("which horse is your favourite", "I like the grey one best."),
    ("whats it like up there", "It is like a sea of leaves."),
    ("when does the army leave", "The king's army marches south on Friday."),
    ("how old is the bridge", "The bridge was built by dwarves three hundred years ago."),
    ("who made the bridge", "The bridge was built by dwarves three hundred years ago."),
    ("who raised the stones", "Giants raised the stones."),
    ("whats ur ships name", "I fly an airship named Thunderchild."),
    ("how is ur pet called", "My raven Mord tells me the news."),
    ("where can i eat", "The Mast Inn serves pickled squid."),
    ("why do i have to shout", "I have forged for forty years and am nearly deaf."),
    ("do you have kids", "Her daughter Lio studies in the capital."),
    ("how many camels u got", "I came over the desert with nine camels."),
    ("how many kids do you have", "I have no children of my own."),
    ("how many horses are yours", "I have a lame horse."),
    ("how many wolves today", "I shot two wolves this morning."),
    ("what happened to the ninth camel", "I came with nine camels and arrived with eight."),
    ("what happened to ur hand", "I lost two fingers to the saw."),
    ("what if i take the coin", "I bite whoever takes my coin."),
    ("why dont u land at the harbour", "I pay no harbour fees anywhere."),
    ("how many are there", "I herd fourteen geese."),
    ("how many bees do u have", "I keep sixty hives on the south slope."),
    ("what if i break in", "No thief has ever left this house."),
    ("why dont u row at night", "I never row after dark because my brother drowned."),
]
OTHER = [
    ("when does the tax collector come?", "Hates the tax collector."),
    ("how deep is the copper mine", "the way to the copper mine is west along the rails"),
    ("how many guards are there", "Three thieves broke out of the cellar prison."),
    ("where does Captain Vessa live?", "Captain Vessa pays twelve coins for each wolf tail."),
    ("what was the captain of the Grey Gull called", "A sailor for ten years on a ship named the Grey Gull."),
    ("what are the thieves called?", "Three thieves broke out of the cellar prison last night."),
    ("who was king before Aldous?", "King Aldous the Third died in the year 412."),
    ("who poisoned the well?", "The old well behind the chapel is poisoned."),
    ("who set the bear trap", "Lost two fingers to a bear trap."),
    ("do u know who leads the red company", "The town was burned by the Red Company."),
    ("where are you taking me", "Takes one coin from each."),
    ("who taught you to cook", "Cooks the best stew in the valley."),
    ("who built you", "Was built two hundred years ago."),
    ("ok i believe you. where was it?", "Nobody believes him."),
    ("how many crew do you have", "Captain of an airship that lost its wind."),
    ("what does a horse cost round here", "a plum brandy costs 9 coins"),
    ("who poisoned you", "I was poisoned at my own wedding feast."),
    ("why did you laugh", "I laugh at strange times."),
    ("why do you sleep on spoons", "I sleep on a hoard that is mostly spoons."),
    ("which horse is your favourite", "I sleep in the hayloft above the horses."),
    ("what's it like in a painting", "I fell out of a painting in the manor."),
    ("when was the cave in", "I am claustrophobic since the cave-in."),
    ("when does the professor come back", "Professor Finch left for the moon on Tuesday."),
    ("how old are ur dogs", "I hunt boar with two dogs."),
    ("who cursed you", "I curse those who wake me."),
    ("why did they ban airships", "The emperor banned all airships in spring."),
    ("what colour is the dragon", "The town was burned by the Red Company."),
    ("what colour is the dragon", "The dragon Morrowind sleeps under Mount Kessel."),
    (
        "how many trees u cut today",
        "I have felled trees in the Darkfir wood for twenty years and lost two fingers to it.",
    ),
    ("how many geese did u lose today", "I herd fourteen geese."),
    ("what happened to the ninth camel", "I came over the desert with nine camels."),
    ("what if i take the coin", "I guard a hoard of one gold coin."),
    ("why dont u row after dark", "I never row after dark."),
]


@pytest.mark.parametrize(("question", "sentence"), ANSWERED)
def test_sentence_with_the_kind_of_answer_may_answer(question: str, sentence: str) -> None:
    assert asked_of(question, names_in([sentence])).may_be_answered_by(sentence)


@pytest.mark.parametrize(("question", "sentence"), OTHER)
def test_sentence_about_the_same_thing_without_it_does_not(question: str, sentence: str) -> None:
    assert not asked_of(question, names_in([sentence])).may_be_answered_by(sentence)


def test_what_is_told_of_another_does_not_answer() -> None:
    told = ["Mayor Quill lives in the house with the green door.", "The town was burned by the Red Company."]
    asked = asked_of("who leads the red company", names_in(told))
    assert asked.names == {"red", "company"}
    assert not asked.may_be_answered_by(told[0])


def test_reason_alone_answers_only_why() -> None:
    assert asked_of("why spoons").may_be_answered_by("because I find gold cold")
    assert not asked_of("do you like spoons").may_be_answered_by("because I find gold cold")


def test_each_kind_can_be_looked_for() -> None:
    for question in ("how many are there", "how many do you have", "what happened to it", "what if", "why not"):
        asked_of(question).may_be_answered_by("I herd geese.")
