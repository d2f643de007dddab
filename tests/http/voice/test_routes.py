"""From a game's `listen` over a page's code to the words in the game, over real sockets; and who may not."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2
import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.http import sessions as sessions_module
from llm_agentd.http.voice.microphones import UTTERANCES_BURST
from llm_agentd.http.voice.wav import bytes_max
from llm_agentd.speech.types import Transcript
from tests.http.voice.sounds import wav
from tests.support.http_harness import DEADLINE_S, Background, FakeDaemon, HttpServer, Record, serve_http, silent

TOKEN = "of-the-test-and-long-enough"
STUB = Speech(tts="off", stt="stub")
WAV = {"Content-Type": "audio/wav"}


class Ears:
    """In the place of the service: it understands what the test says, and may be told to wait."""

    def __init__(self) -> None:
        self.understands = Transcript("Follow me.", 0.8)
        self.asked: list[tuple[bytes, str, tuple[str, ...]]] = []
        self.error: Exception | None = None
        self.began, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    async def recognize(self, audio: bytes, lang: str, phrases: Sequence[str]) -> Transcript:
        self.asked.append((audio, lang, tuple(phrases)))
        self.began.set()
        async with asyncio.timeout(DEADLINE_S):
            while not self.may_end.is_set():
                await asyncio.sleep(0.005)
        if self.error is not None:
            raise self.error
        return self.understands


class Scene:
    """A game that has the daemon's token, and pages that have none."""

    def __init__(self, daemon: FakeDaemon, server: HttpServer) -> None:
        self.daemon, self.server = daemon, server
        self.ears, self.service = Ears(), server.app.state.speech
        server.app.state.speech = self.ears
        self.page = httpx2.Client(base_url=server.url, timeout=DEADLINE_S)
        server.http.headers["Authorization"] = f"Bearer {TOKEN}"
        self._after: dict[str, int] = {}

    def events(self, session: str, wait_ms: int = 0, **body: Any) -> list[Record]:
        """What is new in a game."""
        answer = self.server.exchange(session=session, after=self._after.get(session, 0), wait_ms=wait_ms, **body)
        assert answer["rejected"] == []
        events: list[Record] = answer["events"]
        self._after[session] = max([event["seq"] for event in events], default=self._after.get(session, 0))
        return events

    def listen(self, session: str, player: str = "Robin", **more: Any) -> str:
        """The code."""
        ready = self.events(session, requests=[listen(player, **more)])[-1]
        assert (ready["event"], ready["path"], ready["id"]) == ("ready", "/voice", f"mic-{player}")
        code: str = ready["code"]
        return code

    def login(self, code: str) -> str:
        answer = self.page.post("/voice/login", json={"code": code})
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token

    def say(self, token: str | None, audio: bytes | None = None, kind: str = "audio/wav") -> httpx2.Response:
        own = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.page.post("/voice/say", content=audio or wav(), headers={"Content-Type": kind, **own})


def listen(player: str = "Robin", **more: Any) -> Record:
    return {"op": "listen", "id": f"mic-{player}", "player": player, **more}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeDaemon, HttpServer]]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('voice')}/z"
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint, token=TOKEN, speech=STUB) as server:
        yield daemon, server


