"""Whether an NPC lives, and of which rank it is, by what its persona says of itself."""

from __future__ import annotations

import pytest

from llm_agentd.prompt.meaning.known.beings import LIFELESS, NOBLE, signs_of


@pytest.mark.parametrize(
    "persona",
    [
        "A ghost who haunts the old tower.",
        "Ghost of the old miller.",
        "Rows the dead across the black river.",
        "Likes tea. Is a skeleton in rusty mail.",
        "Died in the flood and still rings the bell.",
        "A rusty robot that guards an empty factory.",
    ],
)
def test_who_does_not_live(persona: str) -> None:
    assert signs_of(persona, "Bo", "the villager") == (LIFELESS,)


@pytest.mark.parametrize(
    "persona",
    [
        "Afraid of ghosts. Hates robots.",
        "A priest who talks with the dead.",
        "Her brother died in the war.",
        "The king's cook.",
        "Married to a lord.",
        "A prince who ran away from the palace.",
        "",
    ],
)
def test_who_lives_and_is_of_no_rank(persona: str) -> None:
    assert signs_of(persona, "Bo", "the villager") == ()


def test_rank_is_read_from_persona_name_and_role() -> None:
    assert signs_of("A queen with a cold.", "Bo", "the villager") == (NOBLE,)
    assert signs_of("Rules an island.", "Queen Bo", "the villager") == (NOBLE,)
    assert signs_of("Rules an island.", "Bo", "the queen") == (NOBLE,)
