"""The layout of prompts, letter by letter: the embedded model was trained on it, and prefix caches depend on it."""

from __future__ import annotations

from dataclasses import replace

from llm_agentd.prompt import messages as prompt
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles import Role, Roles, make_role
from llm_agentd.types import Npc, Think, Turn

MIRA = Think(
    Npc("1", "Mira", "healer", persona="Old and kind.", mood="calm"),
    player="Ana",
    utterance="Good\nevening!",
    context={"place": "Oakford", "time": "evening"},
)
HEALER = make_role("healer", {"title": "the healer", "persona": "A healer mends wounds."})


def system(role: Role, think: Think = MIRA, language: str = "en") -> list[str]:
    return prompt.system_text(think, role, prompt.wanted_language(think, role, language)).split("\n")


def test_prompt_of_a_role_with_two_fields_is_as_trained() -> None:
    system_message, user_message = prompt.build(MIRA, Roles.load().get("healer"))
    assert system_message.content == (
        "A healer mends wounds, brews potions and knows every herb of the forest.\n"
        "Speak in character, in one or two short sentences.\n"
        "You are Mira, the healer. Old and kind."
    )
    assert user_message.content == "[time evening; place Oakford; mood calm]\nAna: Good evening!"


def test_fields_for_the_game_are_not_in_the_prompt() -> None:
    lines = ("Hello, {player}.",)
    game = replace(HEALER, voice="old", actions=("wave",), greetings=lines, fallback=lines, quick=("Heal me!",))
    assert prompt.build(MIRA, game) == prompt.build(MIRA, HEALER)


def test_knowledge_and_manner_come_before_the_npc() -> None:
    role = replace(HEALER, knowledge=("Moss stops blood.", "The well is deep"), manner="slow, with many sighs.")
    assert system(role) == [
        "A healer mends wounds.",
        "Speak in character, in one or two short sentences.",
        "You know: Moss stops blood; The well is deep. Of anything else say that you do not know.",
        "Your manner: slow, with many sighs.",
        "You are Mira, the healer. Old and kind.",
    ]


def test_language_is_of_the_request_else_of_the_role_else_the_default() -> None:
    german = replace(HEALER, language="de")
    assert system(german, replace(MIRA, lang="fr"), "es")[-1] == "Speak this language: fr."
    assert system(german, MIRA, "es")[-1] == "Speak this language: de."
    assert system(HEALER, MIRA, "es")[-1] == "Speak this language: es."
    assert system(german, replace(MIRA, lang="en"), "es") == system(HEALER)
    assert system(replace(HEALER, language="en"), MIRA, "es") == system(HEALER)


def test_lines_to_avoid_come_last() -> None:
    first = prompt.build(MIRA, HEALER)
    again = prompt.build(replace(MIRA, avoid=("Sit by the fire.", 'He said "no"\nto me.')), HEALER)
    assert again[:-1] == first[:-1]
    assert again[-1].content == (
        first[-1].content + '\n(Do not repeat: "Sit by the fire.", "He said \'no\' to me."; say something new.)'
    )


def test_draft_takes_the_place_of_the_role() -> None:
    draft = {"title": "the witch", "persona": "A witch lives alone.", "language": "de"}
    question = PromptBuilder(Roles.load()).build(replace(MIRA, draft=draft))
    assert question.messages[0].content.split("\n") == [
        "A witch lives alone.",
        "Speak in character, in one or two short sentences.",
        "You are Mira, the witch. Old and kind.",
        "Speak this language: de.",
    ]


def test_earlier_turns_come_between_the_system_message_and_this_moment() -> None:
    turns = (Turn("Ana", "Hello!"), Turn("Bram", "Hi."), Turn("Mira", "Welcome, both."), Turn("Ana", "Any\nherbs?"))
    messages = PromptBuilder(Roles.load()).build(replace(MIRA, history=turns)).messages
    assert [(message.role, message.content) for message in messages[1:-1]] == [
        ("user", "Ana: Hello!\nBram: Hi."),
        ("assistant", "Welcome, both."),
        ("user", "Ana: Any herbs?"),
    ]
