"""The dashboard for Grafana: each panel's query, asked of a real Prometheus while a daemon has much to do."""

from __future__ import annotations

import itertools
import json
import math
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pytest

from llm_agentd.bench.load.clients import DaemonClient, closed_loop
from llm_agentd.bench.load.trace import requests
from llm_agentd.client import Client
from llm_agentd.errors import AgentdError
from tests.faults.host import TOKEN, Host
from tests.support.prometheus import Prometheus
from tests.support.upstream import Upstream

SCRAPE_S = 0.5
RATE_S = 4 * SCRAPE_S  # what Grafana makes of $__rate_interval
VARIABLES = {"$__rate_interval": f"{RATE_S:.0f}s", "$instance": ".*", "${datasource}": "prometheus"}
SCRAPES = 12  # with which each rate has what it needs, several times over
CLIENTS = 8  # requests of the village that are open at a time
REFUSED = ("offline", "overloaded", "deadline_exceeded")
GRID_WIDTH = 24


@pytest.fixture(scope="module")
def monitoring(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / "monitoring"


@pytest.fixture(scope="module")
def dashboard(monitoring: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((monitoring / "grafana.json").read_text(encoding="utf-8"))
    return content


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def plain(expr: str) -> str:
    """As Grafana sends it, with its variables filled in."""
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    assert "$" not in expr, expr
    return expr


# -- a village on a daemon ---------------------------------------------------------------------------


class Village:
    """What keeps a daemon busy: the requests of `bench village`, thinks that come too late, reports of a game."""

    def __init__(self, endpoint: str, url: str) -> None:
        self._endpoint, self._url = endpoint, url
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=part) for part in (self._ask, self._think, self._play)]

    def __enter__(self) -> Village:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with closing(DaemonClient(self._endpoint)) as client:
            trace = requests()
            while not self._is_over.is_set():
                answers, _ = closed_loop(client, list(islice(trace, 2 * CLIENTS)), CLIENTS)
                assert all(answer.ok for answer in answers)

    def _think(self) -> None:
        with Client(self._endpoint) as client:
            for number in itertools.count():
                npc = {"id": f"npc{number % 50}", "name": f"Name{number % 50}", "role": "healer"}
                client.think(npc, f"Is it {number} already?", player="Ana")
                with suppress(AgentdError):
                    client.think(npc, "Now!", player="Ana", deadline_ms=1)
                if self._is_over.wait(SCRAPE_S / 10):
                    return

    def _play(self) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx2.Client(base_url=self._url) as http:
            while not self._is_over.wait(SCRAPE_S / 2):
                steps = {"bounds_s": [0.06, 0.1, 0.15, 0.25, 0.5, 1], "counts": [40, 9, 3, 2, 1, 1, 0], "sum_s": 4.0}
                fallbacks = dict.fromkeys(REFUSED, 1)
                report = {
                    "op": "report",
                    "id": "report",
                    "steps": steps,
                    "fallbacks": fallbacks,
                    "players": 1,
                    "npcs": 50,
                }
                body = {"session": "s", "after": 0, "wait_ms": 0, "requests": [report], "cancel": []}
                assert http.post("/v1/exchange", json=body, headers=headers).status_code == 200
                assert http.post("/infer", json={"prompt": "Well?"}, headers=headers).status_code == 200
                assert http.post("/infer", json={"prompt": "Well?"}).status_code == 401


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, monitoring: Path, request: pytest.FixtureRequest
) -> Iterator[Prometheus]:
    """After `SCRAPES` scrapes of a busy daemon, which believes that it has two GPUs, and has a server beside it."""
    gpus = str(request.config.rootpath / "tests" / "support" / "fake_nvml")
    with ExitStack() as stack:
        server = {"base_url": stack.enter_context(Upstream()).base_url, "model": "tiny"}
        sets = (f"remote.upstreams={json.dumps([server])}", "remote.policy=fallback", "remote.daily_tokens=100000")
        host = stack.enter_context(Host(tmp_path_factory.mktemp("host"), *sets, env={"PYTHONPATH": gpus}))
        host.ready("serve")
        stack.enter_context(Village(host.endpoint, host.url))
        target = host.url.removeprefix("http://")
        folder = tmp_path_factory.mktemp("prometheus")
        watching = Prometheus(folder, monitoring, target=target, token=TOKEN, interval_s=SCRAPE_S)
        stack.enter_context(watching)
        watching.wait("scrapes", lambda: _value(watching, "sum(count_over_time(llm_agentd_up[5m]))") >= SCRAPES)
        yield watching


