"""The pages that show how the minds do: overview with the master switch, live stream, NPCs; in a real browser, against
a real daemon that is really asked things."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.axe import violations
from tests.dashboard.conftest import OpenTab
from tests.faults.host import TOKEN, Host, npc
from tests.support.upstream import Upstream

pytestmark = pytest.mark.slow

ATTACK = "<img src=x onerror=alert(1)>"
GAME = "game-1"
READ_S = 10.0  # the time that an admin has: how the minds do must stand there by then


def ask(host: Host, name: str, player: str, words: str, **more: Any) -> dict[str, Any]:
    with host.client() as client:
        return client.request("think", npc=npc(name), player=player, utterance=words, **more)


def exchange(host: Host, *requests: dict[str, Any], session: str = GAME) -> list[dict[str, Any]]:
    """As the mod does it; the answers, from the first of the session on."""
    with host.http() as http:
        body = {"session": session, "after": 0, "wait_ms": 5000, "requests": list(requests)}
        answer = http.post("/v1/exchange", json=body)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["events"])


def report(**fields: Any) -> dict[str, Any]:
    steps = {"bounds_s": [0.06, 0.1, 0.15], "counts": [100, 0, 0, 0], "sum_s": 5.0}
    return {"op": "report", "id": "report-1", "players": 3, "npcs": 12, "version": "0.1.0", "steps": steps, **fields}


# Overview -----------------------------------------------------------------------------------------------------------


def test_overview_says_within_seconds_how_the_minds_do_and_what_was_said_last(open_tab: OpenTab, host: Host) -> None:
    ask(host, "mira", ATTACK, "Where is the ford?")
    begun_s = time.monotonic()
    page = open_tab(url=host.url).page
    expect(page.locator(".state .big")).to_be_visible()
    last = page.locator(".exchange").first
    expect(last).to_contain_text("Where is the ford?")
    assert time.monotonic() - begun_s < READ_S
    expect(last).to_contain_text(ATTACK)
    expect(page.locator(".tile")).to_have_count(6)
    expect(page.locator("tbody tr")).to_have_count(3)


def test_overview_names_what_is_broken_with_its_cure(open_tab: OpenTab, host: Host) -> None:
    page = open_tab(url=host.url).page
    expect(page.locator(".state .big")).to_have_text("Something is broken: model, served.")  # the stub is no model
    expect(page.locator(".state")).to_contain_text("Cure: ")


def test_overview_shows_what_the_game_reports(open_tab: OpenTab, host: Host) -> None:
    exchange(host, report(fallbacks={"overloaded": 4}))
    page = open_tab(url=host.url).page
    game = page.locator("section").filter(has=page.get_by_role("heading", name="Game", exact=True))
    expect(game).to_contain_text("12")
    expect(game).to_contain_text("too busy")


def test_overview_shows_servers_their_breakers_and_what_is_left_of_the_budget(
    open_tab: OpenTab, tmp_path: Path
) -> None:
    with Upstream() as good, Upstream(key="sk-another") as refusing:
        servers = [
            {"base_url": refusing.base_url, "model": "big", "name": "attic", "api_key_env": "ATTIC_KEY"},
            {"base_url": good.base_url, "model": "tiny", "name": "cellar"},
        ]
        sets = (f"remote.upstreams={json.dumps(servers)}", "remote.policy=always", "remote.daily_tokens=100000")
        with Host(tmp_path, *sets, "http.dashboard_public=true", env={"ATTIC_KEY": "sk-planted-4711"}) as host:
            host.ready("serve")
            ask(host, "mira", "Ana", "Where is the ford?")
            page = open_tab(url=host.url, forgiven=("net::ERR",)).page
            box = page.locator("section").filter(has=page.get_by_role("heading", name="Models on other servers"))
            attic, cellar = (box.get_by_role("row").filter(has_text=name) for name in ("attic", "cellar"))
            expect(attic).to_contain_text("is not asked")
            expect(cellar).to_contain_text("is asked")
            expect(box).to_contain_text("attic does not accept the key (401): write a valid key into the variable")
            expect(box).to_contain_text(" of 100,000 (")
            expect(box).to_contain_text("Replies of servers")
            assert violations(page) == []
            assert "sk-planted" not in page.content()
            with httpx2.Client(base_url=host.url) as stranger:
                assert "remote" not in stranger.get("/v1/stats").json()["stats"]


def test_master_switch_stops_every_call_and_starts_them_again(host: Host, open_tab: OpenTab) -> None:
    page = open_tab(url=host.url).page
    page.get_by_role("button", name="Switch the minds off").press("Enter")
    expect(page.locator(".state .big")).to_have_text("The minds are switched off.")
    assert outcome_of_asking(host) == "unavailable"
    page.goto(f"{host.url}/#/live")
    expect(page.locator(".banner")).to_contain_text("switched off")
    page.goto(f"{host.url}/#/overview")
    page.get_by_role("button", name="Switch the minds on").press("Enter")
    expect(page.get_by_role("button", name="Switch the minds off")).to_be_visible()
    assert outcome_of_asking(host) == "done"


def outcome_of_asking(host: Host) -> str:
    """`done`, or the code of the error."""
    request_id = f"ask-{time.monotonic_ns()}"
    think = {"op": "think", "id": request_id, "npc": npc("orm"), "player": "Ana", "utterance": "Hm?", "cache": "off"}
    (event,) = [event for event in exchange(host, think, session=request_id) if event["id"] == request_id]
    return str(event.get("code", event["event"]))


# Live ---------------------------------------------------------------------------------------------------------------


def test_live_shows_words_as_they_come_and_why_a_fallback_line_came(open_tab: OpenTab, host: Host) -> None:
    page = open_tab("#/live", url=host.url).page
    expect(page.get_by_role("status").filter(has_text="Connected")).to_be_visible()
    exchange(host, {"op": "think", "id": "a", "npc": npc("mira"), "player": ATTACK, "utterance": "Sell me a potion"})
    newest = page.locator(".exchange").filter(has_text="Sell me a potion").first
    expect(newest).to_contain_text(f"{ATTACK}: Sell me a potion")
    exchange(host, report(fell_back=[{"request": "a", "reason": "deadline_exceeded"}]))
    expect(page.locator(".exchange").filter(has_text="Why: took too long").first).to_contain_text(ATTACK)
    assert violations(page) == []


def test_live_pauses_filters_and_goes_on(open_tab: OpenTab, host: Host) -> None:
    page = open_tab("#/live", url=host.url).page
    expect(page.get_by_role("status").filter(has_text="Connected")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    ask(host, "mira", "Ana", "Is it late?")
    expect(
        page.get_by_role("status").filter(has_text=re.compile(r"Paused; new events meanwhile: [1-9]"))
    ).to_be_visible()
    expect(page.get_by_text("Is it late?")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".said", has_text="Is it late?").first).to_be_visible()
    page.get_by_label("Filter by name or words").fill("nobody says this")
    expect(page.locator("main")).to_contain_text("Nothing matches the filter.")


def test_live_goes_on_after_the_daemon_was_away(open_tab: OpenTab, tmp_path: Path) -> None:
    with Host(tmp_path, "zmq.retry_s=1") as host:
        host.ready("http")
        daemon = host.ready("daemon")
        page = open_tab("#/live", url=host.url, forgiven=("503", "Failed to load", "net::ERR")).page
        expect(page.get_by_role("status").filter(has_text="Connected")).to_be_visible()
        daemon.kill()
        host.ready("daemon")
        ask(host, "mira", "Ana", "Are you back?")
        expect(page.locator(".said", has_text="Are you back?").first).to_be_visible()


# NPCs ---------------------------------------------------------------------------------------------------------------


def test_npcs_lead_to_their_words_memories_and_a_talk(open_tab: OpenTab, host: Host) -> None:
    ask(host, "mira", ATTACK, "I am called Robin")
    page = open_tab("#/npcs", url=host.url).page
    page.get_by_role("link", name="Mira").press("Enter")
    expect(page.locator("main")).to_contain_text("smith")
    expect(page.locator(".exchange").filter(has_text="I am called Robin").first).to_be_visible()
    remembered = page.locator("section").filter(has=page.get_by_role("heading", name="What this NPC remembers"))
    expect(remembered).to_contain_text("<img src=x")  # as text; memory takes the brackets out of a name
    expect(remembered).to_contain_text("I am called Robin")
    page.get_by_role("link", name="Talk to this NPC").press("Enter")
    expect(page.get_by_label("With")).to_have_value("npc:mira")


# Without the token --------------------------------------------------------------------------------------------------


def test_figures_are_public_where_the_admin_wants_it_and_words_are_not(open_tab: OpenTab, tmp_path: Path) -> None:
    with Host(tmp_path, "http.dashboard_public=true") as host:
        host.ready("serve")
        ask(host, "mira", "Ana", "My secret is under the oak")
        page: Page = open_tab(url=host.url, token=None, forgiven=("401", "net::ERR")).page
        expect(page.locator(".tile")).to_have_count(6)
        expect(page.locator("main")).to_contain_text("What is said is shown with the token alone")
        expect(page.get_by_role("button", name="Switch the minds off")).to_have_count(0)
        page.evaluate("document.querySelector('main .page').id = 'first'")
        for _ in range(2):
            page.wait_for_event("response", lambda response: response.url.endswith("/v1/stats"))
        expect(page.locator("#first")).to_be_visible()  # a refusal is no reason to draw the page anew
        assert "secret" not in page.content()
        page.goto(f"{host.url}/#/npcs")
        expect(page.get_by_role("link", name="Mira")).to_be_visible()
        assert "Ana" not in page.locator("main").inner_text()
        page.goto(f"{host.url}/#/overview")
        page.get_by_role("button", name="Enter the token").click()
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.locator(".exchange").first).to_contain_text("under the oak")


@pytest.mark.parametrize("is_public", [False, True])
def test_routes_that_want_no_token_are_three_and_hold_no_words(tmp_path: Path, is_public: bool) -> None:
    with Host(tmp_path, f"http.dashboard_public={str(is_public).lower()}") as host:
        host.ready("serve")
        ask(host, "mira", "Ana", "My secret is under the oak")
        with httpx2.Client(base_url=host.url) as stranger:
            for path in ("/v1/stats", "/v1/stats/history", "/v1/npcs"):
                answer = stranger.get(path)
                assert answer.status_code == (200 if is_public else 401)
                assert "secret" not in answer.text
                assert "Ana" not in answer.text
            for path in ("/v1/requests", "/v1/events", "/v1/audit", "/v1/roles", "/v1/doctor", "/v1/switch", "/info"):
                assert stranger.get(path).status_code == 401
            for path in ("/v1/switch", "/v1/stats", "/v1/npcs", "/v1/exchange"):
                assert stranger.post(path, json={"on": False}).status_code == 401
        with host.http() as admin:
            assert admin.get("/v1/npcs").json()["npcs"][0]["last_player"] == "Ana"
