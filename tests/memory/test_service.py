"""Memory in the whole daemon: what is kept of replies, the ops on the wire and over HTTP, summaries by the model."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq

from llm_agentd.cache.lmdb_cache import LmdbCache
from llm_agentd.client import Client
from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine, Prompt
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import BadRequest, Cancelled, EngineFailed, TooLarge
from llm_agentd.memory import SqliteMemory, SummarizeBy
from llm_agentd.server.request_builder import RequestDefaults
from llm_agentd.types import MemoryTurn, Message, Sampling
from tests.support.daemon_in_process import InProcess
from tests.support.http_harness import FakeDaemon, serve_http
from tests.support.raw_peer import RawPeer
from tests.support.recording_script import RecordingScript

WAIT_S = 30.0
MIRA = {"id": "npc-1", "name": "Mira", "role": "healer"}
OTHER = {"id": "npc-2", "name": "Mira", "role": "healer"}
LINE = {"npc": "npc-1", "name": "Mira", "player": "Ana", "place": "Oakford", "text": "Ana refused my price"}


@contextmanager
def running(
    tmp_path: Path, endpoint: str, engine: Callable[[], Engine], *, summarize_by: SummarizeBy | None = None
) -> Iterator[tuple[Client, SqliteMemory, LmdbCache]]:
    """`summarize_by` None: no summaries, as the daemon is never idle; else it counts as idle at once."""
    cache = LmdbCache(tmp_path / "cache", 300, 2**24)
    memory = SqliteMemory(
        tmp_path / "memory.db",
        turns=5,
        max_bytes=2**24,
        summarize_by=summarize_by or "rules",
        purge_cache=cache.purge,
        idle_s=-1.0 if summarize_by else math.inf,
    )
    daemon = InProcess(endpoint, engine=engine, cache=cache, memory=memory, defaults=RequestDefaults(think_variants=1))
    try:
        with daemon, daemon.client() as client:
            yield client, memory, cache
    finally:
        memory.close()
        cache.close()


def think(client: Client, utterance: str | None = "Good evening!", **fields: Any) -> dict[str, Any]:
    record = {"npc": MIRA, "player": "Ana", "utterance": utterance, "context": {"place": "Oakford"}}
    return client.request("think", **(record | fields))


def kept_exchanges(memory: SqliteMemory) -> list[tuple[str, str, str]]:
    memory.flush()
    return [(row["npc"], row["said"], row["text"]) for row in reversed(memory.list_newest(None, None, 200))]


def test_finished_reply_is_kept_once_whether_generated_or_cached(tmp_path: Path, endpoint: str) -> None:
    script = RecordingScript()
    with running(tmp_path, endpoint, lambda: StubEngine(script=script, fail_mark="boom")) as (client, memory, _):
        assert think(client)["cache"] == "miss"
        assert think(client, npc=OTHER)["cache"] == "hit"
        with pytest.raises(EngineFailed):
            think(client, "boom", npc=OTHER)
        think(client, draft={"title": "the witch", "persona": "A witch lives alone."})
        think(client, "Small talk.", player="Bo", remember=False)
        client.infer("Once upon a time")
        assert kept_exchanges(memory) == [
            ("npc-1", "Good evening!", "Well met."),
            ("npc-2", "Good evening!", "Well met."),
        ]
        assert think(client)["cache"] == "miss"  # its turns are a part of the prompt now
        assert script.prompts[-1].count("Good evening!") == 2
        assert think(client, None, player="Cy")["cache"] == "miss"
        assert think(client, None, player="Cy", npc=OTHER)["cache"] == "hit"  # a greeting
        assert think(client, None, player="Cy")["cache"] == "hit"


def test_reply_that_was_cut_is_told_counted_and_not_kept(tmp_path: Path, endpoint: str) -> None:
    script = RecordingScript(b"Mira: Well met.\nAna: Who are you?")
    with running(tmp_path, endpoint, lambda: StubEngine(script=script)) as (client, memory, cache):
        for _ in range(2):
            reply = think(client)
            assert (reply["text"], reply["cut"], reply["cache"]) == ("Well met.", "echo", "miss")
        assert kept_exchanges(memory) == []
        assert cache.stats()["entries"] == 0
        counted = client.metrics()
        assert 'llm_agentd_guarded_total{reason="echo"} 2.0' in counted
        assert 'llm_agentd_guarded_total{reason="name"} 2.0' in counted
        script.reply = b"Mira: Well met."
        assert "cut" not in think(client)
        assert kept_exchanges(memory) == [("npc-1", "Good evening!", "Well met.")]
        assert client.infer("Hello").text == "Mira: Well met."  # the client's own text


def test_cancelled_reply_is_not_kept(tmp_path: Path, endpoint: str) -> None:
    stepping, go_on = threading.Event(), threading.Event()

    def step(_: int) -> None:
        stepping.set()
        assert go_on.wait(WAIT_S)

    with running(tmp_path, endpoint, lambda: StubEngine(script=RecordingScript(), on_step=step)) as (client, memory, _):
        with ThreadPoolExecutor() as pool:
            reply = pool.submit(think, client, id="t")
            assert stepping.wait(WAIT_S)
            assert client.cancel("t")
            go_on.set()
            with pytest.raises(Cancelled):
                reply.result(WAIT_S)
        assert kept_exchanges(memory) == []


def test_outcome_is_prompted_listed_and_forgotten_with_the_cached_replies(tmp_path: Path, endpoint: str) -> None:
    script = RecordingScript()
    with running(tmp_path, endpoint, lambda: StubEngine(script=script)) as (client, memory, cache):
        assert client.remember([LINE, LINE | {"player": "Bo", "text": "Bo paid."}]) == 2
        think(client)
        assert "[place Oakford; memory Ana refused my price]" in script.prompts[-1]
        think(client, player="Bo")
        memory.flush()
        listed = client.memories(player="Ana", limit=5)
        assert [(row["kind"], row["text"]) for row in listed] == [
            ("exchange", "Well met."),
            ("outcome", "Ana refused my price"),
        ]
        cache.flush()
        assert client.forget(player="Ana") == {
            "exchanges": 1,
            "outcomes": 1,
            "facts": 0,
            "cached": 1,
        }
        assert client.memories(player="Ana") == []
        assert (cache.purge("Ana"), cache.stats()["entries"]) == (0, 1), "what is left does not name the player"
        think(client)
        assert "memory" not in script.prompts[-1]
        assert client.stats()["memory"]["backend"] == "sqlite"


def test_forget_over_a_req_socket_is_answered_when_it_is_done(tmp_path: Path, endpoint: str) -> None:
    with running(tmp_path, endpoint, StubEngine) as (_, memory, _cache):
        with RawPeer(endpoint, zmq.REQ) as peer:
            peer.send({"op": "remember", "id": "a", "lines": [LINE]}, {"op": "forget", "id": "b", "all": True})
            assert [record["id"] for record in peer.events("a", "b")] == ["a", "b"]
        assert kept_exchanges(memory) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"op": "forget"}, "npc, player: name one of them, or set all: true to forget everything"),
        ({"op": "remember", "lines": []}, "lines: "),
        ({"op": "remember", "lines": [{"npc": "n"}]}, "lines.0.text: missing"),
        ({"op": "memories", "limit": 0}, "limit: "),
        ({"op": "memories", "name": "x"}, "name: unknown field"),
    ],
)
def test_invalid_record_is_refused_by_field(
    tmp_path: Path, endpoint: str, fields: dict[str, Any], message: str
) -> None:
    refusal = pytest.raises(BadRequest, match="^" + re.escape(message))
    with InProcess(endpoint) as daemon, daemon.client() as client, refusal:
        client.request(**fields)


def test_ops_without_memory_answer_with_nothing(endpoint: str) -> None:
    with InProcess(endpoint) as daemon, daemon.client() as client:
        assert client.remember([LINE]) == 0
        assert client.memories() == []
        assert client.forget(player="Ana")["exchanges"] == 0


class Narrow(StubEngine):
    """Its context is too small for memory, against the estimate."""

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        if messages and len(messages) > 2:
            raise TooLarge("the prompt is too long")
        return super().encode(prompt, messages, sampling)


def test_prompt_that_does_not_fit_is_answered_without_memory(tmp_path: Path, endpoint: str) -> None:
    script = RecordingScript()
    with running(tmp_path, endpoint, lambda: Narrow(script=script)) as (client, _, _cache):
        think(client, "Hello!")
        assert think(client, "Any news?")["text"] == "Well met."
        assert "Hello!" not in script.prompts[-1]
        history = [{"speaker": "Ana", "text": "Hello!"}, {"speaker": "Mira", "text": "Aye."}]
        with pytest.raises(TooLarge):
            think(client, "Any news?", history=history)


@pytest.mark.slow
def test_embedded_model_says_what_was_told_before_the_last_turns(tmp_path: Path, endpoint: str) -> None:
    def embedded() -> Engine:
        return open_engine("llama", threads=1, max_num_seqs=2)

    with running(tmp_path, endpoint, embedded) as (client, memory, _):
        client.remember([LINE])
        think(client, "I hid my lantern under the oak.", deadline_ms=60_000)
        for number in range(6):
            rare = f"Number {number}: " + "xqzjk " * 60  # nearly as many tokens as letters: the guess is wrong
            assert think(client, rare, deadline_ms=60_000)["event"] == "done"
        for number in range(5):
            assert think(client, f"So it is, {number}.", deadline_ms=60_000)["event"] == "done"
        memory.flush()
        told = think(client, "Where is my lantern?", deadline_ms=60_000)
        assert "ou hid your lantern under the oak" in told["text"]  # "You" where it begins the sentence


# -- summaries ------------------------------------------------------------------------------------


def add_15_exchanges(memory: SqliteMemory) -> None:
    for number in range(15):
        memory.add_exchange(
            MemoryTurn("npc-1", "Mira", "Ana", "Oakford", f"I saw tower {number}."), "Aye.", time.monotonic()
        )
    memory.flush()


def facts_of(memory: SqliteMemory) -> list[str]:
    deadline_s = time.monotonic() + WAIT_S
    while time.monotonic() < deadline_s:
        memory.flush()  # the writer looks for a job after each round
        if facts := [row["text"] for row in memory.list_newest(None, None, 200) if row["kind"] == "fact"]:
            return facts
    pytest.fail("nothing was summarized")


def test_model_summarizes_while_idle(tmp_path: Path, endpoint: str) -> None:
    script = RecordingScript(b"- Ana saw ten towers.\n- Ana likes towers.")
    with running(tmp_path, endpoint, lambda: StubEngine(script=script), summarize_by="model") as (
        _,
        memory,
        _cache,
    ):
        add_15_exchanges(memory)
        assert facts_of(memory) == ["Ana likes towers", "Ana saw ten towers"]
        (prompt,) = script.prompts
        assert "at most 3 short facts about Ana" in prompt
        assert "Ana: I saw tower 0." in prompt
        assert "tower 10" not in prompt  # the last five are turns of prompts


def test_auto_summarizes_by_rules_for_a_small_model(tmp_path: Path, endpoint: str) -> None:
    script = RecordingScript()
    with running(tmp_path, endpoint, lambda: StubEngine(script=script), summarize_by="auto") as (
        _,
        memory,
        _cache,
    ):
        add_15_exchanges(memory)
        assert facts_of(memory)[-1] == "Ana saw tower 0"
        assert script.prompts == []


def test_request_cancels_a_summary_which_is_made_again_later(tmp_path: Path, endpoint: str) -> None:
    is_summarizing, is_asked = threading.Event(), threading.Event()
    script = RecordingScript(b"- Ana saw ten towers.")

    def step(_: int) -> None:
        if script.prompts and not is_asked.is_set():
            is_summarizing.set()
            assert is_asked.wait(WAIT_S)

    with running(tmp_path, endpoint, lambda: StubEngine(script=script, on_step=step), summarize_by="model") as parts:
        client, memory, _ = parts
        add_15_exchanges(memory)
        assert is_summarizing.wait(WAIT_S)
        with client.stream(npc=OTHER, utterance="Hello", player="Bo", priority="ambient") as stream:
            client.stats()  # the daemon has both by now
            is_asked.set()
            assert "".join(stream) == stream.reply.text
        assert facts_of(memory) == ["Ana saw ten towers"]
        assert sum("You keep notes" in prompt for prompt in script.prompts) == 2  # the first was cancelled


# -- over HTTP ------------------------------------------------------------------------------------


def test_ops_over_http_reach_the_daemon_by_post_alone(endpoint: str) -> None:
    def script(record: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"event": "done", "got": record["op"]}]

    with FakeDaemon(endpoint, script) as daemon, serve_http(endpoint) as server:
        for op, body in (("remember", {"lines": [LINE]}), ("forget", {"player": "Ana"}), ("memories", {"limit": 3})):
            assert server.http.post(f"/v1/memory/{op}", json=body).json() == {"got": op}
            record = daemon.next()
            assert {key: value for key, value in record.items() if key not in ("id", "via")} == {"op": op, **body}
        refused = server.http.post("/v1/memory/forget", json={"op": "set_role"})
        assert refused.status_code == 400
        assert server.http.post("/v1/memory/forget", content=b"{}").status_code == 403  # what any web page could send
        assert server.http.get("/v1/memory/forget").status_code == 405