def _value(prometheus: Prometheus, expr: str) -> float:
    found = prometheus.query(expr)
    return float(found[0]["value"][1]) if found else 0.0


# -- the queries -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_query_of_every_panel_has_figures(prometheus: Prometheus, dashboard: dict[str, Any]) -> None:
    empty = []
    for panel in panels(dashboard):
        for target in panel["targets"]:
            series = prometheus.query_range(plain(target["expr"]), last_s=SCRAPES * SCRAPE_S)
            figures = [float(value) for one in series for _, value in one["values"]]
            if not any(map(math.isfinite, figures)):
                empty.append(f"{panel['title']}: {plain(target['expr'])}")
    assert empty == []


@pytest.mark.slow
def test_figures_are_what_the_units_say(prometheus: Prometheus, dashboard: dict[str, Any]) -> None:
    """Shares are from 0 to 1, and nothing else is below 0."""
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        for target in panel["targets"]:
            series = prometheus.query_range(plain(target["expr"]), last_s=SCRAPES * SCRAPE_S)
            figures = [float(value) for one in series for _, value in one["values"]]
            finite = [figure for figure in figures if math.isfinite(figure)]
            assert min(finite) >= 0, target["expr"]
            if defaults["unit"] == "percentunit":
                assert max(finite) <= 1, target["expr"]


@pytest.mark.slow
def test_legends_name_labels_that_the_series_have(prometheus: Prometheus, dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        for target in panel["targets"]:
            wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            for one in prometheus.query(plain(target["expr"])):
                assert wanted <= set(one["metric"]), f"{panel['title']}: {target['legendFormat']}"


@pytest.mark.slow
def test_variables_find_the_daemon(prometheus: Prometheus, dashboard: dict[str, Any]) -> None:
    by_name = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    expr, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", by_name["instance"]["query"]["query"]).groups()  # type: ignore[union-attr]
    (target,) = prometheus.get("/api/v1/targets")["activeTargets"]
    assert {one["metric"][label] for one in prometheus.query(expr)} == {target["labels"]["instance"]}
    assert (target["health"], target["lastError"]) == ("up", "")


@pytest.mark.slow
def test_alert_rules_are_evaluated_and_say_what_they_found(prometheus: Prometheus) -> None:
    prometheus.wait(
        "fallback lines to be noticed", lambda: prometheus.query('ALERTS{alertname="LlmAgentdFallbackLines"}')
    )
    (group,) = prometheus.get("/api/v1/rules")["groups"]
    assert [(rule["name"], rule["lastError"]) for rule in group["rules"] if rule["health"] != "ok"] == []
    raised = prometheus.get("/api/v1/alerts")["alerts"]
    assert raised
    for alert in raised:
        for text in alert["annotations"].values():
            assert not re.search(r"error|\{\{|<no value>", text), text


# -- the file by itself ------------------------------------------------------------------------------


def test_panels_have_ids_of_their_own_and_do_not_overlap(dashboard: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID_WIDTH
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_panels_ask_the_prometheus_that_is_chosen_and_say_what_they_show(dashboard: dict[str, Any]) -> None:
    for panel in panels(dashboard):
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert "$instance" in target["expr"], target["expr"]