@pytest.fixture
def scene(running: tuple[FakeDaemon, HttpServer], monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    daemon, server = running
    monkeypatch.setattr(daemon, "script", silent)
    made = Scene(daemon, server)
    yield made
    server.app.state.speech = made.service
    made.ears.may_end.set()
    made.page.close()


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# -- the way in -----------------------------------------------------------------------------------


def test_words_go_from_the_page_to_the_game(scene: Scene) -> None:
    code = scene.listen("way", lang="en", phrases=["Mira", "follow me"])
    answer = scene.page.post("/voice/login", json={"code": code})
    assert answer.json() == {"token": answer.json()["token"], "player": "Robin", "seconds_max": 10}
    said = scene.say(answer.json()["token"])
    assert (said.status_code, said.json()) == (200, {"text": "Follow me."})
    assert [(event["event"], event["id"]) for event in scene.events("way")] == [
        ("opened", "mic-Robin"),
        ("heard", "mic-Robin"),
    ]
    assert scene.ears.asked == [(wav(), "en", ("Mira", "follow me"))]


def test_words_end_a_call_that_waits(scene: Scene) -> None:
    token = scene.login(scene.listen("waits"))
    scene.events("waits")
    waiting = Background(lambda: scene.events("waits", wait_ms=30_000))
    scene.say(token)
    (heard,) = waiting.result()
    assert (heard["event"], heard["text"], heard["confidence"]) == ("heard", "Follow me.", 0.8)


def test_words_stay_until_the_game_acknowledges_them(scene: Scene) -> None:
    scene.say(scene.login(scene.listen("lost")))
    first = scene.server.exchange(session="lost", after=1)["events"]
    again = scene.server.exchange(session="lost", after=1)["events"]
    assert first == again
    assert [event["event"] for event in again] == ["opened", "heard"]
    assert scene.server.exchange(session="lost", after=3)["events"] == []


def test_listen_is_no_question_to_the_daemon(scene: Scene) -> None:
    while not scene.daemon.received.empty():
        scene.daemon.received.get()
    scene.listen("alone")
    scene.events("alone", cancel=["mic-Robin"])
    assert scene.daemon.received.empty()


def test_listen_sent_again_opens_nothing_new_and_brings_new_phrases(scene: Scene) -> None:
    token = scene.login(scene.listen("again", phrases=["Mira"]))
    scene.events("again")
    assert scene.events("again", requests=[listen(phrases=["Orm"])]) == []
    scene.say(token)
    assert scene.ears.asked[-1][2] == ("Orm",)
    assert [event["event"] for event in scene.events("again")] == ["heard"]


def test_cancel_ends_the_token_and_a_late_listen_does_not_bring_it_back(scene: Scene) -> None:
    token = scene.login(scene.listen("leaves"))
    seen = scene.server.exchange(session="leaves", after=1, cancel=["mic-Robin"], requests=[listen()])["events"]
    assert [event["event"] for event in seen][-1] == "error"
    assert seen[-1]["code"] == "cancelled"
    again = scene.server.exchange(session="leaves", after=1, requests=[listen(phrases=["Orm"])])["events"]
    assert [event["event"] for event in again].count("ready") == 0
    answer = scene.say(token)
    assert code_of(answer) == (401, "unauthorized")
    assert "/llm mic" in answer.json()["error"]["message"]


def test_end_of_a_session_ends_its_tokens(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    token = scene.login(scene.listen("ends"))
    monkeypatch.setattr(sessions_module, "SESSION_IDLE_S", -1.0)
    scene.server.app.state.sessions.sweep()
    assert code_of(scene.say(token)) == (401, "unauthorized")


def test_game_that_asks_no_more_is_told_to_the_player(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    token = scene.login(scene.listen("gone"))
    monkeypatch.setattr(sessions_module, "GAME_AWAY_S", 0.0)
    answer = scene.say(token)
    assert code_of(answer) == (503, "unavailable")
    assert "the game does not listen" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ({"op": "listen", "id": "x"}, "player"),
        ({"op": "listen", "id": "x", "player": ""}, "player"),
        ({"op": "listen", "id": "x", "player": 5}, "player"),
        ({"op": "listen", "id": "", "player": "Robin"}, "id"),
        ({"op": "listen", "player": "Robin"}, "id"),
        ({"op": "listen", "id": "x", "player": "Robin", "phrase": []}, "'phrases'"),
        ({"op": "listen", "id": "x", "player": "Robin", "phrases": ["a"] * 65}, "phrases"),
        ({"op": "listen", "id": "x", "player": "Robin", "deadline_ms": 8 * 3600_000 + 1}, "deadline_ms"),
    ],
)
def test_wrong_listen_is_rejected_and_names_the_field(scene: Scene, record: Record, names: str) -> None:
    answer = scene.server.exchange(session="wrong", requests=[record])
    assert answer["events"] == []
    assert names in answer["rejected"][0]["message"]


def test_listen_where_no_engine_is_says_what_adds_one(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        answer = server.exchange(requests=[listen()])
    assert answer["events"] == []
    assert answer["rejected"][0]["code"] == "unavailable"
    assert "llm-agentd[hearing]" in answer["rejected"][0]["message"]


def test_page_that_is_open_is_counted_and_a_wrong_code_too(scene: Scene) -> None:
    token = scene.login(scene.listen("counted"))
    scene.page.post("/voice/login", json={"code": "000002"})
    text = scene.server.http.get("/metrics").text
    assert float(re.findall(r"^llm_agentd_http_microphones (\S+)", text, re.MULTILINE)[0]) >= 1
    assert 'llm_agentd_http_requests_total{code="401",route="/voice/login"}' in text
    assert token not in text


# -- who may not ----------------------------------------------------------------------------------


def test_code_is_for_one_page(scene: Scene) -> None:
    code = scene.listen("once")
    scene.login(code)
    answer = scene.page.post("/voice/login", json={"code": code})
    assert code_of(answer) == (401, "unauthorized")


@pytest.mark.parametrize("body", [{}, {"code": 5}, {"code": "1" * 40}, {"code": "111111", "player": "Will"}, []])
def test_login_with_anything_else_is_400(scene: Scene, body: Any) -> None:
    assert code_of(scene.page.post("/voice/login", json=body)) == (400, "bad_request")


def test_brute_force_ends_in_429_and_leaves_those_alone_who_are_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    endpoint = f"ipc://{tmp_path_factory.mktemp('guess')}/z"
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint, token=TOKEN, speech=STUB) as server:
        scene = Scene(daemon, server)
        token, right = scene.login(scene.listen("in")), scene.listen("guessed", "Will").replace("-", "")
        statuses = []
        for step in range(1, 30):
            answer = scene.page.post("/voice/login", json={"code": f"{(int(right) + step) % 10**6:06}"})
            statuses.append(answer.status_code)
        assert statuses[:5] == [401] * 5
        assert statuses.count(401) < 10
        assert statuses[-1] == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert scene.page.post("/voice/login", json={"code": right}).status_code == 429
        assert scene.say(token).status_code == 200


def test_token_of_one_player_is_no_other_players(scene: Scene) -> None:
    robin, will = scene.login(scene.listen("both")), scene.login(scene.listen("both", "Will"))
    scene.events("both")
    scene.say(will)
    assert [event["id"] for event in scene.events("both")] == ["mic-Will"]
    scene.events("both", cancel=["mic-Will"])
    assert (scene.say(will).status_code, scene.say(robin).status_code) == (401, 200)


@pytest.mark.parametrize("session", ["a", "b"])
def test_players_of_one_name_in_two_games_are_two(scene: Scene, session: str) -> None:
    tokens = {name: scene.login(scene.listen(f"game-{session}-{name}")) for name in ("a", "b")}
    scene.say(tokens[session])
    heard = {name: [event["event"] for event in scene.events(f"game-{session}-{name}")] for name in ("a", "b")}
    assert {name: "heard" in kinds for name, kinds in heard.items()} == {"a": session == "a", "b": session == "b"}


def test_daemons_token_is_no_pages_token_nor_the_other_way_round(scene: Scene) -> None:
    token = scene.login(scene.listen("mixed"))
    assert code_of(scene.say(TOKEN)) == (401, "unauthorized")
    for path in ("/info", "/v1/roles", "/v1/requests", "/metrics"):
        assert scene.page.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert scene.say(None).status_code == 401


@pytest.mark.parametrize("path", ["/voice/login", "/voice/say"])
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "rebind.example"}]
)
def test_page_of_another_origin_is_refused(scene: Scene, path: str, headers: dict[str, str]) -> None:
    kind = {"Content-Type": "audio/wav" if path == "/voice/say" else "application/json"}
    assert code_of(scene.page.post(path, content=b"{}", headers={**kind, **headers})) == (403, "forbidden")


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data", "audio/ogg"])
def test_sound_of_another_type_is_refused_before_it_is_read(scene: Scene, kind: str) -> None:
    token = scene.login(scene.listen(f"type-{kind}"))
    assert code_of(scene.say(token, kind=kind)) == (403, "forbidden")


