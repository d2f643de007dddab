"""The request log's page and the talk's, in a real browser, against what a real daemon was really asked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.dashboard.conftest import OpenTab
from tests.faults.host import Host, npc

pytestmark = pytest.mark.slow

ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def asked(host: Host) -> None:
    with host.client() as client:
        for name, player, words in (("mira", "Ana", "Where is the ford?"), ("orm", ATTACK, f"{ATTACK} sharpen this")):
            client.request("think", npc=npc(name), player=player, utterance=words)


def test_search_finds_words_and_stays_in_the_address(open_tab: OpenTab) -> None:
    page = open_tab("#/requests").page
    rows = page.locator(".exchange")
    expect(rows.filter(has_text="Where is the ford?")).to_have_count(1)
    page.get_by_label("Words in it").fill("sharpen")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(f"{ATTACK}: {ATTACK} sharpen this")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_label("Outcome").select_option("overloaded")
    expect(page.locator("main")).to_contain_text("No such request is kept.")


def test_one_request_shows_prompt_by_part_reply_and_times(open_tab: OpenTab) -> None:
    page = open_tab("#/requests?grep=Where%20is%20the%20ford").page  # "ford" alone stands in replies of the stub, too
    page.locator(".exchange a.open").first.click()
    main = page.locator("main")
    expect(main.locator(".part").filter(has_text="What the player says")).to_contain_text("Where is the ford?")
    expect(main.locator(".part").filter(has_text="Who it is")).to_contain_text("You are Mira")
    expect(main).to_contain_text("The reply")
    expect(main.locator(".timebar")).to_be_visible()
    expect(main.locator("dl")).to_contain_text("spoken")


def test_request_that_is_not_kept_says_so(open_tab: OpenTab) -> None:
    page = open_tab("#/requests/999999", forgiven=("400",)).page
    expect(page.get_by_role("alert")).to_contain_text("not kept")


def test_talk_streams_the_reply_and_shows_the_prompt_it_came_from(open_tab: OpenTab) -> None:
    page = open_tab("#/talk?role=smith").page
    calls: list[Request] = []
    page.on("request", lambda request: calls.append(request) if request.url.endswith("/v1/exchange") else None)
    page.get_by_label("You speak as").fill(ATTACK)
    page.get_by_label("Say").fill("Who are you?")
    page.keyboard.press("Enter")
    reply = page.locator(".transcript li").nth(1)
    expect(reply.locator(".hint")).to_contain_text("cache:")
    expect(reply.locator(".said")).not_to_be_empty()
    expect(page.locator(".part").filter(has_text="What the player says")).to_contain_text("<img src=x")  # as text
    expect(page.get_by_label("Say")).to_be_focused()
    assert calls
    assert all(call.headers["x-session-id"] == (call.post_data_json or {})["session"] for call in calls), (
        "a balancer goes by it"
    )
    page.keyboard.type("And what do you sell?")
    page.keyboard.press("Enter")
    expect(page.locator(".transcript li")).to_have_count(4)
    expect(page.locator(".part").filter(has_text="Said before").first).to_contain_text("Who are you?")


def test_ask_again_brings_npc_player_and_words_into_the_talk(open_tab: OpenTab) -> None:
    page = open_tab("#/requests?grep=Where%20is%20the%20ford").page
    page.locator(".exchange").filter(has_text="Where is the ford").locator("a.open").first.click()
    page.get_by_role("link", name="Ask again").click()
    expect(page.get_by_label("Say")).to_have_value("Where is the ford?")
    expect(page.get_by_label("You speak as")).to_have_value("Ana")


def test_cleared_log_is_empty(open_tab: OpenTab) -> None:
    page = open_tab("#/requests").page
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Clear the log").click()
    expect(page.locator("main")).to_contain_text("No such request is kept.")
    expect(page.get_by_role("status").filter(has_text="forgotten")).to_be_visible()
