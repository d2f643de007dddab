"""The pool over real servers on loopback: certificates, refusals, rests and deaths, each with another server beside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing
from email.utils import formatdate
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from llm_agentd.config.remote import Upstream as Configured
from llm_agentd.engines.openai.budget import Limits
from llm_agentd.engines.openai.budget.database import read_counts
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.target import Call, Chunk, UpstreamError
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.engines.openai.upstream import upstreams_of
from llm_agentd.types import Message, Sampling
from tests.support.upstream import Fault, Upstream, make_certificate, refusal

pytestmark = pytest.mark.anyio

KEY = "sk-planted-0815-4711"
CALL = Call((Message("user", "Hello"),), None, Sampling(max_tokens=24, temperature=0), timeout_s=20.0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Ask:
    def __init__(self, folder: Path, *servers: tuple[Upstream, dict[str, Any]], **environ: str) -> None:
        configured = [
            Configured(base_url=server.base_url, model="tiny", name=name, **more)
            for (server, more), name in zip(servers, "abc", strict=False)
        ]
        self.file = folder / "budget.db"
        self.pool = Pool(upstreams_of(configured, environ), Transport(), FileBudget(self.file, Limits(day=100_000)))

    async def __call__(self) -> str:
        async with aclosing(self.pool.stream(CALL)) as chunks:
            return "".join([chunk.text async for chunk in chunks])

    def row(self, name: str = "a") -> dict[str, Any]:
        return next(row for row in self.pool.stats()["upstreams"] if row["name"] == name)

    def used(self) -> int:
        counts = read_counts(self.file, time.time())
        return counts.day_tokens if counts else 0


Make: TypeAlias = Callable[..., Ask]


@pytest.fixture
async def ask_of(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Make]:
    made: list[Ask] = []

    def make(*servers: tuple[Upstream, dict[str, Any]], **environ: str) -> Ask:
        made.append(Ask(tmp_path, *servers, **environ))
        return made[-1]

    yield make
    for ask in made:
        await ask.pool.close()


@pytest.fixture
def run_server() -> Iterator[Callable[..., Upstream]]:
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Upstream(**settings))


Run: TypeAlias = Callable[..., Upstream]


@pytest.mark.parametrize(
    ("given", "trusts", "says"),
    [
        ({}, False, "self-signed certificate"),  # an authority that nobody here knows
        ({"is_expired": True}, True, "certificate has expired"),
        ({"names": "DNS:elsewhere.example"}, True, "IP address mismatch"),
    ],
)
async def test_server_whose_certificate_is_not_valid_gets_no_key_and_another_answers(
    ask_of: Make, run_server: Run, tmp_path: Path, given: dict[str, Any], trusts: bool, says: str
) -> None:
    certificate = make_certificate(tmp_path / "tls", **given)
    bad = run_server(certificate=certificate, key=KEY)
    trusted = {"ca_file": certificate[0]} if trusts else {}
    ask = ask_of((bad, {"api_key_env": "K", **trusted}), (run_server(), {}), K=KEY)
    assert await ask()
    assert bad.calls == []
    row = ask.row()
    assert (row["breaker"], says in row["reason"], "renew it, or name its authority as ca_file" in row["reason"]) == (
        "open", True, True,
    )  # fmt: skip


async def test_certificate_of_an_authority_of_ones_own_is_believed_with_ca_file(
    ask_of: Make, run_server: Run, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path / "tls")
    server = run_server(certificate=certificate, key=KEY)
    ask = ask_of((server, {"ca_file": certificate[0], "api_key_env": "K"}), K=KEY)
    assert await ask()
    assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"


async def test_key_that_is_refused_is_named_by_its_place_and_a_mended_one_used_at_once(
    ask_of: Make, run_server: Run, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}-old")
    file.chmod(0o600)
    ask = ask_of((run_server(key=KEY), {"api_key_file": file}))
    with pytest.raises(UpstreamError) as caught:
        await ask()
    told = f"{caught.value!r} {caught.value.message} {ask.pool.ready()} {ask.pool.stats()}"
    assert f"write a valid key into the file {file}" in told
    assert KEY not in told
    file.write_text(KEY)
    assert await ask()
    assert ask.row()["breaker"] == "closed"


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_rests_a_server_while_another_answers(ask_of: Make, run_server: Run, form: str) -> None:
    resting = run_server()
    resting.fault = refusal(429, "slow down")
    when = "60" if form == "seconds" else formatdate(time.time() + 61, usegmt=True)
    resting.fault = Fault(429, {"Retry-After": when}, resting.fault.body)
    ask = ask_of((resting, {}), (run_server(), {}))
    for _ in range(4):
        assert await ask()
    assert len(resting.calls) == 1
    assert ask.row()["breaker"] == "open"
    assert 55 < ask.row()["again_s"] <= 61


async def test_server_that_dies_before_its_first_text_costs_nothing_and_another_answers(
    ask_of: Make, run_server: Run
) -> None:
    dying = run_server()
    ask = ask_of((dying, {}), (run_server(), {}))
    dying.kill()
    assert await ask()
    assert (ask.row()["errors"], ask.row("b")["errors"]) == (1, 0)
    assert ask.used() == ask.row("b")["tokens"]


async def test_server_that_dies_in_the_midst_is_not_followed_by_another(ask_of: Make, run_server: Run) -> None:
    dying, other = run_server(step_s=0.01), run_server()
    ask = ask_of((dying, {}), (other, {}))
    given: list[Chunk] = []

    async def listen() -> None:
        async with aclosing(ask.pool.stream(CALL)) as chunks:
            async for chunk in chunks:
                given.append(chunk)
                if len(given) == 2:
                    await asyncio.to_thread(dying.kill)

    with pytest.raises(UpstreamError) as caught:
        await listen()
    assert caught.value.kind == "cut"
    assert other.calls == []
    assert ask.used() > 0


async def test_usage_is_settled_to_what_the_server_reports(ask_of: Make, run_server: Run) -> None:
    ask = ask_of((run_server(), {}))
    await ask()
    tally = ask.pool.metrics.of["a"]
    assert tally.unreported_tokens == 0
    assert ask.used() == tally.tokens["prompt"] + tally.tokens["completion"] > 0
