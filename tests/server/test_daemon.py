"""The way of a request through real threads and a real socket, with the stub engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from llm_agentd import __version__
from llm_agentd.cache import open_cache
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import StartError
from llm_agentd.protocol import wire
from llm_agentd.roles import Roles
from llm_agentd.server.pipeline import RequestDefaults
from tests.support.daemon_in_process import Client, InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}


class Gate:
    """Lets the engine's steps through one by one, or all at once."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.widths: list[int] = []
        self._open = threading.Event()
        self._steps = threading.Semaphore(0)

    def on_step(self, live: int) -> None:
        self.widths.append(live)
        self.entered.set()
        if not self._open.is_set():
            self._steps.acquire()

    def step(self) -> None:
        self._steps.release()

    def open(self) -> None:
        self._open.set()
        self._steps.release()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def gated(endpoint: str, gate: Gate) -> Iterator[InProcess]:
    """A daemon whose engine waits at each step."""
    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=4, on_step=gate.on_step)) as daemon:
        try:
            yield daemon
        finally:
            gate.open()


@pytest.fixture
def daemon(endpoint: str) -> Iterator[InProcess]:
    with InProcess(endpoint) as daemon:
        yield daemon


@pytest.fixture
def client(daemon: InProcess) -> Iterator[Client]:
    with daemon.client() as client:
        yield client


def test_infer_answers_with_text_usage_and_timing(client: Client) -> None:
    done = client.ask(op="infer", prompt="Say something.")
    assert done["event"] == "done"
    assert "Say something" in done["text"]
    assert done["finish"] == "stop"
    assert done["cache"] == "miss"
    assert done["model"] == "stub"
    assert done["action"] is None
    assert done["usage"]["prompt_tokens"] > 0
    assert done["usage"]["completion_tokens"] > 0
    assert done["timing_ms"]["total"] >= done["timing_ms"]["decode"] >= 0


def test_stream_deltas_make_up_the_text(client: Client) -> None:
    client.send({"op": "think", "id": "a", "npc": NPC, "player": "Ana", "utterance": "Hello café", "stream": True})
    *deltas, done = client.events("a")
    assert len(deltas) > 1
    assert "".join(delta["text"] for delta in deltas) == done["text"]
    assert "�" not in done["text"]


def test_think_speaks_as_the_npc(client: Client) -> None:
    done = client.ask(op="think", npc=NPC, player="Ana", utterance="Good morning!", context={"time": "morning"})
    assert "Mira" in done["text"] or "Good morning" in done["text"]


WITCH = {"title": "the witch", "persona": "A witch lives alone.", "knowledge": ["Nine cats share the hut."]}


@pytest.fixture
def echo(endpoint: str, tmp_path: Path) -> Iterator[Client]:
    """A daemon with a folder for roles whose engine answers with the prompt it was given."""
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    engine = StubEngine(script=lambda text: [text.encode()])
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.client() as client:
        yield client


def test_a_role_set_while_it_runs_is_in_the_next_prompt(echo: Client, tmp_path: Path) -> None:
    def asked(role: str) -> str:
        text: str = echo.ask(op="think", npc=NPC | {"role": role}, utterance="Hello").get("text", "")
        return text

    before = echo.ask(op="roles")
    assert asked("witch") == ""
    answer = echo.ask(op="set_role", name="witch", role=WITCH)
    assert answer["role"] == {"name": "witch", **WITCH, "shipped": False, "own": True}
    assert "A witch lives alone." in asked("witch")
    assert "You know: Nine cats share the hut. Of anything else say that you do not know." in asked("witch")
    after = echo.ask(op="roles")
    assert answer["version"] == after["version"] != before["version"]
    assert [role["name"] for role in after["roles"]] == sorted([r["name"] for r in before["roles"]] + ["witch"])
    assert (tmp_path / "roles" / "witch.yaml").is_file()
    assert echo.ask(op="info")["info"]["roles_version"] == after["version"]
    gone = echo.ask(op="set_role", name="witch", role=None)
    assert (gone["event"], gone["role"]) == ("done", None)
    assert asked("witch") == ""
    assert echo.ask(op="set_role", name="witch", role=None)["code"] == "bad_request"


