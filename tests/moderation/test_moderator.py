"""Moderation in the daemon: which words never reach the model, the player, the cache or the log of somebody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.client import Client
from llm_agentd.config import load_config
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import Filtered, StartError
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.moderation.safe_lines import refusal
from llm_agentd.moderation.word_list import Age, WordList
from llm_agentd.types import Npc, Think, Turn
from tests.support.daemon_in_process import Gate, InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}
WAIT_S = 10.0
STEPS_TO_FOUL_WORD = 12  # the prompt in a few parts, the word, and some more


class ListLog:
    """An audit log that is a list."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def write(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)


def wait_until(condition: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < ends_s
        time.sleep(0.002)


def engine_that_says(*pieces: str) -> Any:
    return lambda: StubEngine(script=lambda _: [piece.encode() for piece in pieces])


def test_blocked_words_of_a_player_never_reach_the_model(tmp_path: Path) -> None:
    log = ListLog()
    with InProcess(f"ipc://{tmp_path}/in", moderator=Moderator(log)) as daemon, daemon.client() as client:
        with pytest.raises(Filtered) as refused:
            client.think(NPC, "fuck you", player="Ana", lang="de")
        assert refused.value.by == "player"
        assert refused.value.text == refusal("de", "1 fuck you")
        assert "fuck" not in refused.value.message
        assert log.entries == [
            {
                "direction": "in",
                "player": "Ana",
                "npc": "Mira",
                "category": "crude",
                "match": "fuck",
                "text": "fuck you",
                "taken": "not sent to the model",
            }
        ]
        metrics = client.metrics()
        assert 'llm_agentd_requests_total{op="think",outcome="filtered"} 1.0' in metrics
        assert "llm_agentd_prompt_tokens_total 0.0" in metrics


@pytest.mark.parametrize(
    "pieces",
    [
        ("Well met. You are a ", "bas", "tard", " and a thief."),
        ("Well met, you f", "u", "c", "k", "er."),
        ("Well met, hijo ", "de ", "puta", ", my friend."),
        ("Well met ", "s", "h", "1", "t"),
    ],
)
def test_streamed_reply_stops_before_the_blocked_word(tmp_path: Path, pieces: tuple[str, ...]) -> None:
    log = ListLog()
    with (
        InProcess(f"ipc://{tmp_path}/out", engine=engine_that_says(*pieces), moderator=Moderator(log)) as daemon,
        daemon.client() as client,
    ):
        pieces_shown: list[str] = []
        with client.stream(npc=NPC, utterance="Hi!", player="Ana") as stream, pytest.raises(Filtered) as stopped:
            pieces_shown.extend(stream)
    shown = "".join(pieces_shown)
    assert "Well met" in shown
    assert WordList().find(shown) is None
    assert not any(part in shown for part in ("bas", "fu", "puta", "sh"))
    assert stopped.value.by == "model"
    assert WordList().find(stopped.value.text) is None
    assert [entry["direction"] for entry in log.entries] == ["out"]


def test_reply_that_nobody_is_shown_while_it_grows_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    real = Moderator.check_out

    def note(moderator: Moderator, text: str, action: Any, **options: Any) -> Any:
        looked_at.append(text)
        return real(moderator, text, action, **options)

    monkeypatch.setattr(Moderator, "check_out", note)
    engine = engine_that_says("Well ", "met, ", "my ", "friend. ", "You ", "bastard. ", "Sit ", "down.")
    with (
        InProcess(f"ipc://{tmp_path}/once", engine=engine, moderator=Moderator(ListLog())) as daemon,
        daemon.client() as client,
        pytest.raises(Filtered),
    ):
        client.think(NPC, "Hi!", player="Ana")
    assert looked_at == ["Well met, my friend. You bastard. Sit down."]


def test_who_joins_an_unseen_reply_to_watch_it_grow_is_shown_nothing_foul(tmp_path: Path) -> None:
    """Nobody was shown it so far, so nothing of it was looked at yet."""
    gate = Gate()
    words = ("You ", "bastard! ", *(f"word{number} " for number in range(40)))
    engine = StubEngine(script=lambda _: [word.encode() for word in words], on_step=gate.on_step)
    moderator = Moderator(ListLog())
    question = {"op": "think", "npc": NPC, "utterance": "Hi!", "player": "Ana", "remember": False, "seed": 1}
    with (
        InProcess(f"ipc://{tmp_path}/join", engine=lambda: engine, moderator=moderator) as daemon,
        daemon.peer() as unseen,
        daemon.peer() as watching,
    ):
        unseen.send({**question, "id": "unseen"})
        for _ in range(STEPS_TO_FOUL_WORD):
            gate.step()
        wait_until(lambda: len(gate.batch_sizes) > STEPS_TO_FOUL_WORD)
        watching.send({**question, "id": "watching", "stream": True})
        wait_until(lambda: daemon.engine_loop.count_waiting() == 1)
        gate.open()
        (refused,) = watching.events("watching")
        (ended,) = unseen.events("unseen")
    assert [one["code"] for one in (refused, ended)] == ["filtered", "filtered"]


@pytest.mark.parametrize(
    ("age", "outcome"), [("teen", "filtered"), ("mature", {"name": "write_sign", "params": {"words": "all bastards"}})]
)
def test_words_of_an_action_are_moderated_too(tmp_path: Path, age: Age, outcome: Any) -> None:
    reply = '{"say":"Look here.","do":{"action":"write_sign","words":"all bastards"}}'
    sign = {
        "name": "write_sign",
        "params": {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]},
    }
    moderator = Moderator(ListLog(), age)
    with (
        InProcess(f"ipc://{tmp_path}/act", engine=engine_that_says(reply), moderator=moderator) as daemon,
        daemon.client() as client,
    ):
        assert think(client, actions=[sign])[1] == outcome


