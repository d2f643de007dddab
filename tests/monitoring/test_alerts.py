"""The alert rules: by promtool's own test file, and from what a real daemon counts when things go wrong."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from llm_agentd.cache import NullCache
from llm_agentd.cache.redis.link import AWAY
from llm_agentd.cache.redis.shared_cache import SharedCache
from llm_agentd.config import known_keys
from llm_agentd.config.remote import Upstream
from llm_agentd.engines.openai.budget import Limits
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.target import Call, UpstreamError
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.engines.openai.upstream import upstreams_of
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.metrics import FALLBACK_REASONS
from llm_agentd.metrics.gpu import GpuWatch
from llm_agentd.metrics.shared_cache import SharedCacheWatch
from llm_agentd.ops.harness import free_port
from llm_agentd.redis.address import parse_address
from llm_agentd.server.request_builder import RequestBuilder
from llm_agentd.types import Reply, Request, Sampling, Timing
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.exposition import Exposition
from tests.support.http_harness import HttpServer, serve_http
from tests.support.promtool import firing, promtool, series
from tests.support.raw_peer import RawPeer
from tests.support.redis_servers import wait_for

ALERTS_BY_PROMETHEUS_ALONE = {"LlmAgentdHttpDown", "LlmAgentdRestartsOften", "LlmAgentdFilesRunOut"}
TOKEN = "of-the-test-0123456789"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
WELL = {"up": "1x80"}


@pytest.fixture(scope="module")
def monitoring(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / "monitoring"


@pytest.fixture(scope="module")
def rules(monitoring: Path) -> Path:
    return monitoring / "alerts.yml"


def alert_names(rules: Path) -> list[str]:
    groups = yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"]]


# -- the files by themselves -------------------------------------------------------------------------


def test_promtool_accepts_configuration_and_rules(monitoring: Path, tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        shutil.copy(monitoring / name, tmp_path)
    (tmp_path / "llm-agentd-token").write_text(TOKEN)
    done = promtool("check", "config", "prometheus.yml", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_pass_their_own_tests(monitoring: Path) -> None:
    done = promtool("test", "rules", "alerts_test.yml", folder=monitoring)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_tests_expect_each_alert_once_at_least(monitoring: Path, rules: Path) -> None:
    """promtool wants exactly what is expected, so none of these could be missing."""
    cases = yaml.safe_load((monitoring / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    samples = [sample for case in cases for test in case["promql_expr_test"] for sample in test["exp_samples"]]
    expected = {name for sample in samples for name in re.findall('alertname="([^"]+)"', sample["labels"])}
    assert expected == set(alert_names(rules))


def test_each_alert_says_what_to_do(rules: Path) -> None:
    groups = yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert len(rule["annotations"]["description"]) > 40
        assert "{{ $labels.instance }}" in rule["annotations"]["summary"]


def test_settings_that_the_files_name_exist(monitoring: Path, rules: Path, repo: Path) -> None:
    text = rules.read_text(encoding="utf-8") + (monitoring / "README.md").read_text(encoding="utf-8")
    of_the_mod = (repo / "mods" / "llm_agent" / "settingtypes.txt").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:agents|batch|cache|http|inference|llm_agent|model|remote|zmq)\.\w+)[`:]", text))
    assert len(named) > 8
    for key in named:
        assert key in known_keys() or re.search(rf"^{re.escape(key)} ", of_the_mod, re.MULTILINE), key


def test_every_reason_that_the_mod_tells_has_a_series(repo: Path) -> None:
    """Codes of the mod, and those that it tells under another name."""
    described = json.loads(
        subprocess.run(
            ["luajit", "lua/spec/describe_mod.lua"], cwd=repo, capture_output=True, text=True, check=True
        ).stdout
    )
    told = (repo / "mods" / "llm_agent" / "daemon" / "report.lua").read_text(encoding="utf-8")
    (table,) = re.findall(r"^local REASONS = \{(.*)\}$", told, re.MULTILINE)
    renamed = dict(re.findall(r'(\w+) = "(\w+)"', table))
    assert renamed
    codes = {renamed.get(code, code) for made in described["codes"].values() for code in made}
    assert codes <= set(FALLBACK_REASONS)


# -- from what a real daemon counts ------------------------------------------------------------------


class OpenGate(Gate):
    """Lets all steps through until it is closed."""

    is_open = True

    def on_step(self, batch_size: int) -> None:
        if not self.is_open:
            super().on_step(batch_size)


@dataclass
class Scene:
    """A daemon with its HTTP process, whose engine breaks at BREAK and can be held."""

    daemon: InProcess
    server: HttpServer
    peer: RawPeer
    gate: OpenGate
    monkeypatch: pytest.MonkeyPatch
    repo: Path

    def look(self) -> Exposition:
        """As a scrape sees it, but the daemon's part as it is now: over HTTP it is up to a second old."""
        http = Exposition(self.server.http.get("/metrics", headers=HEADERS).text)
        assert http.value("llm_agentd_up") == 1
        http.update(Exposition(self.daemon.metrics.text(self.daemon.engine_loop.load())))
        return http

    def report(self, **fields: Any) -> None:
        """What the mod sends with an exchange."""
        assert self.peer.request(op="report", **fields)["event"] == "done"

    def hold(self, count: int, **fields: Any) -> None:
        """`count` requests, of which the engine has taken one and does not finish any."""
        first, *others = ({"op": "infer", "id": f"held{n}", "prompt": f"Held {n}", **fields} for n in range(count))
        self.gate.is_open = False
        self.peer.send(first)
        assert self.gate.entered.wait(10)
        if others:
            self.peer.send(*others)
        self.peer.request(op="ping")


