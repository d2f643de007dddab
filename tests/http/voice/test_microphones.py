"""Codes and tokens: who gets one, what it is good for, and when it ends."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, Unauthorized, Unavailable
from llm_agentd.http.voice import microphones as module
from llm_agentd.http.voice.microphones import CODE_LIFE_S, UTTERANCES_BURST, Microphone, Microphones, shown
from llm_agentd.protocol.listen_record import LISTEN_MAX_MS, ListenRecord
from llm_agentd.protocol.schema import validate

HOUR_S = 3600.0
HOME = "192.0.2.1"


class Game:
    """Microphones with a clock, and the events that came of them."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.is_there = True
        self.microphones = Microphones(clock=lambda: self.now_s)

    def listen(self, player: str = "Robin", **more: Any) -> Microphone:
        record = validate(ListenRecord, {"op": "listen", "id": "1", "player": player, **more})
        return self.microphones.open(record, lambda key, event: self.events.append((key, event)), lambda: self.is_there)

    def login(self, microphone: Microphone) -> str:
        assert microphone.code is not None
        return self.microphones.login(microphone.code, HOME)[0]

    def say(self, token: str, text: str = "Follow me.") -> str:
        with self.microphones.speaking(token) as microphone:
            return self.microphones.heard(microphone, text, 0.9)

    def kinds(self, microphone: Microphone) -> list[str]:
        return [event["event"] for key, event in self.events if key == microphone.key]


@pytest.fixture
def game() -> Game:
    return Game()


def test_words_of_a_page_go_to_the_game_of_its_code(game: Game) -> None:
    one, other = game.listen("Robin"), game.listen("Will")
    assert game.say(game.login(one), "  Follow\n me. ") == "Follow me."
    assert game.events == [
        (one.key, {"event": "opened"}),
        (one.key, {"event": "heard", "text": "Follow me.", "confidence": 0.9}),
    ]
    game.say(game.login(other))
    assert game.kinds(other) == ["opened", "heard"]
    assert game.kinds(one) == ["opened", "heard"]


def test_code_is_six_digits_that_no_other_open_one_has() -> None:
    numbers = iter([7, 7, 482_913])
    microphones = Microphones(clock=lambda: 0.0, new_number=lambda _: next(numbers))
    record = validate(ListenRecord, {"op": "listen", "id": "1", "player": "Robin"})
    codes = [microphones.open(record, lambda *_: None, lambda: True).code for _ in range(2)]
    assert codes == ["000007", "482913"]
    assert shown("482913") == "482-913"


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}-{}", "{} {}", "{}–{}"])
def test_code_may_be_typed_as_it_is_read(game: Game, typed: str) -> None:
    microphone = game.listen()
    code = microphone.code or ""
    parts = (code,) if typed.count("{}") == 1 else (code[:3], code[3:])
    assert game.microphones.login(typed.format(*parts), HOME)[1] is microphone


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "-1234-5"])
def test_what_is_no_code_is_told_so_and_costs_no_try(game: Game, typed: str) -> None:
    for _ in range(50):
        with pytest.raises(BadRequest, match="6 digits"):
            game.microphones.login(typed, HOME)
    assert game.login(game.listen())


def test_code_is_for_one_use(game: Game) -> None:
    microphone = game.listen()
    code = microphone.code or ""
    game.login(microphone)
    with pytest.raises(Unauthorized, match="/llm mic"):
        game.microphones.login(code, HOME)


def test_code_ends_after_five_minutes_and_with_it_the_microphone(game: Game) -> None:
    microphone = game.listen()
    code = microphone.code or ""
    game.now_s += CODE_LIFE_S
    with pytest.raises(Unauthorized):
        game.microphones.login(code, HOME)
    assert game.kinds(microphone) == ["done"]


def test_codes_cannot_be_guessed(game: Game) -> None:
    """Somebody tries one code after the other, from one address; the right one would be the 100th."""
    microphone = game.listen()
    right = int(microphone.code or "")
    tried = 0
    for step in range(100):
        game.now_s += 1
        try:
            game.microphones.login(f"{(right - 99 + step) % 10**6:06}", "203.0.113.5")
        except Unauthorized:
            tried += 1
        except Overloaded:
            continue
    assert game.events == []
    assert tried < 15


@pytest.mark.parametrize("token", ["", "x", "\ud800", "0" * 43])
def test_token_that_is_none_is_refused(game: Game, token: str) -> None:
    game.login(game.listen())
    with pytest.raises(Unauthorized, match="/llm mic"):
        game.say(token)


def test_token_is_long_another_each_time_and_only_its_hash_is_kept(game: Game) -> None:
    tokens = {game.login(game.listen(str(number))) for number in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}  # 256 bits in Base64
    assert not any(token in repr(vars(game.microphones)) for token in tokens)


