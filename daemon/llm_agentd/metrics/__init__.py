"""What is counted on the way of a request; docs/metrics.md explains the names. Imports types and errors only.

All that is counted of one request, each of its tokens included, takes less than 50 µs (`tests/metrics/test_cost.py`).
So gauges are filled in when somebody looks, and what is counted at each token are the tallies of `tally.py`. Every
label has a fixed set of values: no name of a player, an NPC or a role is one, as each new value would be a series that
stays for good. One registry for each daemon, so that two in one test process do not collide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import product

from prometheus_client.metrics import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import CollectorRegistry

from llm_agentd.errors import ERROR_CLASSES, AgentdError, SwitchedOff
from llm_agentd.metrics.tally import TallyCounter, TallyHistogram
from llm_agentd.types import PRIORITIES, Reply, Request

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
BATCH_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
# Between two steps of a game server, which has 0.05 to 0.1 s for each. Players notice a quarter of a second.
STEP_GAP_BOUNDS_S = (0.06, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
# That a request was held for the shared cache: 0.005 s at the most, and what the thread itself was late.
LOOKUP_BOUNDS_S = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.1, 0.25)
OPS = ("infer", "think", "embed")  # those that get a reply
CODES = (AgentdError.code, *ERROR_CLASSES)
OUTCOMES = ("done", *CODES, SwitchedOff.REASON)
# Why an NPC said a line of its own: what the daemon answered, or what the mod found before or after it asked.
FALLBACK_REASONS = (*CODES, SwitchedOff.REASON, "offline", "off", "no_http", "shutdown", "rate_limit", "bad_reply")
OTHER = "other"  # of a newer mod, perhaps: counted, but no label of its own
# What scheduler/guard takes out of a reply, and why it ends one.
GUARD_REASONS = ("brace", "echo", "emoji", "json", "markup", "name", "repeat", "stage", "thought")
DROPPED_REASONS = ("peer_gone", "peer_slow")
MINDS = ("local", "remote")  # where there are both
# Why a request went from one mind to the other: it is over the budget, is not there, was too slow or too small for it,
# failed, has too much to do, or cannot do what was asked.
HANDED_ON_REASONS = ("budget", "down", "deadline", "context", "failed", "overloaded", "refused")

# Else each counter has a series more, that tells what process_start_time_seconds tells.
disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Load:
    """How the engine loop stands right now. `requests_running`: more than sequences, where some wait for the same text.

    `kv_usage`: tokens of what runs, of those there is room for (0 to 1).
    """

    waiting: Mapping[str, int] = field(default_factory=dict)
    requests_running: int = 0
    kv_usage: float = 0.0


class Metrics:
    """All metrics of one daemon."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._add_requests()
        self._add_tokens_and_caches()
        self._add_engine()
        self._add_minds()
        self._add_game()
        ProcessCollector(registry=self.registry)

    def _add_requests(self) -> None:
        self._requests = self._counter("requests", "Answered records", "op", "outcome")
        # Looked up once: a hit is over in microseconds, and finding its counters would be a tenth of them. And made
        # once, so that the first failure of a kind is a step from 0 to 1, which an alert can see.
        self._answered = {(op, outcome): self._requests.labels(op, outcome) for op, outcome in product(OPS, OUTCOMES)}
        self._running = self._gauge("num_requests_running", "Requests whose reply is being generated")
        self._waiting = self._gauge("num_requests_waiting", "Requests that wait for the engine", "priority")
        self._queue_s = self._by_priority("request_queue_time_seconds", "From arrival to the engine")
        self._first_text_s = self._by_priority("time_to_first_token_seconds", "From arrival to the first token")
        self.inter_token_s = self._tally("inter_token_latency_seconds", "Between two tokens of a reply", SECONDS)
        e2e = self._seconds("e2e_request_latency_seconds", "From arrival to the whole reply, cached ones too", "op")
        self._e2e_s = {op: e2e.labels(op) for op in OPS}
        self._coalesced = self._counter("requests_coalesced", "Requests given a reply that another one had begun")
        guarded = self._counter("guarded", "Replies of which the guard took something out", "reason")
        self._guarded = {reason: guarded.labels(reason) for reason in GUARD_REASONS}
        dropped = self._counter("dropped", "Messages nobody could take", "reason")
        self._dropped = {reason: dropped.labels(reason) for reason in DROPPED_REASONS}

    def _add_tokens_and_caches(self) -> None:
        self._prompt_tokens = self._counter("prompt_tokens", "Tokens of prompts that were begun")
        self._cached_tokens = self._counter("prompt_tokens_cached", "Of these, tokens that need not be computed")
        self.generation_tokens = TallyCounter("llm_agentd_generation_tokens", "Tokens generated", self.registry)
        self._reply_cache_queries = self._counter("reply_cache_queries", "Requests that may be given a kept reply")
        self._reply_cache_hits = self._counter("reply_cache_hits", "Of these, requests that were")
        self.shared_cache_wait_s = self._tally(
            "shared_cache_wait_seconds", "That a request waited for the cache of other daemons", LOOKUP_BOUNDS_S
        )
        self._prefix_queries = self._counter("prefix_cache_queries", "Tokens of prompts looked up in the prefix cache")
        self._prefix_hits = self._counter("prefix_cache_hits", "Of these, tokens that it had")
        self._kv_usage = self._gauge("kv_cache_usage_perc", "Share of the KV cache that running requests fill (0 to 1)")

    def _add_engine(self) -> None:
        self.batch_size = self._tally("batch_size", "Running sequences in a step of the engine", BATCH_SIZES)
        self.useful_batch_size = self._gauge("useful_batch_size", "Sequences at once that pay, found at start")
        self.preemptions = self._counter("num_preemptions", "Sequences that gave way to a more urgent one")
        self.engine_restarts = self._counter("engine_restarts", "Engine restarts")

    def _add_minds(self) -> None:
        replies = self._counter("mind_replies", "Replies by the mind that they are of, where there are two", "mind")
        self._mind_replies = {mind: replies.labels(mind) for mind in MINDS}
        handed_on = self._counter("handed_on", "Requests that went on to the other mind", "to", "reason")
        self._handed_on = {(to, why): handed_on.labels(to, why) for to, why in product(MINDS, HANDED_ON_REASONS)}

    def beside(self) -> Metrics:
        """For a second engine loop, of a model elsewhere: the same, with tallies of its own, as each has one thread.

        What is said of batches is said of the engine here: there, the server makes them.
        """
        other = copy(self)
        other.generation_tokens = self.generation_tokens.hand()
        other.inter_token_s = self.inter_token_s.hand()
        other.batch_size = TallyHistogram("unseen", "", BATCH_SIZES, None)
        other.useful_batch_size = Gauge("unseen", "", registry=None)
        return other

    def _add_game(self) -> None:
        self._step_gap_s = self._tally(
            "game_step_gap_seconds", "Between two steps of the game server", STEP_GAP_BOUNDS_S
        )
        fallbacks = self._counter("game_fallbacks", "Lines that NPCs said in place of a reply", "reason")
        self._fallbacks = {reason: fallbacks.labels(reason) for reason in (*FALLBACK_REASONS, OTHER)}

    # -- on the way of a request -------------------------------------------------------------------

    def answered(self, op: str, outcome: str) -> None:
        """Counts one answer. `outcome`: one of OUTCOMES; `op` is `unknown` where none could be read."""
        (self._answered.get((op, outcome)) or self._requests.labels(op, outcome)).inc()

    def replied(self, request: Request, reply: Reply, total_s: float) -> None:
        """Counts one reply, however it came about. `total_s`: since its request arrived."""
        self._e2e_s[request.op].observe(total_s)
        if reply.cache == "hit":
            self._reply_cache_hits.inc()
            return
        if reply.cache == "joined":
            self._coalesced.inc()
        timing = reply.timing_ms
        self._queue_s[request.priority].observe(timing.queue / 1000)
        self._first_text_s[request.priority].observe((timing.queue + timing.prefill) / 1000)

    def looked_up(self, request: Request) -> None:
        """Counts one request that may be given a kept reply, whether or not there is one."""
        if request.cache == "use" and not request.explain:
            self._reply_cache_queries.inc()

    def started(self, prompt_tokens: int, reused_tokens: int) -> None:
        """Counts one prompt that the engine begins with. Reused: from a slot or from the prefix cache."""
        self._prompt_tokens.inc(prompt_tokens)
        self._cached_tokens.inc(reused_tokens)

    def shared(self, tokens: int) -> None:
        """Counts tokens of a prompt that had started, and goes on behind the state that another left."""
        self._cached_tokens.inc(tokens)
        self._prefix_hits.inc(tokens)

    def prefix_looked_up(self, prompt_tokens: int, found_tokens: int) -> None:
        self._prefix_queries.inc(prompt_tokens)
        self._prefix_hits.inc(found_tokens)

    def guarded(self, reasons: Iterable[str]) -> None:
        """Counts one finished reply under each reason for which the guard took something out of it."""
        for reason in reasons:
            self._guarded[reason].inc()

    def spoke(self, mind: str) -> None:
        """Counts one reply as that of one of MINDS."""
        self._mind_replies[mind].inc()

    def handed_on(self, to: str, reason: str) -> None:
        """Counts one request that goes on to another mind: one of MINDS, and one of HANDED_ON_REASONS."""
        self._handed_on[to, reason].inc()

    def dropped(self, reason: str) -> None:
        """Counts one message that its peer could not take: one of DROPPED_REASONS."""
        self._dropped[reason].inc()

    # -- what the game tells -----------------------------------------------------------------------

    def game_reported(
        self, bounds_s: Sequence[float], counts: Sequence[int], sum_s: float, fallbacks: Mapping[str, int]
    ) -> None:
        """Adds what a game counted since it told last: gaps between its steps, and fallback lines by reason."""
        self._step_gap_s.add(bounds_s, counts, sum_s)
        for reason, count in fallbacks.items():
            self._fallbacks[reason if reason in self._fallbacks else OTHER].inc(count)

    # -- for who looks -----------------------------------------------------------------------------

    def text(self, load: Load) -> str:
        """Prometheus exposition text."""
        self._running.set(load.requests_running)
        self._kv_usage.set(load.kv_usage)
        for priority in PRIORITIES:
            self._waiting.labels(priority).set(load.waiting.get(priority, 0))
        from prometheus_client.exposition import generate_latest  # brings servers along: for who has one that scrapes

        return generate_latest(self.registry).decode()

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"llm_agentd_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"llm_agentd_{name}", what, labels, registry=self.registry)

    def _seconds(self, name: str, what: str, *labels: str) -> Histogram:
        return Histogram(f"llm_agentd_{name}", what, labels, buckets=SECONDS, registry=self.registry)

    def _tally(self, name: str, what: str, bounds: Sequence[float]) -> TallyHistogram:
        return TallyHistogram(f"llm_agentd_{name}", what, bounds, self.registry)

    def _by_priority(self, name: str, what: str) -> dict[str, Histogram]:
        histogram = self._seconds(name, what, "priority")
        return {priority: histogram.labels(priority) for priority in PRIORITIES}
