"""What the daemon encodes, the client reads back as it was."""

from __future__ import annotations

import pytest

from llm_agentd.client.records import error_of, generation_fields, reply_of
from llm_agentd.errors import ERROR_CLASSES, AgentdError, Filtered
from llm_agentd.protocol.encode import error_fields, reply_fields
from llm_agentd.types import Action, Message, Npc, Reply, Timing, Turn, Usage

PLAIN = Reply("Well met.", "stop", "miss", "hearthling")
FULL = Reply(
    "Well met.",
    "sentence",
    "hit",
    "hearthling",
    action={"name": "wave", "params": {}},
    usage=Usage(3, 2, 1),
    timing_ms=Timing(0.1, 0.2, 0.3, 0.6),
    lang="de",
)


@pytest.mark.parametrize("reply", [PLAIN, FULL], ids=["plain", "full"])
def test_reply_is_read_back_as_it_was_encoded(reply: Reply) -> None:
    assert reply_of({"id": "a", **reply_fields(reply)}) == reply


def test_reply_with_fields_of_a_newer_daemon_is_read_without_them() -> None:
    record = {"id": "a", **reply_fields(FULL), "mood": "merry"}
    record["usage"] |= {"audio_tokens": 5}
    assert reply_of(record) == FULL


@pytest.mark.parametrize("kind", ERROR_CLASSES.values())
@pytest.mark.parametrize("retry_after_ms", [None, 1200])
def test_error_is_read_back_as_it_was_encoded(kind: type[AgentdError], retry_after_ms: int | None) -> None:
    error = error_of({"id": "a", **error_fields(kind("why", retry_after_ms=retry_after_ms))})
    assert type(error) is kind
    assert (error.message, error.retry_after_ms) == ("why", retry_after_ms)


def test_filtered_error_keeps_its_line_and_whose_words_were_stopped() -> None:
    error = error_of({"id": "a", **error_fields(Filtered("moderation", text="Let us speak of bread.", by="player"))})
    assert isinstance(error, Filtered)
    assert (error.text, error.by) == ("Let us speak of bread.", "player")


def test_error_record_without_message_still_has_one() -> None:
    assert error_of({"event": "error"}).message == "the daemon gave no reason"


def test_dataclasses_are_sent_as_objects_without_what_is_none() -> None:
    options = {"actions": [Action("wave")], "history": (Turn("Ana", "Hi"),), "context": {"place": "Oakford"}}
    assert generation_fields(None, Npc("1", "Mira", "healer", mood="glad"), None, options) == (
        "think",
        {
            "npc": {"id": "1", "name": "Mira", "role": "healer", "mood": "glad"},
            "actions": [{"name": "wave", "description": "", "params": {}}],
            "history": [{"speaker": "Ana", "text": "Hi"}],
            "context": {"place": "Oakford"},
        },
    )
    assert generation_fields([Message("user", "Hi")], None, None, {}) == (
        "infer",
        {"messages": [{"role": "user", "content": "Hi"}]},
    )
