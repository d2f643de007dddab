"""The frame around the pages, in a real browser: token, menu, languages, colours, keyboard, phone, a daemon that is
away and comes back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect

from tests.dashboard.conftest import PHONE, OpenTab
from tests.faults.host import TOKEN, Host

pytestmark = pytest.mark.slow

REFUSED = "401 (Unauthorized)"  # what Chromium's console says of any answer that is an error


def test_token_in_the_address_opens_the_page_and_leaves_the_address(open_tab: OpenTab, host: Host) -> None:
    page = open_tab(token=None, address=f"#token={TOKEN}").page
    expect(page.locator("main h1")).to_have_text("Overview")
    assert TOKEN not in page.url
    page.reload()
    expect(page.locator("main h1")).to_have_text("Overview")
    assert TOKEN not in page.evaluate("JSON.stringify(localStorage) + document.cookie")


def test_without_token_the_page_asks_for_it_and_says_where_it_is(open_tab: OpenTab) -> None:
    page = open_tab(token=None, forgiven=(REFUSED,)).page
    expect(page.locator("main h1")).to_have_text("Token")
    expect(page.locator("main")).to_contain_text("llm-agentd dashboard")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the daemon's token")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Overview")


@pytest.mark.parametrize(
    ("locale", "word"), [("de-DE", "Überblick"), ("fr-FR", "Vue d’ensemble"), ("es-ES", "Resumen"), ("ru-RU", "Обзор")]
)
def test_language_is_the_browsers_until_another_is_chosen(open_tab: OpenTab, locale: str, word: str) -> None:
    page = open_tab(locale=locale).page
    expect(page.locator("main h1")).to_have_text(word)
    assert page.evaluate("document.documentElement.lang") == locale[:2]
    page.locator("select").first.select_option("en")
    expect(page.locator("main h1")).to_have_text("Overview")
    page.reload()
    expect(page.locator("main h1")).to_have_text("Overview")


def test_colours_follow_the_system_until_others_are_chosen(open_tab: OpenTab) -> None:
    page = open_tab(colors="dark").page
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_label("Colours").select_option("light")
    light = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(page.locator("main h1")).to_be_visible()
    assert page.evaluate(ground) == light


def test_keyboard_reaches_content_and_menu(open_tab: OpenTab) -> None:
    page = open_tab().page
    page.reload()  # a page that was just opened begins at its top; one that was gone to, at its content
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_menu_of_a_phone_opens_and_closes_by_keyboard(open_tab: OpenTab) -> None:
    page = open_tab(size=PHONE).page
    menu, opener = page.get_by_role("navigation"), page.get_by_role("button", name="Menu")
    expect(menu).to_be_hidden()
    opener.press("Enter")
    expect(menu.get_by_role("link", name="Overview")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()


def test_address_of_no_page_says_so(open_tab: OpenTab) -> None:
    page = open_tab("#/nowhere").page
    expect(page.locator("main h1")).to_have_text("No such page")


@pytest.mark.parametrize(
    "unsafe",
    [
        "main.innerHTML = '<p></p>'",
        "main.setAttribute('onclick', 'alert(1)')",
        "document.createElement('script').text = '1'",
    ],
)
def test_browser_refuses_html_and_scripts_that_are_no_files_of_ours(open_tab: OpenTab, unsafe: str) -> None:
    page = open_tab(forgiven=("Trusted", "Content Security Policy", "blocked")).page
    with pytest.raises(Error, match=r"Trusted|Content Security Policy"):
        page.evaluate(f"() => {{ const main = document.querySelector('main'); {unsafe}; }}")


def test_daemon_that_is_away_is_named_and_its_return_seen(open_tab: OpenTab, tmp_path: Path) -> None:
    with Host(tmp_path, "zmq.retry_s=1") as alone:
        adapter, daemon = alone.ready("http"), alone.ready("daemon")
        page = open_tab(url=alone.url, forgiven=("503", "Failed to load", "net::ERR")).page
        state = page.locator(".state .big")
        expect(state).to_contain_text(re.compile("minds|broken"))
        daemon.kill()
        expect(state).to_have_text("The daemon does not answer.")
        expect(page.locator(".banner")).to_contain_text("llm-agentd serve")
        alone.ready("daemon")
        expect(state).to_contain_text(re.compile("minds|broken"))
        expect(page.locator(".banner")).to_be_empty()
        adapter.stop()
        expect(state).to_have_text("The HTTP adapter does not answer.")
        alone.ready("http")
        expect(state).to_contain_text(re.compile("minds|broken"))


def test_page_whose_route_is_missing_says_so(open_tab: OpenTab) -> None:
    tab = open_tab(forgiven=("404",))
    missing = '{"error": {"code": "not_found", "message": "GET /v1/npcs: not found"}}'
    tab.page.route("**/v1/npcs", lambda route: route.fulfill(status=404, content_type="application/json", body=missing))
    tab.page.goto(tab.page.url.split("#")[0] + "#/npcs")
    expect(tab.page.get_by_role("alert")).to_contain_text("This daemon has no v1/npcs")
    tab.page.unroute("**/v1/npcs")
    tab.page.get_by_role("button", name="Try again").click()
    expect(tab.page.get_by_role("alert")).to_have_count(0)
