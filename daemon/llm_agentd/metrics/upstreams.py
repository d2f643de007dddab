"""What is counted of servers that are asked for replies (`llm_agentd_upstream_*`), and what is left of the budget.

The pool counts on its event loop, with plain numbers; a scrape reads them. Series are there for each server of the
configuration from the start, so that the first error is a step from 0 to 1. Knows nothing of how servers are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

ERROR_KINDS = ("connect", "tls", "timeout", "status", "garbage", "cut")
TOKEN_KINDS = ("prompt", "cached", "completion")
BREAKER_VALUES = {"closed": 0, "half_open": 1, "open": 2}


@dataclass(slots=True)
class UpstreamTally:
    """Of one server, since the start."""

    requests: int = 0  # tries: what was sent
    retries: int = 0  # of these, second and later tries of a call
    errors: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ERROR_KINDS, 0))
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOKEN_KINDS, 0))
    unreported_tokens: int = 0  # counted by the budget for calls of which the server told nothing


class UpstreamMetrics(Collector):
    """To be registered with a daemon's registry. `breakers` and `running`: by name, as they are now; `budget`: as
    `Budget.left` tells it.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        breakers: Callable[[], Mapping[str, str]],
        running: Callable[[], Mapping[str, int]],
        budget: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.of = {name: UpstreamTally() for name in names}
        self._breakers = breakers
        self._running = running
        self._budget = budget

    def describe(self) -> Iterable[Metric]:
        return ()  # the registry asks for names at once, and the budget may not be open yet

    def collect(self) -> Iterable[Metric]:
        yield self._counter("requests", "Requests sent to a server, tries included", lambda one: one.requests)
        yield self._counter("retries", "Of these, second and later tries of a call", lambda one: one.retries)
        yield self._by_kind("errors", "Tries that failed", lambda one: one.errors)
        yield self._by_kind("tokens", "Tokens that the server reported", lambda one: one.tokens)
        yield self._counter(
            "unreported_tokens", "Tokens counted where it reported none", lambda one: one.unreported_tokens
        )
        running = GaugeMetricFamily("llm_agentd_upstream_requests_running", "Requests under way", labels=["upstream"])
        for name, count in self._running().items():
            running.add_metric([name], count)
        yield running
        yield self._breaker_states()
        yield from self._budget_figures()

    def _counter(self, name: str, what: str, figure: Callable[[UpstreamTally], int]) -> Metric:
        family = CounterMetricFamily(f"llm_agentd_upstream_{name}", what, labels=["upstream"])
        for upstream, tally in self.of.items():
            family.add_metric([upstream], figure(tally))
        return family

    def _by_kind(self, name: str, what: str, figures: Callable[[UpstreamTally], Mapping[str, int]]) -> Metric:
        family = CounterMetricFamily(f"llm_agentd_upstream_{name}", what, labels=["upstream", "kind"])
        for upstream, tally in self.of.items():
            for kind, count in figures(tally).items():
                family.add_metric([upstream, kind], count)
        return family

    def _breaker_states(self) -> Metric:
        what = "Whether a server is asked: 0 yes (closed), 1 one try (half-open), 2 no (open)"
        family = GaugeMetricFamily("llm_agentd_upstream_breaker_state", what, labels=["upstream"])
        for name, state in self._breakers().items():
            family.add_metric([name], BREAKER_VALUES[state])
        return family

    def _budget_figures(self) -> Iterable[Metric]:
        """Of day and month; limit and what is left only where there is a limit."""
        used = GaugeMetricFamily(
            "llm_agentd_upstream_budget_used_tokens",
            "Tokens used or reserved in this day or month (UTC)",
            labels=["period"],
        )
        limit = GaugeMetricFamily("llm_agentd_upstream_budget_limit_tokens", "Most of them", labels=["period"])
        left = GaugeMetricFamily("llm_agentd_upstream_budget_left_tokens", "What is left of them", labels=["period"])
        warning = GaugeMetricFamily(
            "llm_agentd_upstream_budget_warning", "1 from remote.warn_share of the limit on", labels=["period"]
        )
        for period, told in self._budget().items():
            used.add_metric([period], told["used"])
            if told["limit"]:
                limit.add_metric([period], told["limit"])
                left.add_metric([period], told["left"])
                warning.add_metric([period], int(told["warning"]))
        return used, limit, left, warning