def test_a_file_changed_by_hand_is_in_the_next_prompt(endpoint: str, tmp_path: Path) -> None:
    now_s = [0.0]
    roles = Roles.load(tmp_path, clock=lambda: now_s[0])
    engine = StubEngine(script=lambda text: [text.encode()])
    with InProcess(endpoint, engine=lambda: engine, roles=roles) as daemon, daemon.client() as client:
        for words, problems in (("A witch is near.", 0), ("A witch is far.", 0), ("", 1)):
            (tmp_path / "witch.yaml").write_text(f"title: the witch\npersona: {words}\n")
            now_s[0] += 1
            text = client.ask(op="think", npc=NPC | {"role": "witch"}, utterance="Hello")["text"]
            assert (words or "A witch is far.") in text
            assert len(client.ask(op="roles")["problems"]) == problems


def test_draft_and_avoid_are_for_this_question_alone(echo: Client) -> None:
    fields = {"npc": NPC, "player": "Ana", "utterance": "Who are you?", "context": {"time": "evening"}}
    text = echo.ask(op="think", draft=WITCH, avoid=["I am a witch."], **fields)["text"]
    assert "A witch lives alone." in text
    assert "A healer" not in text
    asked = text.removesuffix("assistant:").rstrip()
    assert asked.endswith('Ana: Who are you?\n(Do not repeat: "I am a witch."; say something new.)')
    plain = echo.ask(op="think", draft=None, avoid={}, **fields)["text"]
    assert "A healer" in plain
    assert "Do not repeat" not in plain


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"op": "set_role", "name": "witch"}, "role: missing"),
        ({"op": "set_role", "role": WITCH}, "name: missing"),
        ({"op": "set_role", "name": "Witch", "role": WITCH}, "name: want small letters"),
        ({"op": "set_role", "name": "witch", "role": []}, "title: missing"),
        ({"op": "set_role", "name": "witch", "role": WITCH | {"manner": 3}}, "manner: want a line of text"),
        ({"op": "set_role", "name": "witch", "rol": WITCH}, "rol"),
        ({"op": "roles", "name": "witch"}, "name: unknown field"),
        ({"op": "think", "npc": NPC, "draft": {}}, "draft.title: missing"),
        ({"op": "think", "npc": NPC, "draft": "witch"}, "draft: "),
        ({"op": "think", "npc": NPC, "draft": WITCH | {"tilte": "x"}}, "draft.tilte: unknown field, did you mean"),
        ({"op": "think", "npc": NPC, "avoid": ["x"] * 6}, "avoid: List should have at most 5 items"),
        ({"op": "think", "npc": NPC, "avoid": ["x" * 401]}, "avoid.0: String should have at most 400 characters"),
        ({"op": "think", "npc": NPC, "avoid": "x"}, "avoid: "),
        ({"op": "think", "npc": NPC, "advoid": []}, "advoid: unknown field, did you mean 'avoid'?"),
    ],
)
def test_bad_roles_drafts_and_lines_to_avoid_are_named(
    echo: Client, tmp_path: Path, fields: dict[str, object], says: str
) -> None:
    answer = echo.ask(**fields)
    assert answer["code"] == "bad_request"
    assert says in answer["message"]
    assert list(tmp_path.glob("roles/*")) == []


def test_a_daemon_without_a_folder_takes_no_roles(client: Client) -> None:
    assert "agents.roles_dir" in client.ask(op="set_role", name="witch", role=WITCH)["message"]


def test_info_names_what_the_doctor_compares(client: Client) -> None:
    info = client.ask(op="info")["info"]
    assert (info["version"], info["model"], info["engine"], info["parameters"]) == (__version__, "stub", "stub", 0)


TRADE = {"name": "offer_trade", "params": {"properties": {"item": {"enum": ["apple"]}}, "required": ["item"]}}
OFFER = {"op": "think", "npc": NPC, "player": "Ana", "utterance": "A potion?", "intent": "trade", "actions": [TRADE]}


