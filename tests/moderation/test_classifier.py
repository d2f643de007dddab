"""The classifier beside the word list: asked about both sides, in nobody's way, and optional."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.cache import CacheEntry, NullCache, open_cache
from llm_agentd.client import Client
from llm_agentd.config import load_config
from llm_agentd.engines import open_engine
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import Cancelled, Filtered, StartError
from llm_agentd.moderation.classifier import Classifier, ClassifierThread, ModelClassifier, Unclear, UrlClassifier
from llm_agentd.moderation.moderator import Moderator, Verdict
from llm_agentd.server.request_builder import RequestDefaults
from tests.support.daemon_in_process import Gate, InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}


class FakeClassifier:
    """Finds violence in threats and poison."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.threads: set[str] = set()
        self.is_broken = False

    def category(self, text: str) -> str:
        self.texts.append(text)
        self.threads.add(threading.current_thread().name)
        if self.is_broken:
            raise Unclear("down")
        return "violence" if "threat" in text or "poison" in text else ""

    def close(self) -> None:
        self.texts.append("closed")


@pytest.fixture
def gate() -> Gate:
    return Gate()


def daemon(tmp_path: Path, classifier: Classifier, reply: str = "Well met.") -> InProcess:
    return InProcess(
        f"ipc://{tmp_path}/d",
        engine=lambda: StubEngine(script=lambda _: [reply.encode()]),
        moderator=Moderator(None, classifier=ClassifierThread(classifier)),
    )


def think(client: Client, words: str) -> str:
    return client.think(NPC, words, player="Ana").text


def test_classifier_sees_each_text_of_both_sides_once_on_its_own_thread(tmp_path: Path) -> None:
    fake = FakeClassifier()
    with daemon(tmp_path, fake) as running, running.client() as client:
        assert think(client, "Good day!") == "Well met."
        assert fake.texts == ["Good day!", "Well met."]
        with pytest.raises(Filtered, match="classifier: violence") as blocked:
            think(client, "A threat to you!")
        assert blocked.value.by == "player"
        with pytest.raises(Filtered):
            think(client, "fuck you")  # blocked by the word list, before the classifier
        assert fake.texts == ["Good day!", "Well met.", "A threat to you!"]
        think(client, "Good day!")
        assert len(fake.texts) == 3  # its verdict is remembered
    assert fake.threads == {"classifier"}
    assert fake.texts[-1] == "closed"


def test_reply_to_be_classified_is_not_streamed(tmp_path: Path) -> None:
    with (
        daemon(tmp_path, FakeClassifier(), "Drink this poison.") as running,
        running.client() as client,
        client.stream(npc=NPC, utterance="Hi!", player="Ana") as stream,
    ):
        with pytest.raises(Filtered) as blocked:
            next(stream)
        assert blocked.value.by == "model"
        assert "poison" not in json.dumps(blocked.value.fields())


def test_moderated_infer_is_classified_on_both_sides_and_comes_in_one_piece(tmp_path: Path) -> None:
    fake = FakeClassifier()
    chat = [{"role": "user", "content": "Good day!"}]
    with daemon(tmp_path, fake) as running, running.client() as client:
        with client.stream(chat, moderate=True) as stream:
            assert list(stream) == []  # nothing before the verdict, and then the whole
            assert stream.reply.text == "Well met."
        with pytest.raises(Filtered) as refused:
            client.infer([{"role": "user", "content": "A threat."}], moderate=True)
        assert refused.value.by == "player"
        client.infer("A threat.")
    assert fake.texts == ["Good day!", "Well met.", "A threat.", "closed"]


def test_classifier_that_is_down_leaves_it_to_the_word_list_and_is_not_asked_for_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeClassifier()
    fake.is_broken = True
    with daemon(tmp_path, fake) as running, running.client() as client:
        for number in range(4):
            assert think(client, f"A threat, number {number}.")
    assert fake.texts == ["A threat, number 0.", "closed"]
    assert len([record for record in caplog.records if "word list alone" in record.message]) == 1


def test_cancel_while_classifying_answers_at_once(tmp_path: Path) -> None:
    entered, gate = threading.Event(), threading.Event()

    class Slow(FakeClassifier):
        def category(self, text: str) -> str:
            entered.set()
            gate.wait(10)
            return ""

    with daemon(tmp_path, Slow()) as running, running.client() as client, ThreadPoolExecutor() as pool:
        reply = pool.submit(client.think, NPC, "Hi!", player="Ana", id="a")
        assert entered.wait(10)
        client.ping()  # no other request waits
        assert client.cancel("a")
        with pytest.raises(Cancelled):
            reply.result(10)
        gate.set()


@pytest.mark.parametrize(("reply", "is_held_back"), [("Drink this poison.", True), ("Well met.", False)])
def test_kept_reply_is_classified_as_a_new_one_is(tmp_path: Path, reply: str, is_held_back: bool) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    defaults = RequestDefaults(think_variants=1)
    for classifier in (None, ClassifierThread(FakeClassifier())):
        running = InProcess(
            f"ipc://{tmp_path}/d",
            engine=lambda: StubEngine(script=lambda _: [reply.encode()]),
            moderator=Moderator(None, classifier=classifier),
            cache=cache,
            defaults=defaults,
        )
        with running, running.peer() as peer:
            answer = peer.request(op="think", npc=NPC, player="Ana", utterance="Hi!")
    cache.close()
    assert answer.get("code") == ("filtered" if is_held_back else None)
    assert answer.get("cache") == (None if is_held_back else "hit")


