"""Keys of servers, planted in a variable and in a file: nothing that the daemon writes, shows or says holds them.

A real daemon with its log at `debug`, whose servers take one key and refuse the other, and quote it as they do.
"""

from __future__ import annotations

import json
import logging
import tarfile
import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from llm_agentd.config.remote import Upstream as Configured
from llm_agentd.engines.base import Piece
from llm_agentd.engines.openai.budget import Limits
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.engine import RemoteEngine
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.target import Call, Chunk, Target
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.engines.openai.upstream import upstreams_of
from llm_agentd.types import Sampling
from tests.faults.host import Host, npc
from tests.support.upstream import Upstream, refusal

VARIABLE_KEY, FILE_KEY = "sk-planted-variable-4711-aaaaaaaa", "sk-planted-file-0815-bbbbbbbb"
COMMANDS = (
    ("ask", "Good evening!"),
    ("doctor", "--json"),
    ("dump", "--format", "jsonl"),
    ("explain", "--npc", "mira", "--player", "Ana", "Well?"),
    ("memory", "export"),
    ("model", "list"),
    ("serve", "--set", f'remote.upstreams=[{{"api_key": "{FILE_KEY}"}}]'),  # does not start
)
ROUTES = (
    *("/", "/info", "/metrics", "/docs", "/openapi.json", "/v1/stats", "/v1/stats/history", "/v1/settings"),
    *("/v1/doctor", "/v1/requests", "/v1/audit", "/v1/npcs", "/v1/roles", "/v1/model", "/v1/models"),
)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """The key's file lies beside the daemon's folder, so that all of that may be looked through."""
    folder = tmp_path / "host"
    folder.mkdir()
    file = tmp_path / "key"
    file.write_text(FILE_KEY)
    file.chmod(0o600)
    with Upstream(key="sk-another") as refusing, Upstream(key=FILE_KEY) as good:
        good.faults = [refusal(500, f"broken while serving {FILE_KEY}"), refusal(400, f"bad body of {FILE_KEY}")]
        servers = [
            {"base_url": refusing.base_url, "model": "big", "name": "attic", "api_key_env": "PLANTED_KEY"},
            {"base_url": good.base_url, "model": "tiny", "name": "cellar", "api_key_file": str(file)},
        ]
        sets = (f"remote.upstreams={json.dumps(servers)}", "remote.policy=always", "remote.daily_tokens=100000")
        with Host(folder, *sets, "log.level=debug", env={"PLANTED_KEY": VARIABLE_KEY}) as running:
            yield running


def clean(text: str | bytes, place: object) -> None:
    data = text.encode() if isinstance(text, str) else text
    for key in (VARIABLE_KEY, FILE_KEY):
        assert key.encode() not in data, f"{place} holds a key"
        assert key[-12:].encode() not in data, f"{place} holds the end of a key"


@pytest.mark.slow
def test_planted_keys_stand_nowhere(host: Host) -> None:
    serve = host.ready("serve")
    with host.client() as client:
        for number in range(4):  # two of them meet a fault
            clean(repr(client.request("think", npc=npc("mira"), player="Ana", utterance=f"Is it {number}?")), "think")
        for op in ("info", "stats", "metrics", "doctor", "settings", "requests", "npcs", "model"):
            clean(repr(client.request(op)), op)
        clean(repr(client.request("events", after=0)), "events")
        state = client.request("stats")["stats"]["remote"]["upstreams"]
        assert [row["breaker"] for row in state] == ["open", "closed"]
    with host.http() as http:
        for route in ROUTES:
            clean(http.get(route).text, route)
        wrong = [{"base_url": "http://127.0.0.1:1", "model": "m", "api_key": FILE_KEY}]
        clean(http.post("/v1/settings", json={"key": "remote.upstreams", "value": wrong}).text, "a refused setting")
    for command in COMMANDS:
        done = host.run(*command)
        clean(done.stdout + done.stderr, command)
    saved = host.folder / "saved.tar.gz"
    assert host.run("backup", str(saved)).returncode == 0
    with tempfile.TemporaryDirectory() as unpacked, tarfile.open(saved) as archive:
        archive.extractall(unpacked, filter="data")
        look_through(Path(unpacked))
    assert serve.stop() == 0
    log = (host.folder / "serve.log").read_text()
    assert "attic does not accept the key (401)" in log
    look_through(host.folder)


def look_through(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        clean(path.read_bytes(), path)


def test_traceback_of_a_bug_holds_no_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the log, and in the answer."""

    class Broken(Transport):
        async def stream(self, target: Target, call: Call) -> AsyncGenerator[Chunk]:
            header = f"Bearer {target.api_key}"
            yield Chunk(header[len(header)])  # a bug, with the key in reach

    caplog.set_level(logging.DEBUG)
    configured = [Configured(base_url="http://127.0.0.1:9", model="m", api_key_env="PLANTED_KEY")]
    transport = Broken()
    upstreams = upstreams_of(configured, {"PLANTED_KEY": VARIABLE_KEY})
    pool = Pool(upstreams, transport, FileBudget(tmp_path / "budget.db", Limits()))
    engine = RemoteEngine(pool, transport)
    try:
        engine.start(0, engine.encode("Well?", None, Sampling()), Sampling())
        pieces: list[Piece] = []
        while not pieces:
            pieces = engine.step()
    finally:
        engine.close()
    (piece,) = pieces
    assert piece.finish == "failed"
    assert "Traceback" in caplog.text
    clean(f"{piece!r}{piece.error}{piece.answer!r}", "the answer")
    clean(caplog.text, "the log")
    clean(repr((upstreams, pool.targets, pool.stats(), vars(upstreams[0].key).keys())), "a repr")