# -- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
def test_too_much_sound_is_413_while_it_is_read(scene: Scene, chunked: bool) -> None:
    token = scene.login(scene.listen(f"long-{chunked}"))
    much = wav(60)
    assert len(much) > bytes_max(10)
    content: Any = (much[at : at + 65_536] for at in range(0, len(much), 65_536)) if chunked else much
    answer = scene.page.post("/voice/say", content=content, headers={**WAV, "Authorization": f"Bearer {token}"})
    assert code_of(answer) == (413, "too_large")
    assert scene.ears.asked == []


def test_eleven_seconds_are_413_and_no_sound_is_400(scene: Scene) -> None:
    token = scene.login(scene.listen("bounds"))
    assert code_of(scene.say(token, wav(11))) == (413, "too_large")
    assert code_of(scene.say(token, b"{}")) == (400, "bad_request")
    assert scene.ears.asked == []


def test_second_utterance_while_the_first_is_read_is_429(scene: Scene) -> None:
    token = scene.login(scene.listen("two"))
    scene.ears.may_end.clear()
    first = Background(lambda: scene.say(token))
    assert scene.ears.began.wait(DEADLINE_S)
    with httpx2.Client(base_url=scene.server.url) as other:
        answer = other.post("/voice/say", content=wav(), headers={**WAV, "Authorization": f"Bearer {token}"})
    assert code_of(answer) == (429, "overloaded")
    scene.ears.may_end.set()
    assert first.result().status_code == 200