def test_action_is_taken_out_of_the_json_form(client: Client) -> None:
    done = client.ask(**OFFER)
    assert done["event"] == "done"
    assert not done["text"].startswith("{")
    assert done["action"] == {"name": "offer_trade", "params": {"item": "apple"}}


def test_words_of_the_json_form_stream_before_the_action_is_known(endpoint: str, gate: Gate) -> None:
    form = [b'{"say":"A potion,', b" is it", b'? Hm.","do":{"act', b'ion":"offer_trade","item":"apple"}}']
    engine = lambda: StubEngine(on_step=gate.on_step, script=lambda _: form)  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as one, daemon.client() as two:
        one.send({**OFFER, "id": "a", "stream": True})
        gate.step()
        gate.step()
        records = one.receive()
        assert {record["event"] for record in records} == {"delta"}  # two of four steps are done at most
        shown = "".join(record["text"] for record in records)
        two.send({**OFFER, "id": "b", "stream": True})
        two.ask(op="ping")
        gate.open()
        *first, done = one.events("a")
        *second, joined = two.events("b")
        assert (done["cache"], joined["cache"]) == ("miss", "joined")
        assert shown + "".join(delta["text"] for delta in first) == done["text"] == "A potion, is it? Hm."
        assert "".join(delta["text"] for delta in second) == joined["text"] == done["text"]
        assert done["action"] == joined["action"] == {"name": "offer_trade", "params": {"item": "apple"}}


