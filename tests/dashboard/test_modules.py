"""The page's pure modules, run in a real browser as the pages import them: the verdict on the minds, charts, formats,
the parser of events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.faults.host import Host

pytestmark = pytest.mark.slow

GAME = {"step_gap_ms_p99": 60, "told_s_ago": 2, "npcs": 5, "players": 1}
ON = {"on": True, "since": None, "by": None}


@pytest.fixture(scope="module")
def page(chromium: Browser, host: Host) -> Iterator[Page]:
    context = chromium.new_context(locale="en-GB")
    tab = context.new_page()
    tab.goto(host.url)
    yield tab
    context.close()


def run(page: Page, module: str, call: str, argument: Any = None) -> Any:
    """`call` with `it`, the module, and `given`, the argument."""
    return page.evaluate(
        f"async (given) => {{ const it = await import('/dashboard/{module}'); return {call}; }}", argument
    )


def health(page: Page, given: dict[str, Any]) -> Any:
    """The times are written here: those of a list of parameters would be as old as the run of all tests."""
    now = datetime.now(UTC)
    dated = [row | {"time": (now - timedelta(minutes=row["ago"])).isoformat()} for row in given.get("requests", [])]
    return run(page, "health.js", "it.healthOf(given)", given | {"requests": dated})


def rows(*outcomes: str, minutes_ago: float = 0) -> list[dict[str, Any]]:
    return [{"ago": minutes_ago, "outcome": outcome, "why": f"why {outcome}", "fallback": None} for outcome in outcomes]


def seen(*, requests: list[dict[str, Any]] | None = None, **stats: Any) -> dict[str, Any]:
    return {"stats": {"switch": ON, "game": GAME, **stats}, "requests": requests or []}


def first_words(times: dict[str, float] | None) -> dict[str, Any]:
    return {"first_text_ms": {"spoken": times}}


@pytest.mark.parametrize(
    ("given", "state", "key"),
    [
        (seen(), "good", "well"),
        (seen(game=None), "idle", "no_game"),
        (seen(game=GAME | {"told_s_ago": 90}), "idle", "no_game"),
        (seen(switch={"on": False, "by": "ana"}), "off", "off"),
        ({"error": {"status": 0, "message": "x"}}, "bad", "no_adapter"),
        (seen() | {"error": {"status": 503, "message": "x"}}, "bad", "no_daemon"),
        (seen(game=GAME | {"step_gap_ms_p99": 180}), "warn", "late_steps"),
        (seen(rates=first_words({"p95": 3500})), "warn", "slow"),
        (seen(rates=first_words(None)), "good", "well"),
        (seen(requests=rows("done", "done", "overloaded", "overloaded")), "warn", "failing"),
        (seen(requests=rows("done", "filtered", "cancelled", "done")), "good", "well"),
        (seen(requests=rows("overloaded")), "good", "well"),
        (seen(requests=rows(*["overloaded"] * 9, minutes_ago=10)), "good", "well"),
    ],
)
def test_verdict_is_the_worst_that_applies(page: Page, given: dict[str, Any], state: str, key: str) -> None:
    verdict = health(page, given)
    assert (verdict["state"], verdict["key"]) == (state, key)


def test_verdict_of_the_doctor_has_the_cure(page: Page) -> None:
    check = {"subject": "model", "name": "file", "state": "fail", "found": "no such file", "cure": "pull it"}
    verdict = health(page, {"stats": {"switch": ON}, "doctor": {"checks": [check]}})
    assert (verdict["key"], verdict["cure"], verdict["values"]["found"]) == ("doctor", "pull it", "no such file")


def test_failing_names_the_most_frequent_reason(page: Page) -> None:
    given = seen(requests=rows("internal", "overloaded", "overloaded", "done"))
    assert health(page, given)["values"]["why"] == "overloaded"


@pytest.mark.parametrize(
    ("values", "lines", "dots"),
    [([], 0, 0), ([None, None], 0, 0), ([1, 2, None, 3, 4], 2, 0), ([None, 5, None], 0, 1), ([0, 0, 0], 1, 0)],
)
def test_line_has_gaps_where_there_is_no_number(page: Page, values: list[float | None], lines: int, dots: int) -> None:
    drawn = run(page, "chart.js", "it.sparkline(given, 'x').outerHTML", values)
    assert (drawn.count("<polyline"), drawn.count("<circle"), "NaN" in drawn) == (lines, dots, False)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("it.duration(0.42)", "0.4 ms"), ("it.duration(412)", "412 ms"), ("it.duration(4310)", "4.3 s"),
        ("it.duration(null)", "–"), ("it.percent(0.413)", "41 %"), ("it.percent(NaN)", "–"), ("it.span(59)", "59 s"),
        ("it.span(3700)", "1 h"), ("it.bytes(0)", "0 B"), ("it.bytes(1834212)", "1.7 MiB"), ("it.time('no time')", "–"),
        ("it.figure(1.24)", "1.2"), ("it.figure(18.7)", "19"), ("it.figure(3)", "3"),
    ],
)  # fmt: skip
def test_figures_read_as_people_write_them(page: Page, call: str, text: str) -> None:
    assert run(page, "format.js", call) == text


def test_events_are_read_however_they_are_cut(page: Page) -> None:
    text = ': here\n\nevent: said\nid: 7\ndata: {"text": "ä\ndata: b"}\n\nid: 8\r\ndata: 2\r\n\r\ndata: half'
    found = page.evaluate(
        """async (text) => {
            const { events } = await import('/dashboard/api.js');
            const { readable: body, writable } = new TransformStream();
            const writer = writable.getWriter();
            for (const byte of new TextEncoder().encode(text)) writer.write(new Uint8Array([byte]));
            writer.close();
            const found = [];
            for await (const event of events(body)) found.push(event);
            return found;
        }""",
        text,
    )
    assert found == [
        {"kind": "said", "id": "7", "data": '{"text": "ä\nb"}'},
        {"kind": "message", "id": "8", "data": "2"},
    ]
