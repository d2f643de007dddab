"""The metrics of a daemon under their promised names, what moves each of them, and how many series they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import AgentdError
from llm_agentd.metrics import FALLBACK_REASONS, GUARD_REASONS, STEP_GAP_BOUNDS_S, Load, Metrics
from llm_agentd.roles import Roles
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.exposition import Exposition

NPC = {"id": "1", "name": "Mira", "role": "healer"}
# Written down, not read from the code: these names are promised. Type and labels of each.
PROMISED = {
    "llm_agentd_requests_total": ("counter", {"op", "outcome"}),
    "llm_agentd_num_requests_running": ("gauge", set()),
    "llm_agentd_num_requests_waiting": ("gauge", {"priority"}),
    "llm_agentd_batch_size": ("histogram", set()),
    "llm_agentd_request_queue_time_seconds": ("histogram", {"priority"}),
    "llm_agentd_time_to_first_token_seconds": ("histogram", {"priority"}),
    "llm_agentd_inter_token_latency_seconds": ("histogram", set()),
    "llm_agentd_e2e_request_latency_seconds": ("histogram", {"op"}),
    "llm_agentd_prompt_tokens_total": ("counter", set()),
    "llm_agentd_prompt_tokens_cached_total": ("counter", set()),
    "llm_agentd_generation_tokens_total": ("counter", set()),
    "llm_agentd_reply_cache_queries_total": ("counter", set()),
    "llm_agentd_reply_cache_hits_total": ("counter", set()),
    "llm_agentd_prefix_cache_queries_total": ("counter", set()),
    "llm_agentd_prefix_cache_hits_total": ("counter", set()),
    "llm_agentd_kv_cache_usage_perc": ("gauge", set()),
    "llm_agentd_engine_restarts_total": ("counter", set()),
    "llm_agentd_dropped_total": ("counter", {"reason"}),
    "llm_agentd_game_step_gap_seconds": ("histogram", set()),
    "llm_agentd_game_fallbacks_total": ("counter", {"reason"}),
    "process_cpu_seconds_total": ("counter", set()),
    "process_resident_memory_bytes": ("gauge", set()),
}


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def cached(endpoint: str, tmp_path: Path) -> Iterator[InProcess]:
    """A daemon that keeps replies."""
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with InProcess(endpoint, cache=cache) as daemon:
        yield daemon
    cache.close()


def shown(daemon: InProcess) -> Exposition:
    """As they stand now: the op `metrics` says the same for a second."""
    return Exposition(daemon.metrics.text(daemon.engine_loop.load()))


def test_promised_names_types_and_labels_are_there() -> None:
    found = Exposition(Metrics().text(Load()))
    assert {name: (found[name].kind, found[name].labels) for name in PROMISED} == {
        name: (kind, frozenset(labels)) for name, (kind, labels) in PROMISED.items()
    }


def test_a_name_says_its_unit() -> None:
    for family in Exposition(Metrics().text(Load())).values():
        assert family.name.startswith(("llm_agentd_", "process_"))
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert not family.name.endswith(("_ms", "_time", "_created")), family.name


def test_priorities_and_outcomes_are_there_before_the_first_request() -> None:
    """An alert sees a counter rise from 0 to 1, not one that begins with 1."""
    found = Exposition(Metrics().text(Load()))
    for outcome in ("done", "overloaded", "deadline_exceeded", "engine_failed", "unavailable", "internal"):
        assert found.value("llm_agentd_requests_total", op="think", outcome=outcome) == 0
    for priority in ("spoken", "ambient", "background"):
        assert found.value("llm_agentd_time_to_first_token_seconds_count", priority=priority) == 0
    assert found.value("llm_agentd_game_fallbacks_total", reason="offline") == 0


def test_a_generated_reply_moves_what_it_should(cached: InProcess) -> None:
    with cached.client() as client:
        reply = client.think(NPC, "Good morning!", player="Ana", priority="ambient")
    found = shown(cached)
    usage = reply.usage
    assert found.value("llm_agentd_requests_total", op="think", outcome="done") == 1
    assert found.value("llm_agentd_prompt_tokens_total") == usage.prompt_tokens
    assert found.value("llm_agentd_generation_tokens_total") == usage.completion_tokens > 1
    assert found.value("llm_agentd_inter_token_latency_seconds_count") == usage.completion_tokens - 1
    assert found.value("llm_agentd_batch_size_count") >= usage.completion_tokens
    for name in ("request_queue_time", "time_to_first_token"):
        assert found.value(f"llm_agentd_{name}_seconds_count", priority="ambient") == 1
        assert found.value(f"llm_agentd_{name}_seconds_count", priority="spoken") == 0
    first_s = found.value("llm_agentd_time_to_first_token_seconds_sum", priority="ambient")
    e2e_s = found.value("llm_agentd_e2e_request_latency_seconds_sum", op="think")
    assert 0 < first_s <= e2e_s < 10
    assert found.value("llm_agentd_reply_cache_queries_total") == 1
    assert found.value("llm_agentd_reply_cache_hits_total") == 0


def test_a_kept_reply_is_a_hit_and_no_work_of_the_engine(cached: InProcess) -> None:
    with cached.client() as client:
        client.infer("Once and again")
        before = shown(cached)
        assert client.infer("Once and again").cache == "hit"
        tokens = "llm_agentd_generation_tokens_total"
        assert shown(cached).value(tokens) == before.value(tokens) > 0
        client.infer("Once and again", cache="off")
    found = shown(cached)
    assert found.value("llm_agentd_reply_cache_queries_total") == 2
    assert found.value("llm_agentd_reply_cache_hits_total") == 1
    assert found.value("llm_agentd_e2e_request_latency_seconds_count", op="infer") == 3
    assert found.value("llm_agentd_time_to_first_token_seconds_count", priority="spoken") == 2


def test_a_repeated_beginning_is_found_in_the_prefix_cache(endpoint: str) -> None:
    """Of two chats with one system turn, the second finds its beginning: in its slot, or in the prefix cache."""
    system = {"role": "system", "content": "You are Bram, who sells boots and hammers on the market. " * 8}
    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=2)) as daemon, daemon.client() as client:
        for question in ("Boots?", "Hammers?", "A hat?"):
            client.request("infer", messages=[system, {"role": "user", "content": question}], cache="off")
        found = shown(daemon)
    asked, known = found.value("llm_agentd_prompt_tokens_total"), found.value("llm_agentd_prompt_tokens_cached_total")
    assert asked == found.value("llm_agentd_prefix_cache_queries_total")
    assert asked * 0.5 < known < asked
    assert 0 < found.value("llm_agentd_prefix_cache_hits_total") <= known


def test_what_runs_waits_and_fills_the_kv_cache_is_shown_while_it_does(endpoint: str, gate: Gate) -> None:
    def ask(id: str, prompt: str) -> dict[str, object]:
        return {"op": "infer", "id": id, "prompt": prompt, "priority": "ambient"}

    engine = lambda: StubEngine(max_num_seqs=1, context_tokens=1024, on_step=gate.on_step)  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.peer() as peer:
        peer.send(ask("a", "The very same"), ask("twin", "The very same"))
        assert gate.entered.wait(10)
        peer.send(ask("b", "Another"))
        peer.request(op="ping")
        found = shown(daemon)
        assert found.value("llm_agentd_num_requests_running") == 2, "one sequence, for which two wait"
        assert found.value("llm_agentd_num_requests_waiting", priority="ambient") == 1
        assert 0 < found.value("llm_agentd_kv_cache_usage_perc") < 0.5
        gate.open()
        peer.events("a", "twin", "b")
        peer.request(op="ping")
    after = shown(daemon)
    assert after.value("llm_agentd_requests_coalesced_total") == 1
    assert after.value("llm_agentd_num_requests_waiting", priority="ambient") == 0


def test_nothing_runs_before_the_engine_is_open(endpoint: str) -> None:
    daemon = InProcess(endpoint)
    assert daemon.engine_loop.load() == Load({"spoken": 0, "ambient": 0, "background": 0}, 0, 0.0)


def test_a_broken_engine_is_counted_with_its_requests(endpoint: str) -> None:
    engine = lambda: StubEngine(break_mark="BREAK")  # noqa: E731
    with InProcess(endpoint, engine=engine) as daemon, daemon.peer() as peer:
        assert peer.request(op="infer", prompt="BREAK it")["code"] == "engine_failed"
        found = shown(daemon)
    assert found.value("llm_agentd_engine_restarts_total") == 1
    assert found.value("llm_agentd_requests_total", op="infer", outcome="engine_failed") == 1


# -- what the game tells -----------------------------------------------------------------------------


def test_step_gaps_of_a_game_are_added_bucket_by_bucket() -> None:
    metrics = Metrics()
    counts = [5, 4, 3, 2, 1, 0, 0, 1, 2]
    for _ in range(2):
        metrics.game_reported(STEP_GAP_BOUNDS_S, counts, 12.5, {"offline": 3})
    found = Exposition(metrics.text(Load()))
    name = "llm_agentd_game_step_gap_seconds"
    assert found.value(f"{name}_bucket", le="0.06") == 10
    assert found.value(f"{name}_bucket", le="0.25") == 28
    assert found.value(f"{name}_bucket", le="5.0") == 32
    assert found.value(f"{name}_bucket", le="+Inf") == found.value(f"{name}_count") == 36
    assert found.value(f"{name}_sum") == 25
    assert found.value("llm_agentd_game_fallbacks_total", reason="offline") == 6


def test_step_gaps_with_bounds_of_another_version_count_as_no_less_than_they_were() -> None:
    metrics = Metrics()
    metrics.game_reported([0.05, 0.2, 60.0], [7, 2, 1, 1], 5.0, {})
    found = Exposition(metrics.text(Load()))
    name = "llm_agentd_game_step_gap_seconds_bucket"
    assert [found.value(name, le=le) for le in ("0.06", "0.15", "0.25", "5.0", "+Inf")] == [7, 7, 9, 9, 11]


def test_bounds_and_counts_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Metrics().game_reported([0.1, 0.2], [1, 2], 1.0, {})


# -- how many series ---------------------------------------------------------------------------------


def test_no_name_that_a_client_sends_becomes_a_label(endpoint: str) -> None:
    """Whatever NPCs, players, roles, languages, ops and reasons come, the series are those from before."""
    with InProcess(endpoint, roles=Roles.load()) as daemon, daemon.peer() as peer:
        for number in range(2):
            one_of_all(daemon, peer, number)
        before = shown(daemon).series
        for number in range(2, 40):
            one_of_all(daemon, peer, number)
        assert shown(daemon).series == before


def one_of_all(daemon: InProcess, peer: object, number: int) -> None:
    npc = {"id": f"npc{number}", "name": f"Name{number}", "role": "healer" if number % 2 else f"role{number}"}
    for record in (
        {"op": "think", "npc": npc, "player": f"Player{number}", "utterance": f"Hello {number}", "lang": f"x{number}"},
        {"op": "infer", "prompt": f"Say {number}", "stop": [f"s{number}"]},
        {"op": f"op{number}"},
        {"op": "infer", "prompt": "x", "priority": f"p{number}"},
        {"op": "infer", f"field{number}": 1},
        {"op": "cancel", "target": f"t{number}"},
    ):
        peer.request(**record)  # type: ignore[attr-defined]
    daemon.metrics.game_reported([], [1], 0.1, {f"reason{number}": 1})


def test_a_reason_that_is_not_known_is_counted_as_other() -> None:
    metrics = Metrics()
    metrics.game_reported([], [0], 0.0, {"of a newer mod": 2, "nonsense": 1, "overloaded": 4})
    found = Exposition(metrics.text(Load()))
    assert found.value("llm_agentd_game_fallbacks_total", reason="other") == 3
    assert found.value("llm_agentd_game_fallbacks_total", reason="overloaded") == 4
    assert AgentdError.code in FALLBACK_REASONS


def test_every_reason_of_the_guard_is_known(repo: Path) -> None:
    """In the guard a reason is what is given to `_remove` and `_end`, added to `removed` or assigned to `ended`."""
    code = "".join(path.read_text() for path in (repo / "daemon/llm_agentd/scheduler/guard").glob("*.py"))
    lines = re.findall(r"(?:_remove\(|_end\(|removed\.add\(|ended = )(.*)", code)
    assert {reason for line in lines for reason in re.findall(r'"(\w+)"', line)} == set(GUARD_REASONS)


def test_second_engine_loop_counts_by_a_hand_of_its_own() -> None:
    """Two threads must not add to one figure without a lock; and batches are said of the engine here."""
    metrics = Metrics()
    other = metrics.beside()
    for one, tokens, seconds in ((metrics, 3, 0.01), (other, 4, 0.2)):
        one.generation_tokens.value += tokens
        one.inter_token_s.observe(seconds)
        one.batch_size.observe(2)
        one.preemptions.inc()
    assert metrics.generation_tokens.value == 3
    shown = Exposition(metrics.text(Load()))
    totals = {name: family.samples[-1].value for name, family in shown.items()}
    assert totals["llm_agentd_generation_tokens_total"] == 7
    assert totals["llm_agentd_num_preemptions_total"] == 2
    counts = {
        name: next(sample.value for sample in shown[name].samples if sample.name.endswith("_count"))
        for name in ("llm_agentd_inter_token_latency_seconds", "llm_agentd_batch_size")
    }
    assert list(counts.values()) == [2, 1]
