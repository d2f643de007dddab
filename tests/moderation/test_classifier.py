"""The classifier beside the word list: asked both ways, never in the way of others, and never needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.config import load_config
from llm_agentd.engines import open_engine
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import StartError
from llm_agentd.moderation.classifier import ClassifierThread, ModelClassifier, Unclear, UrlClassifier
from llm_agentd.moderation.moderator import Moderator
from tests.support.daemon_in_process import InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}


class Plain:
    """Calls threats and poison unsafe."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.threads: set[str] = set()
        self.broken = False

    def category(self, text: str) -> str:
        self.seen.append(text)
        self.threads.add(threading.current_thread().name)
        if self.broken:
            raise Unclear("down")
        return "violence" if "threat" in text or "poison" in text else ""

    def close(self) -> None:
        self.seen.append("closed")


def daemon(tmp_path: Path, classifier: Any, reply: str = "Well met.") -> InProcess:
    engine = lambda: StubEngine(script=lambda _: [reply.encode()])  # noqa: E731
    return InProcess(
        f"ipc://{tmp_path}/d", engine=engine, moderator=Moderator(None, classifier=ClassifierThread(classifier))
    )


def ask(client: Any, words: str, **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.ask(op="think", npc=NPC, player="Ana", utterance=words, **fields)
    return answer


def test_it_is_asked_of_both_sides_on_a_thread_of_its_own(tmp_path: Path) -> None:
    plain = Plain()
    with daemon(tmp_path, plain) as running, running.client() as client:
        assert ask(client, "Good day!", stream=True)["text"] == "Well met."
        assert plain.seen == ["Good day!", "Well met."]
        stopped = ask(client, "A threat to you!")
        assert (stopped["code"], stopped["by"]) == ("filtered", "player")
        assert "classifier: violence" in stopped["message"]
        assert ask(client, "fuck you")["code"] == "filtered"  # the word list needs nobody
        assert plain.seen == ["Good day!", "Well met.", "A threat to you!"]
        ask(client, "Good day!")
        assert len(plain.seen) == 3  # known by now
    assert plain.threads == {"classifier"}
    assert plain.seen[-1] == "closed"


def test_a_reply_is_held_back_whole_and_never_streams(tmp_path: Path) -> None:
    with daemon(tmp_path, Plain(), "Drink this poison.") as running, running.client() as client:
        client.send({"op": "think", "id": "a", "npc": NPC, "player": "Ana", "utterance": "Hi!", "stream": True})
        (event,) = client.events("a")
        assert (event["code"], event["by"]) == ("filtered", "model")
        assert "poison" not in json.dumps(event)


def test_one_that_is_down_leaves_it_to_the_word_list_and_is_left_alone_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = Plain()
    plain.broken = True
    with daemon(tmp_path, plain) as running, running.client() as client:
        for number in range(4):
            assert ask(client, f"A threat, number {number}.")["event"] == "done"
    assert plain.seen == ["A threat, number 0.", "closed"]
    assert len([one for one in caplog.records if "word list alone" in one.message]) == 1


def test_a_question_can_be_cancelled_while_it_is_judged(tmp_path: Path) -> None:
    entered, gate = threading.Event(), threading.Event()

    class Slow(Plain):
        def category(self, text: str) -> str:
            entered.set()
            gate.wait(10)
            return ""

    with daemon(tmp_path, Slow()) as running, running.client() as client:
        client.send({"op": "think", "id": "a", "npc": NPC, "player": "Ana", "utterance": "Hi!"})
        assert entered.wait(10)
        assert client.ask(op="ping", id="p")["pong"]  # nobody else waits
        client.send({"op": "cancel", "id": "c", "target": "a"})
        assert {event["id"]: event.get("code") for event in client.events("a", "c")} == {"a": "cancelled", "c": None}
        gate.set()


# --- a server of OpenAI's shape --------------------------------------------------------------------------------


def moderations(*categories: str) -> dict[str, Any]:
    """What OpenAI's moderations answer."""
    return {"results": [{"flagged": bool(categories), "categories": {"hate": False} | dict.fromkeys(categories, True)}]}


@pytest.fixture
def classifier(httpserver: HTTPServer) -> Iterator[UrlClassifier]:
    with closing(UrlClassifier(httpserver.url_for("/v1/moderations"), 5, key="k")) as classifier:
        yield classifier


@pytest.mark.parametrize("category", ["violence", ""])
def test_url_classifier_gives_the_flagged_category(
    httpserver: HTTPServer, classifier: UrlClassifier, category: str
) -> None:
    expected = httpserver.expect_request(
        "/v1/moderations", "POST", headers={"Authorization": "Bearer k"}, json={"input": "x"}
    )
    expected.respond_with_json(moderations(category) if category else moderations())
    assert classifier.category("x") == category


@pytest.mark.parametrize(("status", "content"), [(500, "{}"), (200, "<html>"), (200, '{"results": []}'), (200, "[]")])
def test_url_classifier_without_a_usable_answer_is_unclear(
    httpserver: HTTPServer, classifier: UrlClassifier, status: int, content: str
) -> None:
    httpserver.expect_request("/v1/moderations").respond_with_data(content, status)
    with pytest.raises(Unclear):
        classifier.category("x")


# --- a model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "category"), [("safe", ""), ("\n\nunsafe\nS10", "S10"), ("Unsafe.", "unsafe")])
def test_a_model_that_says_safe_or_unsafe(said: str, category: str) -> None:
    prompts: list[str] = []

    def script(prompt: str) -> list[bytes]:
        prompts.append(prompt)
        return [said.encode()]

    classifier = ModelClassifier(lambda: StubEngine(script=script))
    assert classifier.category("Hello there") == category
    assert classifier.category("Again") == category
    assert "Hello there" in prompts[0]
    classifier.close()


def test_the_real_engine_is_asked_and_words_that_are_no_verdict_are_none() -> None:
    """The embedded model was not made to classify: it talks, and that is no verdict."""
    classifier = ModelClassifier(lambda: open_engine("llama", max_num_seqs=1, threads=1))
    for _ in range(2):
        with pytest.raises(Unclear, match="neither safe nor unsafe"):
            classifier.category("Ana: Good day!")
    classifier.close()


def test_settings_of_the_classifier(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="want one of them"):
        load_config(sets=["agents.moderation_url=http://x/", f"agents.moderation_model={tmp_path}/x.gguf"], environ={})
    with pytest.raises(StartError, match="moderation_url"):
        load_config(sets=["agents.moderation_url=x"], environ={})