@pytest.fixture
def scene(endpoint: str, monkeypatch: pytest.MonkeyPatch, repo: Path) -> Iterator[Scene]:
    gate = OpenGate()
    engine = partial(StubEngine, max_num_seqs=1, context_tokens=256, break_mark="BREAK", on_step=gate.on_step)
    with ExitStack() as stack:
        daemon = stack.enter_context(InProcess(endpoint, engine=engine, queue_max=150))
        server = stack.enter_context(serve_http(endpoint, token=TOKEN))
        peer = stack.enter_context(daemon.peer())
        assert peer.request(op="infer", prompt="All is well")["event"] == "done"
        yield Scene(daemon, server, peer, gate, monkeypatch, repo)
        gate.open()


def engine_breaks(scene: Scene) -> None:
    assert scene.peer.request(op="infer", prompt="BREAK")["code"] == "engine_failed"


def a_bug_ends_a_request(scene: Scene) -> None:
    with scene.monkeypatch.context() as patch:
        patch.setattr(RequestBuilder, "infer", lambda *_, **__: 1 // 0)
        assert scene.peer.request(op="infer", prompt="Well?")["code"] == "internal"


def the_queue_is_full(scene: Scene) -> None:
    scene.hold(151, priority="ambient")
    for number in range(40):
        assert scene.peer.request(op="infer", prompt=f"And {number}?", priority="ambient")["code"] == "overloaded"


def prompts_fill_the_context(scene: Scene) -> None:
    text = "abcd" * 240  # a token is four bytes
    scene.hold(1, prompt=text)


def players_wait(scene: Scene) -> None:
    request = Request("1", (b"p",), "think", 0.0, 60.0, "Well?")
    scene.daemon.metrics.replied(request, Reply("Ah.", "stop", "miss", "m", timing_ms=Timing(2500, 900, 1, 3401)), 3.4)


def a_client_does_not_read(scene: Scene) -> None:
    scene.daemon.metrics.dropped("peer_slow")  # the real thing takes megabytes: tests/server/test_peers.py


def steps_of_the_game_are_long(scene: Scene) -> None:
    scene.report(steps={"bounds_s": [0.06, 0.1, 0.25, 1], "counts": [90, 40, 10, 3, 0], "sum_s": 15.0})


def npcs_say_lines_of_their_own(scene: Scene) -> None:
    scene.report(fallbacks={"offline": 1, "of_a_newer_mod": 1})


def somebody_has_a_wrong_token(scene: Scene) -> None:
    for _ in range(3):
        assert scene.server.http.post("/infer", json={"prompt": "?"}).status_code == 401


def the_shared_cache_is_away(scene: Scene) -> None:
    """Nobody listens where it should be."""
    cache = SharedCache(NullCache(), parse_address(f"redis://127.0.0.1:{free_port()}"), 300.0)
    wait_for(lambda: cache.link.problem not in ("", AWAY), "it has noticed")
    SharedCacheWatch(scene.daemon.metrics.registry, lambda: cache.stats()["shared"])
    cache.close()


def a_server_is_down_and_the_budget_is_used(scene: Scene) -> None:
    """Nobody listens there, and a call that still runs has reserved most of the tokens."""
    configured = [Upstream(base_url=f"http://127.0.0.1:{free_port()}", model="m", name="gpu")]
    with TemporaryDirectory() as folder:
        budget = FileBudget(Path(folder) / "budget.db", Limits(day=1000))
        pool = Pool(upstreams_of(configured, {}), Transport(), budget, sleep=lambda _: asyncio.sleep(0))

        async def fail() -> None:
            with suppress(UpstreamError):
                async with aclosing(pool.stream(Call(None, "Well?", Sampling()))) as chunks:
                    await anext(chunks)
            await budget.reserve(900, 900)
            await pool.close()

        asyncio.run(fail())
        scene.daemon.metrics.registry.register(pool.metrics)


def a_gpu_is_full_and_hot(scene: Scene) -> None:
    with scene.monkeypatch.context() as patch:
        patch.syspath_prepend(str(scene.repo / "tests" / "support" / "fake_nvml"))
        patch.delitem(sys.modules, "pynvml", raising=False)
        fake: Any = importlib.import_module("pynvml")
        patch.setattr(fake, "nvmlDeviceGetCount", lambda: 1)
        patch.setattr(fake, "nvmlDeviceGetTemperature", lambda *_: 95)
        patch.setattr(fake, "nvmlDeviceGetMemoryInfo", lambda _: type("Info", (), {"used": 79, "total": 80}))
        watch = GpuWatch(scene.daemon.metrics.registry)
        watch.start()
        assert watch.has_read.wait(10)
        sys.modules.pop("pynvml")


TROUBLES: list[tuple[Callable[[Scene], None], set[str]]] = [
    (engine_breaks, {"LlmAgentdEngineRestarts", "LlmAgentdRequestsFail"}),
    (a_bug_ends_a_request, {"LlmAgentdBug", "LlmAgentdRequestsFail"}),
    (the_queue_is_full, {"LlmAgentdQueueIsLong", "LlmAgentdRequestsFail"}),
    (prompts_fill_the_context, {"LlmAgentdKvCacheIsFull"}),
    (players_wait, {"LlmAgentdSlowForPlayers"}),
    (a_client_does_not_read, {"LlmAgentdRepliesAreLost"}),
    (steps_of_the_game_are_long, {"LlmAgentdGameStepsAreLong"}),
    (npcs_say_lines_of_their_own, {"LlmAgentdFallbackLines"}),
    (somebody_has_a_wrong_token, {"LlmAgentdWrongToken"}),
    (the_shared_cache_is_away, {"LlmAgentdSharedCacheAway"}),
    (a_server_is_down_and_the_budget_is_used, {"LlmAgentdServerIsNotAsked", "LlmAgentdBudgetIsUsed"}),
    (a_gpu_is_full_and_hot, {"LlmAgentdGpuMemoryIsFull", "LlmAgentdGpuIsHot"}),
]


@pytest.mark.parametrize(("happens", "alerts"), TROUBLES, ids=lambda value: getattr(value, "__name__", ""))
def test_trouble_of_a_real_daemon_raises_its_alert_and_no_other(
    scene: Scene, happens: Callable[[Scene], None], alerts: set[str], rules: Path, tmp_path: Path
) -> None:
    before = scene.look()
    happens(scene)
    after = scene.look()
    assert firing(rules, series(before, after, **WELL), sorted(alerts), folder=tmp_path) == ""


def test_a_daemon_that_is_well_raises_no_alert(scene: Scene, rules: Path, tmp_path: Path) -> None:
    def live() -> None:
        for number in range(5):
            scene.peer.request(op="infer", prompt=f"Well, {number}?", cache="off")
        scene.report(steps={"bounds_s": [0.06, 0.1], "counts": [90, 40, 0], "sum_s": 9.0}, fallbacks={"off": 3})

    before = scene.look()
    live()
    assert firing(rules, series(before, scene.look(), **WELL), [], folder=tmp_path) == ""


def test_minds_that_an_admin_switched_off_raise_no_alert(scene: Scene, rules: Path, tmp_path: Path) -> None:
    before = scene.look()
    scene.peer.request(op="switch", on=False)
    for number in range(40):
        assert scene.peer.request(op="infer", prompt=f"Well, {number}?")["reason"] == "switched_off"
    scene.report(fallbacks={"switched_off": 40})
    after = scene.look()
    assert after.value("llm_agentd_requests_total", op="infer", outcome="switched_off") == 40
    assert firing(rules, series(before, after, **WELL), [], folder=tmp_path) == ""


def test_a_daemon_that_is_gone_raises_its_alert(scene: Scene, rules: Path, tmp_path: Path) -> None:
    before = scene.look()
    with serve_http(f"ipc://{tmp_path}/nobody", retry_s=0.05, token=TOKEN) as server:
        after = Exposition(server.http.get("/metrics", headers=HEADERS).text)
    assert firing(rules, series(before, after, **WELL), ["LlmAgentdDown"], folder=tmp_path) == ""


def test_every_alert_but_those_of_prometheus_itself_is_raised_by_a_real_daemon(rules: Path) -> None:
    raised = {alert for _, alerts in TROUBLES for alert in alerts} | {"LlmAgentdDown"}
    assert raised | ALERTS_BY_PROMETHEUS_ALONE == set(alert_names(rules))


# -- the names in the files --------------------------------------------------------------------------


def test_rules_and_their_tests_name_series_that_there_are(scene: Scene, rules: Path, monitoring: Path) -> None:
    a_gpu_is_full_and_hot(scene)
    somebody_has_a_wrong_token(scene)
    the_shared_cache_is_away(scene)
    a_server_is_down_and_the_budget_is_used(scene)
    known: dict[str, list[dict[str, str]]] = {}
    for family in scene.look().values():
        for sample in family.samples:
            known.setdefault(sample.name, []).append(sample.labels)
    text = rules.read_text(encoding="utf-8") + (monitoring / "alerts_test.yml").read_text(encoding="utf-8")
    exprs = re.sub(r"^ *(summary|description|- name):.*(\n {12}.*)*", "", text, flags=re.MULTILINE)
    named = re.findall(r"\b((?:llm_agentd|process)_\w+)(?:\{([^}]*)\})?", exprs)
    assert len(named) > 50
    for name, matchers in named:
        assert name in known, name
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', matchers))
        for label in ("job", "instance", "gpu", "upstream"):
            wanted.pop(label, None)
        if name == "llm_agentd_dropped_total" or "_http_requests" not in name:
            assert any(wanted.items() <= labels.items() for labels in known[name]), f"{name} {matchers}"