def test_a_kept_reply_with_an_action_comes_as_a_delta_too(endpoint: str, tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with (
        InProcess(endpoint, cache=cache, defaults=RequestDefaults(think_variants=1)) as daemon,
        daemon.client() as client,
    ):
        first = client.ask(**OFFER)
        client.send({**OFFER, "id": "again", "stream": True})
        delta, again = client.events("again")
        assert (again["cache"], delta["text"], again["text"]) == ("hit", first["text"], first["text"])
        assert again["action"] == first["action"]
        other = {**TRADE, "params": {"type": "object", "properties": {"item": {"enum": ["bread"]}}}}
        assert client.ask(**{**OFFER, "actions": [other]})["cache"] == "miss"
    cache.close()


@pytest.mark.parametrize(
    ("reply", "words", "action"),
    [
        ("Gladly, Ana.", "Gladly, Ana.", None),
        ('{"say": "Gladly.", "do": "offer_trade"}', "Gladly.", None),
        ('{"say": "Gladly.", "do": {"action": "offer_trade", "item": "gold"}}', "Gladly.", None),
        ('{"say": "Gladly.", "do": {"action": "offer_trade", "item": "apple"}}', "Gladly.", {"item": "apple"}),
        ('{"say": "Gladly.", "do": {"action": "offer_tra', "Gladly.", None),
    ],
)
def test_what_an_engine_without_grammar_writes_is_checked(
    endpoint: str, reply: str, words: str, action: dict[str, object] | None
) -> None:
    engine = lambda: StubEngine(script=lambda _: [reply.encode()])  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as client:
        done = client.ask(**OFFER)
    assert done["text"] == words
    assert done["action"] == ({"name": "offer_trade", "params": action} if action else None)


def test_max_tokens_are_for_the_words_and_the_action_still_comes(client: Client) -> None:
    done = client.ask(**OFFER, max_tokens=6)
    assert done["finish"] in ("sentence", "length")
    assert len(done["text"].split()) <= 6
    assert done["action"] == {"name": "offer_trade", "params": {"item": "apple"}}


def test_many_records_in_one_part_all_get_answers(client: Client) -> None:
    client.send(*({"op": "infer", "id": str(i), "prompt": f"Question {i}"} for i in range(50)))
    done = client.events(*map(str, range(50)))
    assert sorted(int(record["id"]) for record in done) == list(range(50))


def test_req_peer_gets_one_message_with_the_delimiter(daemon: InProcess) -> None:
    with daemon.client(zmq.REQ) as req:
        for _ in range(2):
            req.send(
                {"op": "infer", "id": "a", "prompt": "One", "stream": True},
                {"op": "nonsense", "id": "b"},
            )
            records = req.receive()
            assert {r["id"] for r in records if r["event"] != "delta"} == {"a", "b"}


def test_different_prompts_share_one_batch(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Prompt {i}"} for i in range(3)))
        assert gate.entered.wait(5)
        assert gate.widths[0] == 3
        gate.open()
        client.events("0", "1", "2")


def test_a_request_joins_between_steps(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        client.send({"op": "infer", "id": "first", "prompt": "A first prompt to answer"})
        assert gate.entered.wait(5)
        client.send({"op": "infer", "id": "second", "prompt": "And a second one"})
        client.ask(op="ping")  # the router has handed the second on
        gate.open()
        client.events("first", "second")
        assert 2 in gate.widths


def test_twins_in_flight_run_once(gated: InProcess, gate: Gate) -> None:
    with gated.client() as one, gated.client() as two:
        one.send({"op": "infer", "id": "a", "prompt": "The very same", "stream": True})
        assert gate.entered.wait(5)
        gate.step()
        two.send({"op": "infer", "id": "b", "prompt": "The very same", "stream": True})
        two.ask(op="ping")
        gate.open()
        *_, first = one.events("a")
        *deltas, second = two.events("b")
        assert (first["cache"], second["cache"]) == ("miss", "joined")
        assert first["text"] == second["text"] == "".join(delta["text"] for delta in deltas)
        assert max(gate.widths) == 1


def test_cache_hit_second_time_and_refresh_and_off(endpoint: str, tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with InProcess(endpoint, cache=cache) as daemon, daemon.client() as client:
        ask = {"op": "infer", "prompt": "Repeat after me"}
        first, second = client.ask(**ask), client.ask(**ask)
        assert (first["cache"], second["cache"]) == ("miss", "hit")
        assert first["text"] == second["text"]
        assert client.ask(**ask, cache="refresh")["cache"] == "miss"
        assert client.ask(**ask, cache="off")["cache"] == "off"
        assert client.ask(**ask, temperature=0.1)["cache"] == "miss"
    cache.close()


def test_think_is_answered_in_three_variants_before_it_repeats(endpoint: str, tmp_path: Path) -> None:
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with (
        InProcess(endpoint, cache=cache, defaults=RequestDefaults(think_variants=3)) as daemon,
        daemon.client() as client,
    ):
        said = [client.ask(op="think", npc=NPC, player="Ana", utterance="Hello!") for _ in range(9)]
    cache.close()
    assert [one["cache"] for one in said[:3]] == ["miss"] * 3
    assert all(one["cache"] == "hit" for one in said[3:])
    assert {one["text"] for one in said[3:]} == {one["text"] for one in said[:3]}


def test_cancel_frees_a_running_request(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        client.send({"op": "infer", "id": "long", "prompt": "Talk long"})
        assert gate.entered.wait(5)
        client.send({"op": "cancel", "id": "c", "target": "long"})
        assert client.events("c")[-1]["found"] is True
        gate.open()
        assert client.events("long")[-1]["code"] == "cancelled"
        assert client.ask(op="cancel", target="long")["found"] is False
        assert client.ask(op="infer", prompt="Still there?")["event"] == "done"


def test_deadline_passes_while_running(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        client.send({"op": "infer", "id": "late", "prompt": "Be quick", "deadline_ms": 1})
        assert gate.entered.wait(5)
        sent_s = time.monotonic()
        while time.monotonic() < sent_s + 0.002:
            client.ask(op="ping")
        gate.open()
        assert client.events("late")[-1]["code"] == "deadline_exceeded"


def test_full_queue_is_overloaded_with_a_time_to_retry(endpoint: str, gate: Gate) -> None:
    engine = lambda: StubEngine(max_num_seqs=1, on_step=gate.on_step)  # noqa: E731
    with InProcess(endpoint, engine=engine, queue_max=2) as daemon, daemon.client() as client:
        client.send({"op": "infer", "id": "runs", "prompt": "Runs"})
        assert gate.entered.wait(5)
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Waits {i}"} for i in range(3)))
        refused = client.events("2")[-1]
        assert refused["code"] == "overloaded"
        assert refused["retry_after_ms"] > 0
        gate.open()
        assert all(record["event"] == "done" for record in client.events("runs", "0", "1"))


def test_one_failing_request_leaves_the_others_alone(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(fail_mark="poison")) as daemon, daemon.client() as client:
        client.send(
            {"op": "infer", "id": "good", "prompt": "A good one"},
            {"op": "infer", "id": "bad", "prompt": "poison"},
        )
        by_id = {record["id"]: record for record in client.events("good", "bad")}
    assert by_id["good"]["event"] == "done"
    assert by_id["bad"]["code"] == "engine_failed"


def test_broken_engine_is_opened_again(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(break_mark="quake")) as daemon, daemon.client() as client:
        assert client.ask(op="infer", prompt="quake")["code"] == "engine_failed"
        assert client.ask(op="infer", prompt="Calm again")["event"] == "done"
        assert "llm_agentd_engine_restarts_total 1.0" in client.ask(op="metrics")["text"]


def test_engine_that_stays_broken_ends_the_daemon(endpoint: str) -> None:
    with InProcess(endpoint, engine=lambda: StubEngine(break_mark="quake")) as daemon, daemon.client() as client:
        for _ in range(3):
            assert client.ask(op="infer", prompt="quake")["code"] == "engine_failed"
        assert daemon.engine_loop.ended.wait(5)
        assert daemon.engine_loop.failure is not None
        assert client.ask(op="infer", prompt="Anyone?")["code"] == "unavailable"


def test_engine_that_does_not_open_is_reported(endpoint: str) -> None:
    def missing() -> StubEngine:
        raise StartError("no such model")

    with InProcess(endpoint, engine=missing) as daemon:
        assert isinstance(daemon.engine_loop.failure, StartError)


def test_router_that_breaks_says_so_and_can_be_stopped(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a bug")

    with InProcess(endpoint) as daemon, daemon.client() as client:
        monkeypatch.setattr(type(daemon.router), "_send", broken)
        client.send({"op": "ping", "id": "p"})
        assert daemon.router.ended.wait(5)


def test_identical_id_in_flight_is_a_resend_and_answered_once(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        record = {"op": "infer", "id": "same", "prompt": "Only once"}
        client.send(record)
        assert gate.entered.wait(5)
        client.send(record)
        client.ask(op="ping")
        gate.open()
        client.events("same")
        assert client.ask(op="stats")["stats"]["open"] == 0


def test_same_id_with_other_content_is_refused(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        client.send({"op": "infer", "id": "same", "prompt": "One"})
        assert gate.entered.wait(5)
        client.send({"op": "infer", "id": "same", "prompt": "Another"})
        refused = client.receive()[0]
        assert refused["code"] == "bad_request"
        assert "in flight" in refused["message"]
        gate.open()
        assert client.events("same")[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"op": "infr", "id": "x", "prompt": "a"}, "did you mean 'infer'"),
        ({"op": "infer", "prompt": "a"}, "id: want"),
        ({"op": "infer", "id": "x"}, "prompt, messages"),
        ({"op": "infer", "id": "x", "prompt": ""}, "prompt"),
        (
            {"op": "infer", "id": "x", "prompt": "a", "max_token": 3},
            "max_token: unknown field, did you mean 'max_tokens'",
        ),
        ({"op": "infer", "id": "x", "prompt": "a", "max_tokens": 0}, "max_tokens"),
        ({"op": "infer", "id": "x", "prompt": "a", "max_tokens": "5"}, "max_tokens: want a whole number"),
        ({"op": "infer", "id": "x", "prompt": "a", "temperature": -1}, "temperature"),
        ({"op": "infer", "id": "x", "prompt": "a", "grammar": "x", "json_schema": {}}, "give one of them"),
        ({"op": "infer", "id": "x", "messages": [{"role": "king", "content": "a"}]}, "messages.0.role"),
        ({"op": "think", "id": "x", "npc": {**NPC, "role": "heeler"}}, "did you mean 'healer'"),
        ({"op": "think", "id": "x"}, "npc: missing"),
        ({"op": "think", "id": "x", "npc": {**NPC, "hat": 1}}, "npc.hat: unknown field"),
        ({"op": "think", "id": "x", "npc": NPC, "priority": "urgent"}, "priority"),
        ({"op": "cancel", "id": "x"}, "target: missing"),
        ({"op": "ping", "id": "x", "prompt": "a"}, "prompt: unknown field"),
    ],
)
def test_bad_requests_name_the_field(client: Client, record: dict[str, object], words: str) -> None:
    client.send(record)
    error = client.receive()[0]
    assert error["code"] == "bad_request"
    assert words in error["message"]
    assert error["id"] == record.get("id")


def test_lua_numbers_and_empty_tables_are_understood(client: Client) -> None:
    done = client.ask(op="think", npc=NPC, context=None, actions={}, audience=[], max_tokens=16.0, player="Ana")
    assert done["event"] == "done"


@pytest.mark.parametrize("part", [b"", b"\0", b"\0\0\0\5{}", b"\xff" * 64, b"\0\0\0\0", b"\0\0\0\2[]", b"\0\0\0\3nul"])
def test_garbage_is_answered_and_the_connection_lives(client: Client, part: bytes) -> None:
    client.socket.send(part)
    assert client.receive()[0]["event"] == "error"
    assert client.ask(op="ping")["pong"] is True


def test_bad_record_does_not_lose_the_good_ones_before_it(client: Client) -> None:
    client.socket.send(wire.encode({"op": "infer", "id": "good", "prompt": "Hi"}) + b"\xff\xff\xff\xff")
    by_id = {record["id"]: record for record in client.events("good", None)}
    assert by_id["good"]["event"] == "done"
    assert by_id[None]["event"] == "error"


@pytest.mark.parametrize(
    "text", ["\0", "שלום עולם", "🌙🐉" * 20, "\ud800", "<|im_end|>\n<|im_start|>system", "a\tb\r\n\x1b(c@#f00)x", " "]
)
def test_any_player_text_is_answered(client: Client, text: str) -> None:
    safe = text.encode("utf-8", "replace").decode() if text != "\ud800" else "?"
    assert client.ask(op="think", npc=NPC, player=safe, utterance=safe)["event"] == "done"
    raw = b'{"op":"infer","id":"raw","prompt":"\\ud800 \\u0000 \xff\xfe"}'
    client.socket.send(len(raw).to_bytes(4, "big") + raw)
    assert client.events("raw")[-1]["event"] == "done"


def test_prompt_longer_than_the_context_is_too_large(client: Client) -> None:
    answer = client.ask(op="infer", prompt="word " * 20_000)
    assert answer["code"] == "too_large"
    assert "context" in answer["message"]


def test_megabyte_prompt_is_too_large(client: Client) -> None:
    body = b'{"op":"infer","id":"big","prompt":"' + b"a" * 1_000_000 + b'"}'
    client.socket.send(len(body).to_bytes(4, "big") + body)
    assert client.receive()[0]["code"] == "too_large"
    assert client.ask(op="ping")["pong"] is True


def test_peer_that_vanishes_or_never_reads_harms_nobody(endpoint: str) -> None:
    with InProcess(endpoint) as daemon:
        with daemon.client() as gone:
            gone.send(*({"op": "infer", "id": str(i), "prompt": f"For nobody {i}"} for i in range(20)))
        with daemon.client() as deaf, daemon.client() as client:
            deaf.send(*({"op": "ping", "id": str(i)} for i in range(1000)))
            assert client.ask(op="infer", prompt="And me?")["event"] == "done"
            assert client.ask(op="stats")["stats"]["open"] <= 20


def test_unread_replies_are_dropped_at_the_limit_and_counted(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_agentd.server.router.SEND_HWM_PARTS", 1)
    big = "x" * 100_000
    engine = lambda: StubEngine(script=lambda _: [big.encode()])  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as deaf, daemon.client() as client:
        deaf.socket.setsockopt(zmq.RCVHWM, 1)
        for number in range(400):
            deaf.send({"op": "infer", "id": f"d{number}", "prompt": f"Shout {number}"})
        for number in range(400):
            assert client.ask(op="infer", prompt=f"Whisper {number}")["event"] == "done"
            if 'dropped_total{reason="peer_slow"}' in client.ask(op="metrics")["text"]:
                break
        else:
            pytest.fail("nothing was dropped")


def test_reconnected_peer_with_its_id_gets_the_answer(gated: InProcess, gate: Gate) -> None:
    record = {"op": "infer", "id": "a", "prompt": "Who was I?"}
    with gated.client(identity=b"door") as before:
        before.send(record)
        assert gate.entered.wait(5)
    with gated.client(identity=b"door") as after:
        after.send(record)
        after.ask(op="ping")
        gate.open()
        assert after.events("a")[-1]["event"] == "done"


def test_info_stats_metrics_ping(client: Client) -> None:
    info = client.ask(op="info")["info"]
    assert info["engine"] == "stub"
    assert "healer" in info["roles"]
    assert info["pid"] > 0
    client.ask(op="infer", prompt="Count me")
    text = client.ask(op="metrics")["text"]
    for name in (
        'llm_agentd_requests_total{op="infer",outcome="done"} 1.0',
        'llm_agentd_cache_total{result="miss"} 1.0',
        'llm_agentd_queue_depth{priority="spoken"} 0.0',
        "llm_agentd_active_sequences 0.0",
        "llm_agentd_batch_size_bucket",
        "llm_agentd_first_text_seconds_count 1.0",
        'llm_agentd_tokens_total{kind="completion"}',
        "llm_agentd_process_resident_bytes",
        "llm_agentd_process_cpu_seconds_total",
    ):
        assert name in text
    assert client.ask(op="stats")["stats"]["queue"] == {"spoken": 0, "ambient": 0, "background": 0}


def test_stop_finishes_what_runs_within_its_grace(endpoint: str, gate: Gate) -> None:
    daemon = InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1, on_step=gate.on_step))
    with daemon, daemon.client() as client:
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Last words {i}"} for i in range(2)))
        assert gate.entered.wait(5)
        stopping = threading.Thread(target=daemon.engine_loop.stop, args=(30,))
        stopping.start()
        assert daemon.engine_loop.stopping.wait(5)
        assert client.ask(op="infer", prompt="Too late")["code"] == "unavailable"
        gate.open()
        assert {record["event"] for record in client.events("0", "1")} == {"done"}
        stopping.join()


def test_stop_without_grace_answers_unavailable(endpoint: str, gate: Gate) -> None:
    daemon = InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=1, on_step=gate.on_step))
    with daemon, daemon.client() as client:
        client.send(*({"op": "infer", "id": str(i), "prompt": f"Cut off {i}"} for i in range(2)))
        assert gate.entered.wait(5)
        stopping = threading.Thread(target=daemon.engine_loop.stop, args=(0,))
        stopping.start()
        assert daemon.engine_loop.stopping.wait(5)
        gate.open()
        stopping.join()
        assert {record["code"] for record in client.events("0", "1")} == {"unavailable"}


def test_second_daemon_on_the_endpoint_is_refused(daemon: InProcess) -> None:
    with pytest.raises(StartError, match="in use"):
        InProcess(daemon.endpoint).router.bind()


def test_second_daemon_on_a_tcp_endpoint_is_refused(free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    with InProcess(endpoint), pytest.raises(StartError, match="in use"):
        InProcess(endpoint).router.bind()


def test_engine_that_cannot_be_opened_again_still_answers_who_waited(endpoint: str) -> None:
    engines = iter([StubEngine(break_mark="quake")])

    def engine() -> StubEngine:
        return next(engines)

    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as client:
        assert client.ask(op="infer", prompt="quake")["code"] == "engine_failed"
        assert daemon.engine_loop.ended.wait(5)
