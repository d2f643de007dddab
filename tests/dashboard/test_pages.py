"""Every page of the menu in a real browser: no console errors, axe-core, both colour schemes, a phone, the keyboard,
players whose names and words are HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.axe import violations
from tests.dashboard.conftest import DESK, PHONE, OpenTab
from tests.faults.host import Host, think

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).resolve().parents[2] / "daemon/llm_agentd/http/dashboard"
PAGES = re.findall(r'\{ name: "(\w+)"', (FOLDER / "pages/index.js").read_text(encoding="utf-8"))
ATTACK = "<img src=x onerror=alert(1)>"
CONTROLS = "main :is(a[href], button, input, select, textarea):not(:disabled)"


@pytest.fixture(scope="module", autouse=True)
def village(host: Host) -> None:
    """Something to show: talks, an order, a player whose name is HTML, one who is held back."""
    with host.client() as client:
        for number, (npc, player, words) in enumerate(
            [
                ("mira", "Ana", "Good evening, Mira!"),
                ("orm", "Ben", "Can you mend my sword?"),
                ("mira", ATTACK, f"{ATTACK}<script>alert(2)</script>"),
                ("tess", "Ana", "javascript:alert(3)"),
            ]
        ):
            record = think(f"village-{number}", npc, player, words)
            client.request("think", **{key: value for key, value in record.items() if key not in ("op", "id")})
        client.remember([{"npc": "mira", "player": ATTACK, "text": f"{ATTACK} bought a potion"}])


def settled(page: Page) -> None:
    """What the page fetches at once has come."""
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_and_fits(open_tab: OpenTab, name: str, size: tuple[int, int], colors: str) -> None:
    page = open_tab(f"#/{name}", size=size, colors=colors).page
    settled(page)
    assert violations(page) == []
    assert not is_too_wide(page)


@pytest.mark.parametrize("language", ["de", "fr", "es", "ru"])
def test_no_page_is_too_wide_for_a_phone_in_any_language(open_tab: OpenTab, language: str) -> None:
    page = open_tab(size=PHONE, locale=f"{language}-{language.upper()}").page
    for name in PAGES:
        page.evaluate(f"location.hash = '#/{name}'")
        expect(page.locator(f"main .page.{name}")).to_be_attached()
        settled(page)
        assert not is_too_wide(page), name


@pytest.mark.parametrize("name", PAGES)
def test_what_players_say_stays_text(open_tab: OpenTab, name: str) -> None:
    page = open_tab(f"#/{name}").page
    settled(page)
    assert page.evaluate("document.querySelectorAll('main img, main script, main iframe').length") == 0


def test_whole_menu_can_be_walked_by_keyboard(open_tab: OpenTab) -> None:
    page = open_tab().page
    page.locator("nav a").first.focus()
    for name in PAGES:
        expect(page.locator(f"nav a[data-page={name}]")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(f"nav a[data-page={name}]")).to_have_attribute("aria-current", "page")
        expect(page.locator("main")).to_be_focused()  # so that Tab goes on in the page
        page.locator(f"nav a[data-page={name}]").focus()
        page.keyboard.press("ArrowDown")


@pytest.mark.parametrize("name", PAGES)
def test_every_control_of_a_page_is_reached_by_tab(open_tab: OpenTab, name: str) -> None:
    page = open_tab(f"#/{name}").page
    settled(page)
    wanted = page.evaluate(
        f"[...document.querySelectorAll('{CONTROLS}')]"
        ".filter((element) => element.offsetParent !== null && element.tabIndex >= 0).length"
    )
    page.evaluate("document.querySelector('main').focus(); window.reached = new Set();")
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        if not page.evaluate("document.activeElement.closest('main') !== null"):
            break
        page.evaluate("window.reached.add(document.activeElement)")
    assert page.evaluate("window.reached.size") >= wanted
