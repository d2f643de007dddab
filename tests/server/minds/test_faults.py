"""What a player sees when the server of the remote mind breaks: each fault under each policy, and what the docs say.

The remote mind is the real one, with pool, breaker and budget, against a real server of OpenAI's protocol that fails as
it is told to. The table of docs/remote.md is read from the page and compared with what came out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config import Config
from llm_agentd.engines.openai import attempt, upstream
from llm_agentd.engines.openai.breaker import FAILURES_MAX
from llm_agentd.ops.remote import Servers, servers_of
from llm_agentd.ops.serve import remote_of
from llm_agentd.server.minds.policy import FIRST_SHARE
from tests.support.daemon_in_process import InProcess
from tests.support.two_minds import LOCAL, NPC, WORDS, Mind
from tests.support.upstream import NO_FAULT, Fault, Upstream, make_certificate, refusal

DEADLINE_MS = 1500
REMOTE = "qwen"
DONE_BY = {LOCAL: "the local mind's", REMOTE: "the remote mind's"}
GARBAGE = Fault(raw=(b"data: {]\n\n", b"<html>\n\n"))
COLUMNS = ("never", "fallback", "fallback, local engine down", "quality", "always")


@dataclass
class Case:
    upstream: Upstream
    daemon: InProcess
    local: Mind

    def ask(self, *, shows: bool, deadline_ms: int = DEADLINE_MS) -> tuple[str, float]:
        """What the player saw, in the words of the docs, and the seconds until it was there. `shows`: words are shown
        as they come.
        """
        began_s = time.monotonic()
        with self.daemon.peer() as peer:
            record = {"op": "think", "id": "a", "npc": NPC, "utterance": f"{began_s}", "stream": shows}
            peer.send(record | {"deadline_ms": deadline_ms, "remember": False})
            *deltas, last = peer.events("a")
        took_s = time.monotonic() - began_s
        shown = "".join(one["text"] for one in deltas)
        if last["event"] == "done":
            assert last["text"].startswith(shown), "what was shown is the beginning of what was said"
            return DONE_BY[last["model"]], took_s
        return ("half of it" if shown else "a fallback line"), took_s


@pytest.fixture
def local() -> Mind:
    return Mind(LOCAL)


@pytest.fixture
def make(tmp_path: Path, endpoint: str, local: Mind) -> Iterator[Callable[..., Case]]:
    opened: list[Any] = []

    def build(
        policy: str, *, certificate: tuple[Path, Path] | None = None, daily_tokens: int = 0, beside: str = ""
    ) -> Case:
        server = Upstream(model=REMOTE, say=lambda _: [*map(str.encode, WORDS), b" There."], certificate=certificate)
        server.start()
        one = {"base_url": server.base_url, "model": REMOTE, "name": "box"}
        if certificate:
            one["ca_file"] = str(certificate[0])
        several = [one, *([{"base_url": beside, "model": REMOTE, "name": "other"}] if beside else [])]
        remote = {"upstreams": several, "policy": policy, "quality_roles": [NPC["role"]], "daily_tokens": daily_tokens}
        config = Config.model_validate({"remote": remote})
        servers: Servers | None = None
        if policy != "never":
            servers = servers_of(config, {"STATE_DIRECTORY": str(tmp_path / "state")})
        daemon = InProcess(endpoint, engine=lambda: local, remote=remote_of(config, servers) if servers else None)
        daemon.__enter__()
        opened.extend((daemon, server))
        return Case(server, daemon, local)

    yield build
    for one in opened:
        one.__exit__()


def documented(repo: Path) -> dict[str, dict[str, str]]:
    """Of docs/remote.md: by what breaks, what the player saw under each policy."""
    page = (repo / "docs" / "remote.md").read_text(encoding="utf-8").partition("### What the player saw")[2]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\|.*\|$", page, re.MULTILINE)]
    head, _, *body = rows
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}


def killed(case: Case) -> None:
    """In the midst of its first stream, and nobody comes back."""
    case.upstream.fault = Fault(cut_after=3)


FAULTS: dict[str, Callable[[Case], None]] = {
    "nothing": lambda case: None,
    "killed in mid-stream": killed,
    "hangs in mid-stream": lambda case: setattr(case.upstream, "fault", Fault(hang_after=3)),
    "hangs before its first word": lambda case: setattr(case.upstream, "fault", Fault(hang_after=0)),
    "answers garbage": lambda case: setattr(case.upstream, "fault", GARBAGE),
    "429 for a minute": lambda case: setattr(case.upstream, "fault", refusal(429, "slow down", retry_after_s=60)),
    "is gone": lambda case: case.upstream.kill(),
    "its certificate has expired": lambda case: None,
    "over the daily budget": lambda case: None,
}


def start(make: Callable[..., Case], fault: str, policy: str, tmp_path: Path) -> Case:
    if fault == "its certificate has expired":
        case = make(policy, certificate=make_certificate(tmp_path / "old", is_expired=True))
    else:
        case = make(policy, daily_tokens=20 if fault == "over the daily budget" else 0)
    FAULTS[fault](case)
    return case


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_player_saw(make: Callable[..., Case], fault: str, column: str, tmp_path: Path, repo: Path) -> None:
    policy, _, is_down = column.partition(", ")
    case = start(make, fault, policy, tmp_path)
    case.local.fails = bool(is_down)
    saw = []
    for shows in (False, True):
        said, took_s = case.ask(shows=shows)
        assert took_s < DEADLINE_MS / 1000 + 0.5
        saw.append(said)
    unshown, shown = saw
    assert (unshown if unshown == shown else f"{unshown}; where words were shown, {shown}") == documented(repo)[fault][
        column
    ]


def test_never_makes_no_connection(make: Callable[..., Case]) -> None:
    case = make("never")
    case.local.fails = True
    case.ask(shows=False)
    assert (case.upstream.calls, case.upstream.looked_up) == ([], [])


@pytest.mark.parametrize("policy", ["quality", "always"])
def test_minute_of_429_costs_one_call_and_then_no_time(make: Callable[..., Case], policy: str) -> None:
    case = make(policy)
    case.upstream.fault = refusal(429, "slow down", retry_after_s=60)
    times = [case.ask(shows=False) for _ in range(5)]
    assert {said for said, _ in times} == {DONE_BY[LOCAL]}
    assert len(case.upstream.calls) <= 2
    assert max(took_s for _, took_s in times[2:]) < 0.5, "nobody waits for a server that said when to come back"


def test_server_that_comes_back_is_asked_again(make: Callable[..., Case]) -> None:
    case = make("always")
    case.upstream.faults = [Fault(status=500)] * 20
    assert case.ask(shows=False)[0] == DONE_BY[LOCAL]
    case.upstream.faults, case.upstream.fault = [], NO_FAULT
    ends_s = time.monotonic() + 15
    while case.ask(shows=False)[0] != DONE_BY[REMOTE]:
        assert time.monotonic() < ends_s
        time.sleep(0.1)


def test_budget_is_used_up_and_then_all_goes_local(make: Callable[..., Case]) -> None:
    case = make("always", daily_tokens=400)
    said = [case.ask(shows=False)[0] for _ in range(12)]
    assert set(said) == set(DONE_BY.values())
    assert said == sorted(said, reverse=True), "once over it, no call goes out any more"
    with case.daemon.client() as client:
        stats = client.request("stats")["stats"]["remote"]
    assert stats["over_budget"]
    assert stats["budget"]["day"]["used"] <= 400
    assert {row["reason"] for row in stats["handed_on"]} == {"budget"}


def test_server_that_hangs_costs_its_share_until_its_breaker_opens(
    make: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (attempt, upstream):  # fair is here what these requests wait
        monkeypatch.setattr(module, "FAIR_TIMEOUT_S", 0.3)
    case = make("always")
    case.upstream.fault = Fault(hang_after=0)
    times = [case.ask(shows=False)[1] for _ in range(FAILURES_MAX)]
    case.upstream.wait_for(lambda: case.upstream.disconnects == FAILURES_MAX, "each stream is closed")
    case.upstream.wait_for(lambda: case.daemon.lanes.by_mind("remote").refusal(), "the breaker opens")
    times += [case.ask(shows=False)[1] for _ in range(2)]
    share_s = FIRST_SHARE * DEADLINE_MS / 1000
    assert all(took_s >= share_s for took_s in times[:FAILURES_MAX])
    assert max(times[FAILURES_MAX:]) < share_s / 2
    assert len(case.upstream.calls) == FAILURES_MAX


def test_second_server_is_asked_within_the_share_of_the_remote_mind(make: Callable[..., Case]) -> None:
    with Upstream(model=REMOTE, say=lambda _: [b"Well", b" met."]) as other:
        case = make("always", beside=other.base_url)
        case.upstream.fault = Fault(hang_after=0)
        assert {case.ask(shows=False, deadline_ms=4000)[0] for _ in range(2)} == {DONE_BY[REMOTE]}
        assert case.upstream.calls, "the one that hangs was asked, too"
    assert case.local.started == []
