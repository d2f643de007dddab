"""What the game is told of words and deed: the model's own data pairs them, or no deed comes with some words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.prompt.builder import PromptBuilder, slot_format
from llm_agentd.prompt.meaning import SlotReader
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.protocol.encode import delta_fields, reply_fields
from llm_agentd.roles import Roles
from llm_agentd.scheduler.sequence import is_matched, may_act
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import Action, Npc, OutputFormat, Reply, Request, Sampling, Think

FOLLOW = Action(
    "follow", "", {"properties": {"target": {"type": "string", "enum": ["Torvik"]}}, "required": ["target"]}
)
FOLLOWS: dict[str, Any] = {"name": "follow", "params": {"target": CHARS["speaker"]}}
FEATURES = frozenset(("json_schema", "grammar"))


@pytest.fixture(scope="module")
def request_to_follow() -> Request:
    think = Think(Npc("n", "Marta", "guard"), "Torvik", "Follow me!", actions=(FOLLOW,), remember=False)
    reader = SlotReader(open_topics(topics_path(EMBEDDED_MODEL)))
    prompt, reading = PromptBuilder(Roles.load()).build_moment(think, reader)
    assert reading
    sampling, output = slot_format(reading, Sampling(), FEATURES)
    return Request(
        "1", (b"p",), "think", 0.0, 1.0, prompt, sampling=sampling, output=output, stream=True, key=b"k"
    )  # fmt: skip


def test_lines_of_the_models_data_for_an_action_are_matched(request_to_follow: Request) -> None:
    lines = request_to_follow.output.lines
    assert lines
    assert all(is_matched(line, FOLLOWS, request_to_follow) for line in lines)


def test_other_words_no_action_and_an_action_that_is_not_offered_are_not_matched(request_to_follow: Request) -> None:
    line = request_to_follow.output.lines[0]
    assert not is_matched("I cannot leave the gate.", FOLLOWS, request_to_follow)
    assert not is_matched(line, None, request_to_follow)
    assert not is_matched(line, {"name": "dance", "params": {}}, request_to_follow)
    free = replace(request_to_follow, output=replace(request_to_follow.output, lines=()))
    assert not is_matched(line, FOLLOWS, free)


def test_words_that_no_action_can_follow_say_so(request_to_follow: Request) -> None:
    assert may_act(request_to_follow)
    assert not may_act(replace(request_to_follow, output=OutputFormat(whole_sentences=True)))
    assert may_act(replace(request_to_follow, op="infer", output=OutputFormat()))
    assert delta_fields("Well", acts=False) == {"event": "delta", "text": "Well", "acts": False}
    assert delta_fields("Well") == {"event": "delta", "text": "Well"}


def test_reply_says_that_it_is_matched_or_nothing_of_it() -> None:
    assert reply_fields(Reply("Well.", "stop", "miss", "m", matched=True))["matched"] is True
    assert "matched" not in reply_fields(Reply("Well.", "stop", "miss", "m"))
