"""What tests of the dashboard stand on: a real daemon and its adapter, and a real Chromium without a screen.

The stub engine answers, so that a page is what is tested and not a model. Each test has a browser context of its own:
no token, no language and no colours of another test are left in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.faults.host import TOKEN, Host

CHROMIUM = "chromium"
START_MS = 120_000.0  # Chromium takes two seconds alone, and far longer where many tests start at once
EXPECT_MS = 20_000.0
DESK = (1280, 800)
PHONE = (390, 844)

expect.set_options(timeout=EXPECT_MS)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """For one file: while it is there an event loop runs in this thread, and no other test could start its own."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which(CHROMIUM)
    assert path, "no chromium: apt-get install -y --no-install-recommends chromium"
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"], timeout=START_MS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One daemon for the tests of a file. A test that stops it starts one of its own."""
    with Host(tmp_path_factory.mktemp("host")) as running:
        running.ready("serve")
        yield running


@dataclass
class Tab:
    """A page of the dashboard in the browser, and what its console said that it should not have."""

    page: Page
    problems: list[str] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()  # parts of messages that a test provokes

    def listen(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def close(self) -> None:
        self.page.context.close()

    def check(self) -> None:
        assert [problem for problem in self.problems if not any(part in problem for part in self.forgiven)] == []

    def text(self) -> str:
        return self.page.locator("main").inner_text()


OpenTab = Callable[..., Tab]


@pytest.fixture
def open_tab(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[OpenTab]:
    """open_tab("#/requests"): a tab with the token, of the file's daemon or of the one at `url`. Fails at its end where
    the console had an error; `forgiven` are parts of those that a test provokes. Tabs of a daemon that the test itself
    stops are closed by it, `close()`, while that still answers."""
    tabs: list[Tab] = []

    def open_one(
        address: str = "#/",
        *,
        size: tuple[int, int] = DESK,
        token: str | None = TOKEN,
        url: str | None = None,
        colors: str = "light",
        locale: str = "en-GB",
        forgiven: tuple[str, ...] = (),
    ) -> Tab:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if colors == "dark" else "light",
            locale=locale,
            reduced_motion="reduce",
        )
        context.set_default_timeout(EXPECT_MS)
        tab = Tab(context.new_page(), forgiven=forgiven)
        tab.listen()
        tabs.append(tab)
        base = url or request.getfixturevalue("host").url
        if token is not None:
            tab.page.goto(f"{base}/#token={token}")
            expect(tab.page.locator("main h1")).to_be_visible()
        tab.page.goto(f"{base}/{address}")
        expect(tab.page.locator("main h1")).to_be_visible()
        return tab

    yield open_one
    for tab in tabs:
        tab.close()
    for tab in tabs:
        tab.check()


@pytest.fixture(scope="session")
def dashboard_folder() -> Path:
    return Path(__file__).resolve().parents[2] / "daemon/llm_agentd/http/dashboard"