def think(client: Client, **options: Any) -> tuple[str, Any]:
    """Where the reply came from, and its action; `("", "filtered")` where it was held back."""
    try:
        reply = client.think(NPC, "Hi!", player="Ana", **options)
    except Filtered:
        return "", "filtered"
    return reply.cache, reply.action


def test_cache_never_serves_a_reply_of_other_rules(tmp_path: Path) -> None:
    def ask(endpoint: str, moderator: Moderator | None) -> tuple[str, Any]:
        cache = open_cache(True, tmp_path / "cache", 60, 2**20)
        engine = engine_that_says("Damn, what a bastard!")
        with (
            InProcess(f"ipc://{tmp_path}/{endpoint}", engine=engine, cache=cache, moderator=moderator) as daemon,
            daemon.client() as client,
        ):
            answer = think(client, seed=1)
            cache.flush()
        cache.close()
        return answer

    assert ask("c1", None)[0] == "miss"
    assert ask("c2", Moderator(ListLog()))[1] == "filtered"
    assert ask("c3", Moderator(ListLog()))[1] == "filtered"  # what was held back was not kept either
    assert ask("c4", Moderator(ListLog(), "mature"))[0] == "miss"
    assert ask("c5", Moderator(ListLog(), "mature"))[0] == "hit"
    assert ask("c6", None)[0] == "hit"


def test_infer_is_not_moderated(tmp_path: Path) -> None:
    with (
        InProcess(f"ipc://{tmp_path}/raw", engine=engine_that_says("shit"), moderator=Moderator(ListLog())) as daemon,
        daemon.client() as client,
    ):
        assert client.infer("fuck").text == "shit"


def test_blocked_lines_of_earlier_turns_are_left_out() -> None:
    think = Think(Npc("1", "Mira", "healer"), "Ana", "Hi!", history=(Turn("Bo", "fuck you"), Turn("Bo", "Good day.")))
    checked, _ = Moderator(None).check_in(think, "en")
    assert checked.history == (Turn("Bo", "Good day."),)


# --- configuration ---------------------------------------------------------------------------------------------


def test_settings_are_read_from_file_and_command_line(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("agents:\n  moderation: off\n  age: mature\n  block_words: [noob]\n")
    agents = load_config(file, environ={}).agents
    assert (agents.moderation, agents.age, agents.block_words) == ("off", "mature", ("noob",))
    assert load_config(sets=["agents.allow_words=bastard, cock"], environ={}).agents.allow_words == ("bastard", "cock")


def test_settings_default_to_teen_and_a_log_in_the_state_directory() -> None:
    agents = load_config(environ={"STATE_DIRECTORY": "/x"}).agents
    assert (agents.moderation, agents.age, agents.audit_days) == ("on", "teen", 30)
    assert agents.audit_path == Path("/x/moderation.jsonl")


@pytest.mark.parametrize(
    ("setting", "choices"),
    [("moderation=maybe", "'on', 'off' or 'strict'"), ("age=12", "'everyone', 'teen' or 'mature'")],
)
def test_unknown_value_of_a_setting_stops_the_start_with_the_choices(setting: str, choices: str) -> None:
    with pytest.raises(StartError, match=choices):
        load_config(sets=[f"agents.{setting}"], environ={})
