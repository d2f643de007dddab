"""Settings, roles, memory, kept replies, the model and the audit log: over HTTP and in a real browser, with a real
daemon whose configuration is a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.axe import violations
from tests.dashboard.conftest import PHONE, OpenTab
from tests.faults.host import Host, npc

pytestmark = pytest.mark.slow

TEXT = "# The village.\nbatch:\n  size: 4  # two cores\n"
REFUSED = "400 (Bad Request)"  # what Chromium's console says of any answer that is an error


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("steered")
    (folder / "config.yaml").write_text(TEXT)
    with Host(folder, "model.threads=1", "speech.tts=stub", "speech.stt=off", config=folder / "config.yaml") as running:
        running.ready("serve")
        with running.client() as client:
            client.request("think", npc=npc("mira"), player="Ana", utterance="My brother lives in Stonebridge.")
            client.request("think", npc=npc("orm"), player="Ben", utterance="Can you mend my sword?")
            client.infer("The weather today")
        yield running


@pytest.fixture
def file(host: Host) -> Path:
    return host.folder / "config.yaml"


def toast(page: Page, text: str) -> None:
    expect(page.locator(".toasts")).to_contain_text(text)


def row_of(page: Page, key: str) -> None:
    page.get_by_label("Find a setting").fill(key)
    expect(page.locator("form.setting")).to_have_count(1)


# -- over HTTP ---------------------------------------------------------------------------------------


def test_every_route_answers_over_http(host: Host, file: Path) -> None:
    with host.http() as http:
        settings = http.get("/v1/settings").json()
        assert settings["file"] == str(file)
        by_key = {row["key"]: row for row in settings["settings"]}
        assert by_key["http.token"]["value"] == "set"
        assert by_key["zmq.endpoint"]["source"] == "--set"
        assert by_key["http.enabled"]["source"] == "default"  # what the supervisor set is not the admin's
        assert by_key["inference.timeout_ms"]["live"]
        hidden = http.post("/v1/settings", json={"key": "model.threads", "value": 2})
        assert (hidden.status_code, "stronger than the file" in hidden.text) == (400, True)
        bad = http.post("/v1/settings", json={"key": "batch.size", "value": 0})
        assert (bad.status_code, "line 3: batch.size: want at least 1" in bad.text) == (400, True)
        set_timeout = http.post("/v1/settings", json={"key": "inference.timeout_ms", "value": 6000, "by": "Robin"})
        assert set_timeout.json()["applied"], set_timeout.text
        http.post("/v1/settings", json={"key": "inference.timeout_ms", "value": None})
        assert "6000" not in file.read_text()
        preview = http.post(
            "/v1/roles/smith/preview",
            json={"role": {"title": "the smith", "persona": "Grim."}, "player": "Ana", "utterance": "Hello"},
        ).json()
        assert preview["text"]
        assert any(part["part"] == "persona" or "Grim." in part["text"] for part in preview["parts"])
        assert http.post("/v1/roles/smith/preview", json={"rolle": {}}).status_code == 400
        assert http.get("/v1/roles/smith/history").json() == {"history": []}
        assert http.get("/v1/memory/pairs").json()["pairs"]
        assert http.post("/v1/memory/search", json={"text": "stonebridge"}).json()["memories"]
        assert http.post("/v1/memory/recall", json={"npc": "mira", "player": "Ana", "text": "Hi"}).json()["turns"]
        assert http.get("/v1/cache", params={"limit": 1}).json()["total"] >= 1
        assert http.get("/v1/cache", params={"limit": "many"}).status_code == 400
        assert http.get("/v1/model").json()["model"]["engine"] == "stub"
        assert len(http.post("/v1/model/self-test", json={}).json()["checks"]) == 3


# -- in a browser ------------------------------------------------------------------------------------


def test_live_setting_is_changed_and_put_back(open_tab: OpenTab, file: Path) -> None:
    page = open_tab("#/settings").page
    row_of(page, "inference.temperature")
    page.get_by_label("inference.temperature", exact=True).fill("1.5")
    page.keyboard.press("Enter")
    toast(page, "saved and in force")
    assert "temperature: 1.5" in file.read_text()
    page.get_by_role("button", name="Back to the default").click()
    expect(page.get_by_label("inference.temperature", exact=True)).to_have_value("0.7")
    assert "temperature" not in file.read_text()
    assert "# two cores" in file.read_text()


def test_setting_that_waits_for_a_restart_is_told_on_top(open_tab: OpenTab) -> None:
    page = open_tab("#/settings").page
    row_of(page, "batch.size")
    page.get_by_label("batch.size", exact=True).fill("6")
    page.get_by_role("button", name="Save batch.size").click()
    toast(page, "holds from the next start")
    expect(page.locator(".box.warn")).to_contain_text("batch.size")
    expect(page.locator("form.setting")).to_contain_text("in force until the restart: 4")
    assert violations(page) == []


def test_bad_value_is_refused_beside_it_and_the_file_stays(open_tab: OpenTab, file: Path) -> None:
    before = file.read_text()
    page = open_tab("#/settings", forgiven=(REFUSED,)).page
    row_of(page, "agents.remember_turns")
    page.get_by_label("agents.remember_turns", exact=True).fill("99")
    page.keyboard.press("Enter")
    expect(page.locator("form.setting .error")).to_contain_text("agents.remember_turns: want at most 50, got 99")
    assert file.read_text() == before


def test_list_of_servers_is_changed_as_json(open_tab: OpenTab, file: Path) -> None:
    page = open_tab("#/settings", forgiven=(REFUSED,)).page
    page.get_by_label("Find a setting").fill("upstreams")
    servers = page.get_by_label("remote.upstreams", exact=True)
    servers.fill('[{"base_url": "http://127.0.0.1:9/v1"}]')
    page.get_by_role("button", name="Save remote.upstreams").click()
    expect(page.locator("form.setting").filter(has=servers).locator(".error")).to_contain_text(
        "remote.upstreams[0].model: want model"
    )
    servers.fill('[{"base_url": "http://127.0.0.1:9/v1", "model": "tiny"}]')
    page.get_by_role("button", name="Save remote.upstreams").click()
    toast(page, "holds from the next start")
    assert "upstreams: [{base_url: 'http://127.0.0.1:9/v1', model: tiny}]" in file.read_text()
    page.get_by_role("button", name="Back to the default").click()
    expect(page.get_by_label("remote.upstreams", exact=True)).to_have_value("")


def test_hidden_settings_and_secrets_cannot_be_edited(open_tab: OpenTab) -> None:
    page = open_tab("#/settings").page
    row_of(page, "model.threads")
    expect(page.get_by_label("model.threads", exact=True)).to_be_disabled()
    expect(page.locator("form.setting")).to_contain_text("Set by --set, which is stronger than the file")
    page.get_by_label("Find a setting").fill("http.token")
    token = page.locator("[id='setting-http.token']")
    expect(token).to_be_disabled()
    expect(token).to_have_value("set")


def test_role_is_edited_with_difference_and_preview_and_undone(open_tab: OpenTab) -> None:
    page = open_tab("#/roles/innkeeper").page
    persona = page.get_by_label("Persona")
    before = persona.input_value()
    persona.fill("Tess has seen everything twice.")
    expect(page.locator(".diff .added")).to_contain_text("Tess has seen everything twice.")
    expect(page.locator(".diff .removed")).to_contain_text(before)
    page.get_by_role("button", name="Let it answer").click()
    expect(page.locator("blockquote")).not_to_be_empty()
    page.get_by_role("button", name="Save", exact=True).click()
    toast(page, "holds from the next reply on")
    expect(page.locator(".row .tag").first).to_have_text("your own, in place of the shipped one")
    expect(page.get_by_text("as it was shipped")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Undo the last change").click()
    toast(page, "taken back")
    expect(persona).to_have_value(before)


def test_new_role_with_a_fault_names_the_field(open_tab: OpenTab) -> None:
    page = open_tab("#/roles", forgiven=(REFUSED,)).page
    page.get_by_role("textbox", name="Name").fill("ferryman")
    page.keyboard.press("Enter")
    page.get_by_label("Title").fill("the ferryman")
    page.get_by_label("Persona").fill("Takes travellers over.")
    page.get_by_label("Greetings").fill("Welcome, {friend}.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("form.role .error")).to_contain_text("greetings, item 1: {friend} is not known")


def test_memory_is_found_changed_recalled_and_deleted(open_tab: OpenTab) -> None:
    page = open_tab("#/memory?npc=mira&player=Ana").page
    memory = page.locator("li.exchange").filter(has_text="Stonebridge")
    memory.get_by_role("button", name="Change").click()
    page.get_by_label("Ana said", exact=True).fill("My brother lives in Oakford.")
    page.get_by_role("button", name="Save", exact=True).click()
    toast(page, "Changed.")
    page.get_by_label(re.compile("If Ana said this")).fill("Where does my brother live?")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("My brother lives in Oakford. →")
    assert violations(page) == []
    page.get_by_label("Search in what was said").fill("oakford")
    page.wait_for_url(re.compile("text=oakford"))
    found = page.locator("li.exchange")
    expect(found).to_have_count(1)
    delete = found.get_by_role("button", name="Delete")
    delete.click()
    expect(found).to_contain_text("Delete for good?")
    delete.click()
    expect(found).to_have_count(0)


def test_kept_reply_is_found_and_the_cache_emptied_only_when_sure(open_tab: OpenTab) -> None:
    page = open_tab("#/cache").page
    page.get_by_label("Words in prompt or reply").fill("the weather")
    expect(page.locator("li.exchange")).to_have_count(1)
    page.get_by_label("Words in prompt or reply").fill("")
    empty = page.get_by_role("button", name="Empty the cache")
    empty.click()
    page.get_by_role("button", name="Delete every kept reply?").click()
    toast(page, "Deleted:")
    expect(page.locator("main")).to_contain_text("No reply is kept.")


def test_model_is_tested_from_the_page(open_tab: OpenTab) -> None:
    page = open_tab("#/model").page
    facts = page.locator("dl")
    expect(facts.filter(has_text="Speaks").first).to_contain_text("stub")
    expect(facts.filter(has_text="Listens").first).to_contain_text("nobody")
    page.get_by_role("button", name="Test the model").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(3)
    assert violations(page) == []


def test_audit_log_shows_who_changed_what(open_tab: OpenTab, host: Host) -> None:
    with host.http() as http:
        http.post("/v1/settings", json={"key": "cache.ttl_s", "value": 200, "by": "Robin"})
    page = open_tab("#/audit").page
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("Robin (HTTP)")
    expect(first).to_contain_text("setting changed")
    expect(first).to_contain_text("cache.ttl_s")
    expect(first).to_contain_text("300 → 200")


@pytest.mark.parametrize("address", ["#/settings?text=ttl", "#/roles/smith", "#/memory?npc=orm&player=Ben"])
def test_pages_with_something_chosen_fit_a_phone(open_tab: OpenTab, address: str) -> None:
    page = open_tab(address, size=PHONE).page
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
