"""The page of kept replies with a shared cache behind it: how it stands, what only others made, and no password."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from llm_agentd.cache.redis.store import PREFIX
from llm_agentd.cache.redis.value import encode_value
from tests.cache.contract import entry, key
from tests.dashboard.axe import violations
from tests.dashboard.conftest import OpenTab
from tests.faults.host import Host
from tests.support.redis_servers import RedisServer, wait_for

pytestmark = pytest.mark.slow

PASSWORD = "password-of-the-shared-cache-5d41"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), "--requirepass", PASSWORD, password=PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def host(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "config.yaml").write_text("batch:\n  size: 4\n")
    url = server.url.replace("://", f"://:{PASSWORD}@")
    with Host(folder, config=folder / "config.yaml", env={"LLM_AGENT_CACHE__REDIS_URL": url}) as running:
        running.ready("serve")
        wait_for(lambda: bool(shared(running)["up"]), "the shared cache is up")
        yield running


def shared(host: Host) -> dict[str, object]:
    with host.http() as http:
        told: dict[str, object] = http.get("/v1/cache").json()["shared"]
        return told


def test_page_shows_the_second_level_and_what_only_other_daemons_made(
    open_tab: OpenTab, host: Host, server: RedisServer
) -> None:
    theirs = entry("Said on another island.", created_s=time.time(), expires_s=time.time() + 300)
    with host.client() as client, server.client() as redis:
        client.infer("Who is there?")
        redis.hset(PREFIX + key(1).hex().encode(), "0", encode_value(key(1), theirs))
    page = open_tab("#/cache").page
    expect(page.locator("main")).to_contain_text(f"Shared with other daemons through {server.url}.")
    expect(page.locator("li.exchange")).to_have_count(2)
    expect(page.locator("li.exchange", has_text="Said on another island.")).to_contain_text("in the shared cache alone")
    assert violations(page) == []
    page.get_by_role("button", name="Empty the cache").click()
    page.get_by_role("button", name="Delete every kept reply?").click()
    expect(page.locator("main")).to_contain_text("No reply is kept.")
    with server.client() as redis:
        assert redis.keys(PREFIX + b"*") == []
    server.kill()
    wait_for(lambda: not shared(host)["up"], "the shared cache is away")
    page.reload()
    expect(page.locator("main")).to_contain_text("is away")
    assert violations(page) == []
    server.start()
    wait_for(lambda: bool(shared(host)["up"]), "the shared cache is back")


def test_password_is_shown_nowhere(host: Host) -> None:
    with host.http() as http, host.client() as client:
        told = [
            http.get(path).text
            for path in ("/info", "/metrics", "/v1/stats", "/v1/settings", "/v1/cache", "/v1/doctor", "/v1/model")
        ]
        told += [json.dumps(client.request(op)) for op in ("info", "stats", "metrics", "settings", "doctor")]
    logs = "".join(path.read_text(errors="replace") for path in Path(host.folder).rglob("*") if path.is_file())
    assert "shared cache" in "".join(told)
    assert PASSWORD not in "".join(told) + logs
