"""Which sentence of a persona may answer a question: not what was just said, and none of the NPC for the player."""

from __future__ import annotations

from llm_agentd.prompt.meaning.own_sentences import Own, name_told, that_may_answer

COOK = Own("Cooks the best stew in the valley.", "I cook the best stew in the valley")
CAT = Own("Has a cat called Soot.", "I have a cat called Soot")
SINGS = Own("Sings in the dark.", "I sing in the dark")
SOBER = Own("Never drinks.", "I never drink")


def test_what_the_npc_is_answers_no_question_about_the_player() -> None:
    assert that_may_answer("am i sick?", [COOK, CAT], "") == []
    assert that_may_answer("do i know your cat?", [CAT], "") == [CAT]


def test_what_was_just_said_answers_no_other_question() -> None:
    assert that_may_answer("is it good?", [COOK, CAT], "I cook the best stew in the valley, Kim.") == [CAT]


def test_a_request_is_answered_by_a_refusal_alone() -> None:
    assert that_may_answer("sing me something", [SINGS, SOBER], "") == [SOBER]
    assert that_may_answer("can you sing for me", [SINGS], "") == []
    assert that_may_answer("do you sing?", [SINGS], "") == [SINGS]


def test_a_name_is_told_again_where_it_is_asked_for() -> None:
    assert name_told("whats its name", [COOK, CAT]) == CAT
    assert name_told("what is your cat called", [COOK, CAT]) == CAT
    assert name_told("what is your ship called", [COOK, CAT]) is None
    assert name_told("what is your name", [COOK, CAT]) is None
    assert name_told("do you have a cat", [CAT]) is None