def test_cancel_while_the_reply_is_classified_answers_at_once(tmp_path: Path) -> None:
    entered, gate = threading.Event(), threading.Event()

    class SlowOnReplies(FakeClassifier):
        def category(self, text: str) -> str:
            if text == "Well met.":
                entered.set()
                gate.wait(10)
            return ""

    with daemon(tmp_path, SlowOnReplies()) as running, running.client() as client, ThreadPoolExecutor() as pool:
        reply = pool.submit(client.think, NPC, "Hi!", player="Ana", id="a")
        assert entered.wait(10)
        assert client.cancel("a")
        with pytest.raises(Cancelled):
            reply.result(10)
        gate.set()


def test_stop_lets_the_engines_last_replies_through_the_classifier(tmp_path: Path, gate: Gate) -> None:
    """The router is busy while the engine stops, so it has not handed the reply over yet."""
    is_stopping, is_stopped = threading.Event(), threading.Event()

    class Observed(Moderator):
        def stop(self) -> None:
            is_stopped.set()
            super().stop()

    class SlowCache(NullCache):
        def get(self, key: bytes, variants: int = 1) -> CacheEntry | None:
            if is_stopping.is_set():
                is_stopped.wait(0.2)  # until the classifier has ended, were it to end too early
            return None

    running = InProcess(
        f"ipc://{tmp_path}/d",
        engine=lambda: StubEngine(script=lambda _: [b"Well met."], on_step=gate.on_step),
        moderator=Observed(None, classifier=ClassifierThread(FakeClassifier())),
        cache=SlowCache(),
    )
    running.start()
    assert running.engine_loop.started.wait(10)
    with running.peer() as peer:
        peer.send({"op": "think", "id": "a", "npc": NPC, "player": "Ana"})
        assert gate.entered.wait(10)
        stopping = threading.Thread(target=running.stop, args=(10,))
        stopping.start()
        assert running.engine_loop.stopping.wait(10)
        is_stopping.set()
        peer.send({"op": "infer", "id": "b", "prompt": "Hello"})
        gate.open()
        records = {record["id"]: record for record in peer.events("a", "b")}
        stopping.join()
    assert records["a"]["event"] == "done"
    assert records["b"]["code"] == "unavailable"


def test_stop_answers_what_the_classifier_never_gave_a_verdict_on(tmp_path: Path) -> None:
    class Silent(Moderator):
        def classify(self, text: str, on_verdict: Callable[[Verdict | None], None]) -> None: ...

    running = InProcess(f"ipc://{tmp_path}/d", moderator=Silent(None, classifier=ClassifierThread(FakeClassifier())))
    with running, running.peer() as peer:
        peer.send({"op": "think", "id": "a", "npc": NPC, "player": "Ana", "utterance": "Hi!"})
        peer.request(op="ping")
        running.engine_loop.stop(0)
        running.router.stop()
        assert peer.events("a")[-1]["code"] == "unavailable"


def test_callback_that_fails_leaves_the_thread_alive() -> None:
    def fail(_: str) -> None:
        raise ValueError("a bug")

    categories: queue.SimpleQueue[str] = queue.SimpleQueue()
    thread = ClassifierThread(FakeClassifier())
    thread.start()
    thread.classify("Hello", fail)
    thread.classify("A threat", categories.put)
    assert categories.get(timeout=10) == "violence"
    thread.stop()


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


@pytest.mark.parametrize(("reply", "category"), [("safe", ""), ("\n\nunsafe\nS10", "S10"), ("Unsafe.", "unsafe")])
def test_model_classifier_reads_safe_or_unsafe_and_the_category(reply: str, category: str) -> None:
    prompts: list[str] = []

    def script(prompt: str) -> list[bytes]:
        prompts.append(prompt)
        return [reply.encode()]

    classifier = ModelClassifier(lambda: StubEngine(script=script))
    assert classifier.category("Hello there") == category
    assert classifier.category("Again") == category
    assert "Hello there" in prompts[0]
    classifier.close()


def test_model_that_talks_gives_no_verdict() -> None:
    """The embedded model, which was not made to classify, on the real engine."""
    classifier = ModelClassifier(lambda: open_engine("llama", max_num_seqs=1, threads=1))
    for _ in range(2):
        with pytest.raises(Unclear, match="neither safe nor unsafe"):
            classifier.category("Ana: Good day!")
    classifier.close()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["agents.moderation_url=http://x/", "agents.moderation_model=/x.gguf"], "want one of them"),
        (["agents.moderation_url=x"], "moderation_url"),
    ],
)
def test_invalid_settings_of_the_classifier_stop_the_start(settings: list[str], message: str) -> None:
    with pytest.raises(StartError, match=message):
        load_config(sets=settings, environ={})
