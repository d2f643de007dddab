"""The page into which players speak, in a real Chromium with a microphone that plays speech; a real recogniser behind
it. What the page says where there is no microphone, no permission, no https; on a desk and on a phone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.dashboard.axe import violations
from tests.dashboard.conftest import DESK, EXPECT_MS, PHONE, Tab
from tests.faults.host import TOKEN, Host
from tests.http.voice.fake_microphone import browser_with, record

pytestmark = pytest.mark.slow

WORDS = "Mira, please follow me to the river."
HEARD = {"mira", "follow", "me", "river"}
POLL_MS = 50.0
COOP = "Cross-Origin-Opener-Policy"  # Chromium says that it heeds it under https alone
FIRST_WORDS_MS = 90_000  # the recogniser starts first, on a busy machine


class Game:
    """A game server's side: it asks for microphones, and hears."""

    def __init__(self, http: httpx2.Client, session: str) -> None:
        self._http, self._session, self._after, self._count = http, session, 0, 0

    def call(self, **body: Any) -> list[dict[str, Any]]:
        answer = self._http.post(
            "/v1/exchange", json={"session": self._session, "after": self._after, "wait_ms": 0, **body}
        )
        events: list[dict[str, Any]] = answer.json()["events"]
        self._after = max([event["seq"] for event in events], default=self._after)
        return events

    def code(self, player: str = "Robin") -> str:
        self._count += 1
        record = {
            "op": "listen",
            "id": str(self._count),
            "player": player,
            "lang": "en",
            "phrases": ["Mira", "follow me"],
        }
        code: str = self.call(requests=[record])[-1]["code"]
        return code

    def heard(self) -> str:
        text: str = next(event["text"] for event in self.call(wait_ms=20_000) if event["event"] == "heard")
        return text


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with Host(tmp_path_factory.mktemp("host"), "speech.stt=whisper", "speech.tts=off") as running:
        running.ready("serve")
        yield running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    recording = record(tmp_path_factory.mktemp("sound") / "words.wav", WORDS)
    with browser_with(playwright, recording) as browser:
        yield browser


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(host: Host, chromium: Browser) -> Iterator[OpenPage]:
    """Fails at its end where the console had an error that the test did not provoke."""
    tabs: list[Tab] = []

    def open_one(
        address: str = "",
        *,
        url: str | None = None,
        browser: Browser | None = None,
        size: tuple[int, int] = DESK,
        colors: Any = "light",
        locale: str = "en-GB",
        permissions: tuple[str, ...] = ("microphone",),
        forgiven: tuple[str, ...] = (),
        has_touch: bool = False,
    ) -> Page:
        context = (browser or chromium).new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=colors,
            locale=locale,
            permissions=list(permissions),
            reduced_motion="reduce",
            has_touch=has_touch,
        )
        context.set_default_timeout(EXPECT_MS)
        tab = Tab(context.new_page(), forgiven=forgiven)
        tab.listen()
        tabs.append(tab)
        tab.page.goto(f"{url or host.url}/voice{address}")
        expect(tab.page.locator("main h1")).to_be_visible()
        return tab.page

    yield open_one
    for tab in tabs:
        tab.close()
    for tab in tabs:
        tab.check()


@pytest.fixture
def game(host: Host, request: pytest.FixtureRequest) -> Iterator[Game]:
    with host.http() as http:
        game = Game(http, request.node.name)
        yield game
        game.call(cancel=[str(number) for number in range(20)])


def button(page: Page) -> Any:
    return page.locator("button.hold")


def until(page: Page, condition: str) -> None:
    """`wait_for_function` would compile its condition in the page, whose policy forbids that."""
    for _ in range(int(EXPECT_MS / POLL_MS)):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(POLL_MS)
    raise AssertionError(f"never: {condition}")


def until_said(page: Page) -> None:
    """The voice in the microphone has begun and ended: the level was high, and has been low for half a second."""
    until(page, "document.querySelector('meter').value > 0.3")
    until(
        page,
        """() => {
            const isLow = document.querySelector('meter').value < 0.25;
            window.lowSince = isLow ? (window.lowSince ?? performance.now()) : null;
            return isLow && performance.now() - window.lowSince > 700;
        }""",
    )


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def check_understood(page: Page, game: Game) -> None:
    line = page.locator(".lines li").first
    expect(line).to_be_visible(timeout=FIRST_WORDS_MS)
    shown, heard = line.inner_text(), game.heard()
    assert shown.strip('“”"') == heard
    assert words_of(heard) >= HEARD, heard


