"""`make dashboard-pictures`: the dashboard's pages while the demo's village lives, as pictures of a real Chromium.

    python tools/dashboard_pictures.py FOLDER [PAGE…] [--seconds 60]

A real daemon with the embedded model and a real game server run behind it. FOLDER/dashboard-PAGE.png is the page on a
desk in light colours, FOLDER/dashboard-phone.png some of them on a phone, light and dark.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from llm_agentd.demo.game import Game
from llm_agentd.ops.harness import daemon

DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 780}
GAP = 16  # pixels between the phone's pictures
SETTLE_MS = 3_500.0  # one round of everything that a page fetches
SETTINGS: dict[str, object] = {
    "llm_village.npcs": 16,
    "llm_village.ask_interval_s": 2,
    "llm_village.seconds": 0,
    "llm_village.story": "true",
    "llm_agent.greet": "false",
    "llm_agent.npc_talk": "always",
    "llm_agent.npc_talk_interval_s": 20,
}
PAGES = (
    "overview",
    "live",
    "requests",
    "request",
    "npcs",
    "npc",
    "talk",
    "roles",
    "memory",
    "cache",
    "settings",
    "model",
    "audit",
)
QUERIES = {"request": "?outcome=done", "talk": "?role=merchant"}
ON_A_PHONE = (("overview", "light"), ("live", "dark"), ("talk", "light"), ("npcs", "dark"))


@contextmanager
def village(seconds: float) -> Iterator[str]:
    """The dashboard's address with its token, `seconds` after the game began."""
    with tempfile.TemporaryDirectory(prefix="llm-agentd-pictures-") as folder, daemon({}, http=True) as running:
        game = Game(Path(folder), settings={**running.mod_settings, **SETTINGS})
        game.start()
        try:
            time.sleep(seconds)
            yield f"http://127.0.0.1:{running.http_port}/#token={running.http_token}"
        finally:
            game.stop()


def tab(browser: Browser, address: str, size: dict[str, int], colors: str) -> Page:
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if colors == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("main[aria-busy=false]")
    return page


def picture(page: Page, name: str) -> Image.Image:
    """Opens the page of this name, and does there what makes it worth a picture."""
    listed = {"request": "requests", "npc": "npcs"}.get(name, name)
    page.evaluate(f"location.hash = '#/{listed}{QUERIES.get(name, '')}'")
    page.wait_for_selector(f"main[aria-busy=false] .page.{listed}")
    if name == "request":
        page.locator(".exchange:has(.said:nth-of-type(2)) a.open").first.click()  # somebody said something
    if name == "npc":
        page.locator("tbody a").first.click()
    if name == "talk":
        page.get_by_label("Say", exact=True).fill("Good evening! What do you sell?")
        page.keyboard.press("Enter")
        page.wait_for_selector(".transcript .hint:not(:empty)", timeout=60_000)
    page.wait_for_timeout(SETTLE_MS)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(image: Image.Image, path: Path) -> None:
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)


def side_by_side(images: list[Image.Image]) -> Image.Image:
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    sheet = Image.new("RGB", (width, max(image.height for image in images)), "#888888")
    x = 0
    for image in images:
        sheet.paste(image, (x, 0))
        x += image.width + GAP
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", default=[*PAGES, "phone"], metavar="PAGE")
    parser.add_argument("--seconds", type=float, default=60, help="how long the village lives before the first picture")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with village(options.seconds) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        desk = tab(browser, address, DESK, "light")
        for name in options.pages:
            if name == "phone":
                phones = [picture(tab(browser, address, PHONE, colors), page) for page, colors in ON_A_PHONE]
                save(side_by_side(phones), options.folder / "dashboard-phone.png")
            else:
                save(picture(desk, name), options.folder / f"dashboard-{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
