"""Moderation of an `infer` that asks for it: a chat or a text of a program in which people speak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import Filtered, TooLarge
from llm_agentd.moderation.moderator import CHAT_MAX_BYTES, Moderator
from llm_agentd.types import Message
from tests.moderation.test_moderator import ListLog
from tests.support.daemon_in_process import InProcess


def chat(*turns: str) -> tuple[Message, ...]:
    """Roles by their first letter: `u Hello`."""
    roles = {"s": "system", "u": "user", "a": "assistant"}
    return tuple(Message(roles[turn[0]], turn[2:]) for turn in turns)


def said(messages: tuple[Message, ...]) -> list[str]:
    kept, _ = Moderator(None).check_in_chat(messages, "", "en")
    return [message.content for message in kept]


def test_last_words_of_users_are_refused_and_logged_with_their_name() -> None:
    log = ListLog()
    with pytest.raises(Filtered) as refused:
        Moderator(log).check_in_chat(chat("s Be kind.", "u Hello", "a Hi.", "u Well,", "u fuck you"), "ana", "en")
    assert (refused.value.by, bool(refused.value.text)) == ("player", True)
    assert [(entry["direction"], entry["player"], entry["match"]) for entry in log.entries] == [("in", "ana", "fuck")]


def test_earlier_exchange_with_foul_words_is_left_out_as_a_whole() -> None:
    assert said(chat("s Be kind.", "u fuck you", "a Mind your tongue.", "u Sorry.", "a Fine.", "u Bread?")) == [
        "Be kind.", "Sorry.", "Fine.", "Bread?",
    ]  # fmt: skip
    assert said(chat("u One", "a Well, fuck.", "u Two")) == ["Two"]


def test_what_systems_say_is_not_looked_at() -> None:
    messages = chat("s Never say fuck.", "u Hello", "a Hi.", "s No fuck either.", "u Bread?")
    assert said(messages) == [message.content for message in messages]


def test_chat_that_ends_with_an_answer_has_no_last_words() -> None:
    assert said(chat("u Hello", "a Once upon a time")) == ["Hello", "Once upon a time"]


def test_chat_beyond_what_is_looked_at_is_too_large_and_says_so() -> None:
    half = "a " * (CHAT_MAX_BYTES // 4)
    assert said(chat(f"s {half * 4}", f"u {half}"))
    with pytest.raises(TooLarge, match="send less"):
        said(chat(f"u {half}", f"a {half}", "u And now?"))


def engine_that_says(*pieces: str) -> Any:
    return lambda: StubEngine(script=lambda _: [piece.encode() for piece in pieces])


def test_moderated_infer_shows_no_half_of_a_blocked_word(tmp_path: Path) -> None:
    shown: list[str] = []
    engine = engine_that_says("Well met, you f", "u", "c", "k", "er.")
    with (
        InProcess(f"ipc://{tmp_path}/z", engine=engine, moderator=Moderator(None)) as daemon,
        daemon.client() as client,
        client.stream("Hello", moderate=True, player="ana") as stream,
        pytest.raises(Filtered) as stopped,
    ):
        shown.extend(stream)
    assert "".join(shown) == "Well met, you"
    assert (stopped.value.by, bool(stopped.value.text)) == ("model", True)


def test_moderated_infer_does_not_stop_at_a_word_that_only_begins_like_a_blocked_one(tmp_path: Path) -> None:
    engine = engine_that_says("I ass", "ess the bast", "ion", ".\n\n  Fine. ")
    with (
        InProcess(f"ipc://{tmp_path}/z", engine=engine, moderator=Moderator(None)) as daemon,
        daemon.client() as client,
        client.stream("Hello", moderate=True) as stream,
    ):
        assert "".join(stream) == "I assess the bastion.\n\n  Fine. "


def test_infer_is_moderated_only_where_it_asks(tmp_path: Path) -> None:
    with (
        InProcess(f"ipc://{tmp_path}/z", engine=engine_that_says("Fuck."), moderator=Moderator(None)) as daemon,
        daemon.client() as client,
    ):
        assert client.infer("fuck you").text == "Fuck."
        with pytest.raises(Filtered) as refused:
            client.infer("fuck you", moderate=True)
        assert refused.value.by == "player"
        with pytest.raises(Filtered):
            client.infer("Hello", moderate=True)


def test_reply_that_was_not_moderated_is_not_taken_from_the_cache(tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 60, 2**20)
    try:
        with (
            InProcess(
                f"ipc://{tmp_path}/z", engine=engine_that_says("Fuck."), cache=cache, moderator=Moderator(None)
            ) as daemon,
            daemon.client() as client,
        ):
            assert client.infer("Hello").cache == "miss"
            with pytest.raises(Filtered):
                client.infer("Hello", moderate=True)
    finally:
        cache.close()