# -- speaking -------------------------------------------------------------------------------------


def test_words_that_are_spoken_while_the_button_is_held_are_in_the_game(open_page: OpenPage, game: Game) -> None:
    page = open_page()
    page.get_by_label("Code").fill(game.code())
    page.get_by_role("button", name="Open").click()
    expect(page.locator("h1")).to_have_text("You speak as Robin")
    box = button(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    expect(page.get_by_role("status")).to_contain_text("Listening, for 10 seconds at most")
    assert button(page).get_attribute("aria-pressed") == "true"
    until_said(page)
    page.mouse.up()
    assert button(page).get_attribute("aria-pressed") == "false"
    check_understood(page, game)
    assert page.evaluate("document.querySelector('meter').value") == 0


def test_link_with_the_code_opens_and_the_space_key_is_held(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code()}")
    expect(page.locator("h1")).to_have_text("You speak as Robin")
    assert "#" not in page.url, "a code that was used stands in no history"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.down("Space")
    until_said(page)
    page.keyboard.up("Space")
    check_understood(page, game)


def test_finger_on_a_phone_holds_the_button(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code()}", size=PHONE, has_touch=True)
    expect(button(page)).to_be_visible()
    box = button(page).bounding_box()
    assert box["width"] >= 200, "to be found without looking"
    finger = {"x": box["x"] + 100, "y": box["y"] + 100}
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    until_said(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    check_understood(page, game)


def test_who_cannot_hold_taps_to_begin_and_to_end(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code()}")
    page.get_by_label("Tap to begin").check()
    expect(button(page)).to_have_text("Tap and speak")
    button(page).click()
    until_said(page)
    button(page).click()
    check_understood(page, game)


def test_page_that_is_loaded_anew_goes_on_and_ends_when_the_player_leaves(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code()}", forgiven=("401",))
    expect(button(page)).to_be_visible()
    page.reload()
    expect(button(page)).to_be_visible()
    game.call(cancel=["1"])
    page.get_by_label("Tap to begin").check()
    button(page).click()
    until_said(page)
    button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("/llm mic", timeout=FIRST_WORDS_MS)
    expect(page.get_by_label("Code")).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0


def test_microphone_is_let_go_when_the_page_is_out_of_sight(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code()}")
    page.evaluate(
        """() => {
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (what) => (window.given = await ask(what));
        }"""
    )
    page.get_by_label("Tap to begin").check()
    button(page).click()
    until_said(page)
    button(page).click()
    expect(page.locator(".lines li").first).to_be_visible(timeout=FIRST_WORDS_MS)
    assert page.evaluate("window.given.getTracks()[0].readyState") == "live"
    page.evaluate(
        """() => {
            Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
            document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    until(page, "window.given.getTracks()[0].readyState === 'ended'")


# -- what goes wrong, in words --------------------------------------------------------------------


def test_wrong_code_says_where_a_right_one_is(open_page: OpenPage) -> None:
    page = open_page(forgiven=("401", "400"))
    page.get_by_label("Code").fill("000-000")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("/llm mic")
    page.get_by_label("Code").fill("12")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("6 digits")


def test_denied_microphone_says_how_to_allow_it(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code()}", permissions=())
    button(page).click()
    expect(page.locator(".lines li")).to_contain_text("Allow it for this page")


def test_machine_without_a_microphone_says_so(playwright: Playwright, open_page: OpenPage, game: Game) -> None:
    with browser_with(playwright, None) as browser:
        page = open_page(f"#{game.code()}", browser=browser)
        button(page).click()
        expect(page.locator(".lines li")).to_contain_text("No microphone was found")
        page.context.close()


def test_page_without_https_says_what_to_do(playwright: Playwright, open_page: OpenPage, tmp_path: Path) -> None:
    """Under a name that is not localhost, which a proxy of the admin's gave the machine."""
    with (
        Host(tmp_path, "http.allowed_hosts=voice.example", "speech.stt=off", "speech.tts=off") as host,
        browser_with(playwright, None, "--host-resolver-rules=MAP voice.example 127.0.0.1") as browser,
    ):
        host.ready("serve")
        page = open_page(url=f"http://voice.example:{host.port}", browser=browser, permissions=(), forgiven=(COOP,))
        expect(page.get_by_role("alert")).to_contain_text("begins with https")
        assert page.locator("input").count() == 0
        page.context.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=voice.example", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_page_under_the_admins_certificate_has_a_microphone(
    playwright: Playwright, open_page: OpenPage, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = certificate
    tls = (f"http.tls_cert={cert}", f"http.tls_key={key}", "http.allowed_hosts=voice.example")
    with (
        Host(tmp_path / "host", *tls, "speech.stt=stub", "speech.tts=off") as host,
        browser_with(
            playwright,
            record(tmp_path / "words.wav", WORDS),
            "--host-resolver-rules=MAP voice.example 127.0.0.1",
            "--ignore-certificate-errors",  # it is of our own making
        ) as browser,
        httpx2.Client(
            base_url=host.url.replace("http:", "https:"), verify=False, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as http,
    ):
        host.ready("serve")
        game = Game(http, "tls")
        page = open_page(f"#{game.code()}", url=f"https://voice.example:{host.port}", browser=browser)
        expect(button(page)).to_be_visible()
        page.keyboard.down("Space")
        until_said(page)
        page.keyboard.up("Space")
        expect(page.locator(".lines li").first).to_be_visible(timeout=FIRST_WORDS_MS)
        assert game.heard()
        page.context.close()


# -- how it looks, and for whom -------------------------------------------------------------------


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_accessible_and_fits(open_page: OpenPage, game: Game, size: tuple[int, int], colors: str) -> None:
    page = open_page(size=size, colors=colors)
    assert violations(page) == []
    page.get_by_label("Code").fill(game.code())
    page.keyboard.press("Enter")
    expect(button(page)).to_be_focused()
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("language", ["de", "fr", "es", "ru"])
def test_page_speaks_the_players_language_and_fits_a_phone(open_page: OpenPage, game: Game, language: str) -> None:
    page = open_page(f"#{game.code()}", size=PHONE, locale=language)
    expect(button(page)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == language
    assert page.locator("h1").inner_text() != "You speak as Robin"
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_name_of_a_player_stays_text(open_page: OpenPage, game: Game) -> None:
    page = open_page(f"#{game.code('<img src=x>')}")
    expect(page.locator("h1")).to_have_text("You speak as <img src=x>")
    assert page.locator("main img").count() == 0


# -- the resampler --------------------------------------------------------------------------------

TONES = """async ([rate, hz]) => {
    const { Resampler } = await import('/voice/resampler.js');
    const resampler = new Resampler(rate, 16000);
    const out = [];
    for (let block = 0; block < rate / 128; block += 1) {
        const at = (i) => Math.sin(2 * Math.PI * hz * (128 * block + i) / rate);
        out.push(...resampler.push(Float32Array.from({ length: 128 }, (_, i) => at(i))));
    }
    return out;
}"""


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_resampler_keeps_the_pitch_and_the_level_of_a_voice(open_page: OpenPage, rate: int) -> None:
    page = open_page()
    out = np.array(page.evaluate(TONES, [rate, 1000]))
    assert abs(len(out) - 16_000) < 200
    middle = out[2000:14_000]
    tone = np.sin(2 * np.pi * 1000 / 16_000 * np.arange(len(middle)))
    quadrature = np.cos(2 * np.pi * 1000 / 16_000 * np.arange(len(middle)))
    level = np.hypot(middle @ tone, middle @ quadrature) * 2 / len(middle)
    assert level == pytest.approx(1, abs=0.01)
    rest = middle - 2 / len(middle) * ((middle @ tone) * tone + (middle @ quadrature) * quadrature)
    assert 20 * np.log10(np.std(rest)) < -50


@pytest.mark.parametrize("hz", [9_000, 12_000, 15_000, 20_000])
def test_resampler_folds_nothing_from_above_into_the_words(open_page: OpenPage, hz: int) -> None:
    out = np.array(open_page().evaluate(TONES, [48_000, hz]))[2000:14_000]
    assert 20 * np.log10(np.std(out) + 1e-9) < -55