def test_token_ends_when_the_game_closes_it(game: Game) -> None:
    microphone = game.listen()
    token = game.login(microphone)
    assert game.microphones.close(microphone.key)
    with pytest.raises(Unauthorized):
        game.say(token)
    assert not game.microphones.close(microphone.key)
    assert game.microphones.page_count == 0


@pytest.mark.parametrize(("deadline_ms", "seconds"), [(None, 8 * HOUR_S), (60_000, 60.0), (LISTEN_MAX_MS, 8 * HOUR_S)])
def test_token_ends_after_its_time(game: Game, deadline_ms: int | None, seconds: float) -> None:
    more: dict[str, Any] = {} if deadline_ms is None else {"deadline_ms": deadline_ms}
    microphone = game.listen(**more)
    token = game.login(microphone)
    game.now_s += seconds - 0.1
    assert game.say(token)
    game.now_s += 0.2
    with pytest.raises(Unauthorized):
        game.say(token)
    assert game.kinds(microphone) == ["opened", "heard", "done"]


def test_sweep_ends_what_nobody_asks_for(game: Game) -> None:
    microphone, used = game.listen(), game.listen("Will")
    game.login(used)
    game.now_s += CODE_LIFE_S
    game.microphones.sweep()
    assert (game.kinds(microphone), game.kinds(used)) == (["done"], ["opened"])


def test_one_says_one_thing_after_the_other(game: Game) -> None:
    token = game.login(game.listen())
    with (
        game.microphones.speaking(token),
        pytest.raises(Overloaded, match="one after the other"),
        game.microphones.speaking(token),
    ):
        pass
    assert game.say(token)


def test_utterances_have_a_pace_and_one_player_does_not_take_anothers(game: Game) -> None:
    token, other = game.login(game.listen()), game.login(game.listen("Will"))
    for _ in range(UTTERANCES_BURST):
        game.say(token)
    with pytest.raises(Overloaded) as refused:
        game.say(token)
    assert game.say(other)
    assert refused.value.retry_after_ms
    game.now_s += refused.value.retry_after_ms / 1000
    assert game.say(token)


def test_an_utterance_that_fails_lets_the_next_one_in(game: Game) -> None:
    token = game.login(game.listen())
    with pytest.raises(AgentdError), game.microphones.speaking(token):
        raise AgentdError("the recogniser broke")
    assert game.say(token)


def test_words_for_a_game_that_is_gone_are_refused(game: Game) -> None:
    microphone = game.listen()
    token = game.login(microphone)
    game.is_there = False
    with pytest.raises(Unavailable, match="/llm mic"):
        game.say(token)
    assert game.kinds(microphone) == ["opened"]


def test_words_that_were_recognised_after_the_player_left_go_nowhere(game: Game) -> None:
    microphone = game.listen()
    with game.microphones.speaking(game.login(microphone)) as speaking:
        game.microphones.close(microphone.key)
        with pytest.raises(Unauthorized):
            game.microphones.heard(speaking, "Follow me.", 1.0)
    assert game.kinds(microphone) == ["opened"]


def test_silence_is_no_event(game: Game) -> None:
    microphone = game.listen()
    assert game.say(game.login(microphone), " \n ") == ""
    assert game.kinds(microphone) == ["opened"]


def test_update_changes_phrases_and_never_the_player(game: Game) -> None:
    microphone = game.listen(phrases=["Mira"])
    game.microphones.update(
        microphone.key, validate(ListenRecord, {"op": "listen", "id": "1", "player": "Robin", "phrases": ["Orm"]})
    )
    assert microphone.record.phrases == ("Orm",)
    with pytest.raises(BadRequest, match="player"):
        game.microphones.update(
            microphone.key, validate(ListenRecord, {"op": "listen", "id": "1", "player": "Will", "phrases": {}})
        )


def test_microphones_over_the_limit_are_refused(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MICROPHONES_MAX", 2)
    game.listen("a")
    game.listen("b")
    with pytest.raises(Overloaded):
        game.listen("c")
    game.now_s += CODE_LIFE_S
    game.listen("c")  # those whose code nobody typed are gone


def test_no_code_token_or_word_stands_in_a_log(game: Game, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    microphone = game.listen()
    code = microphone.code or ""
    wrong = f"{(int(code) + 1) % 10**6:06}"
    with pytest.raises(Unauthorized):
        game.microphones.login(wrong, HOME)
    token = game.login(microphone)
    game.say(token, "A secret that I tell nobody.")
    assert caplog.text
    assert not [secret for secret in (code, wrong, token, "secret that") if secret in caplog.text]