def test_many_utterances_at_once_are_429_with_a_wait(scene: Scene) -> None:
    token = scene.login(scene.listen("many"))
    answers = [scene.say(token) for _ in range(UTTERANCES_BURST + 1)]
    assert [answer.status_code for answer in answers] == [200] * UTTERANCES_BURST + [429]
    assert answers[-1].json()["error"]["retry_after_ms"] > 0


def test_token_is_looked_at_before_the_sound_is_read(scene: Scene) -> None:
    """Who has none may send no megabytes."""
    host, port = scene.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connection:
        head = (
            f"POST /voice/say HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: audio/wav\r\nContent-Length: 300000\r\n"
        )
        connection.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_master_switch_stops_the_ears_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    token = scene.login(scene.listen("off"))
    off = {"event": "done", "switch": {"on": False, "since": None, "by": None}}
    monkeypatch.setattr(scene.daemon, "script", lambda _: [off])
    scene.server.app.state.speech = scene.service
    answer = scene.say(token)
    assert code_of(answer) == (503, "unavailable")
    assert answer.json()["error"]["reason"] == "switched_off"


def test_silence_is_no_event(scene: Scene) -> None:
    token = scene.login(scene.listen("quiet"))
    scene.ears.understands = Transcript("", 0.0)
    assert scene.say(token).json() == {"text": ""}
    assert [event["event"] for event in scene.events("quiet")] == ["opened"]


def test_nothing_of_it_stands_in_a_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene.ears.understands = Transcript("My password is swordfish.", 1.0)
    code = scene.listen("log")
    scene.page.post("/voice/login", json={"code": "000001"})
    token = scene.login(code)
    scene.say(token)
    scene.say(token, wav(11))
    scene.ears.error = RuntimeError("the recogniser broke")
    assert scene.say(token).status_code == 500
    assert [
        secret for secret in (code, code.replace("-", ""), token, "swordfish", "RIFF") if secret in caplog.text
    ] == []


# -- the page's files -----------------------------------------------------------------------------


def test_page_comes_without_a_token_under_a_strict_policy(scene: Scene) -> None:
    answer = scene.page.get("/voice")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert answer.headers["permissions-policy"] == "microphone=(self)"
    assert b"<script>" not in answer.content
    loaded = re.findall(r'(?:href|src)="([^"]+)"', answer.text)
    assert {path.split("/")[0] for path in loaded} == {"voice"}, "a proxy may pass /voice alone"
    assert [scene.page.get(f"/{path}").status_code for path in loaded] == [200] * len(loaded)
    assert b"http" not in answer.content.replace(b"http-equiv", b"")


@pytest.mark.parametrize("path", ["/voice/", "/voice/none.js", "/voice/../app.py", "/voice/%2e%2e/microphones.py"])
def test_path_that_names_no_file_of_the_page_is_not_found(scene: Scene, path: str) -> None:
    assert scene.page.get(path).status_code in (401, 404)
