"""Which sentence of a persona may answer a question: not what was just said, and none of the NPC for the player."""

from __future__ import annotations

from llm_agentd.prompt.meaning.forms.line_kinds import asks, keeps_silent
from llm_agentd.prompt.meaning.known.own_sentences import Own, are_said, asks_again, name_told, that_may_answer

COOK = Own("Cooks the best stew in the valley.", "I cook the best stew in the valley")
CAT = Own("Has a cat called Soot.", "I have a cat called Soot")
SINGS = Own("Sings in the dark.", "I sing in the dark")
SOBER = Own("Never drinks.", "I never drink")


def test_what_the_npc_is_answers_no_question_about_the_player() -> None:
    assert that_may_answer("am i sick?", [COOK, CAT], "") == []
    assert that_may_answer("do i know your cat?", [CAT], "") == [CAT]


def test_what_was_just_said_answers_no_other_question() -> None:
    assert that_may_answer("what else do you have?", [COOK, CAT], "I cook the best stew in the valley, Kim.") == [CAT]


def test_a_request_is_answered_by_a_refusal_alone() -> None:
    assert that_may_answer("sing me something", [SINGS, SOBER], "") == [SOBER]
    assert that_may_answer("can you sing for me", [SINGS], "") == []
    assert that_may_answer("do you sing?", [SINGS], "") == [SINGS]


def test_what_holds_for_everybody_answers_what_the_player_may_do() -> None:
    free = Own("Pilgrims eat for free.", "pilgrims eat for free")
    for asked in ("do i have to pay for the meal?", "what do i need to eat here", "can i eat here"):
        assert that_may_answer(asked, [COOK, free], "") == [free], asked
    assert that_may_answer("did i eat here?", [COOK, free], "") == []
    assert that_may_answer("teach me to eat", [COOK, free], "") == []


def test_a_name_is_told_again_where_it_is_asked_for() -> None:
    assert name_told("whats its name", [COOK, CAT]) == CAT
    assert name_told("what is your cat called", [COOK, CAT]) == CAT
    assert name_told("what is your ship called", [COOK, CAT]) is None
    assert name_told("what is your name", [COOK, CAT]) is None
    assert name_told("do you have a cat", [CAT]) is None


def test_the_same_in_other_words_was_said() -> None:
    assert are_said("I read none of the letters, except the thin ones", "I never read the letters! Only the thin ones.")
    assert are_said("I sleep on spoons", "Gold is cold to lie on, little one. I sleep on spoons.")
    assert not are_said("I was poisoned at my own wedding", "The wine was bitter, and I was too polite to say so.")


def test_who_did_not_hear_it_is_told_again() -> None:
    assert asks_again("what is it you sell?")
    assert not asks_again("why spoons?")
    assert not asks_again("a RECEIPT??")


def test_what_is_not_talked_about_stays_so() -> None:
    assert keeps_silent("I will not talk about my captain")
    assert not keeps_silent("I talk to the roses")


def test_what_is_told_asks_nothing() -> None:
    assert asks("tell me a joke")
    assert asks("where r u from")
    assert not asks("girls can be smiths")


def test_a_guess_at_what_was_just_said_is_answered_by_what_is_of_that() -> None:
    moss = Own("Moss grows on his shoulder.", "moss grows on my shoulder")
    word = Own("Has lost the word for the gate.", "I have lost the word for the gate")
    assert that_may_answer("is it moss", [moss, word], "Nobody may pass the gate without the word.") == [word]
    assert that_may_answer("is it moss", [moss], "") == [moss]


def test_a_request_is_declined_with_what_was_lost_but_not_with_what_others_cannot_do() -> None:
    voice = Own("Lost her voice in Vell.", "I lost my voice in Vell")
    pupils = Own("Teaches children, none of whom can sing.", "I teach children, none of whom can sing")
    assert that_may_answer("sing something for me", [voice, pupils], "") == [voice]
