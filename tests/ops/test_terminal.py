"""Nothing that a player, a model or a file says commands the terminal of the admin who looks at it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.memory.schema import Row
from llm_agentd.memory.store import Store
from llm_agentd.moderation.audit_log import append
from llm_agentd.ops import explain, memory, moderation
from llm_agentd.ops.models import describe
from llm_agentd.util.json_line import json_line
from llm_agentd.util.terminal_text import PlainFormatter, plain
from tests.support.audit import entry

EVIL = "A\x1b]0;pwned\x07\x1b[2J\x9b2J\u202egnp\r\x08\x7f\u2066[bold]"


def assert_harmless(shown: str) -> None:
    assert "pwned" in shown
    assert [char for char in shown if not char.isprintable() and char != "\n"] == []


def log_of(path: Path, *, as_json: bool, out: io.StringIO) -> None:
    append(path, entry(EVIL, 1, EVIL) | {"npc": EVIL, "match": EVIL})
    moderation.show_log(path, player=None, after=None, as_json=as_json, out=out)


def prompt_of(path: Path, *, as_json: bool, out: io.StringIO) -> None:
    row = {"part": EVIL, "why": EVIL, "text": EVIL, "message": 0, "tokens": 1}
    shown: dict[str, Any] = {
        "parts": [row],
        "messages": [{"role": EVIL}],
        "left_out": [row],
        "model": EVIL,
        "lang": EVIL,
        "prompt_tokens": 1,
        "max_tokens": 1,
        "context_tokens": 1,
        "cache": {"result": "miss", "kept": 0, "variants": 1, "key": "k"},
    }
    if as_json:
        out.write(json_line(shown))
    else:
        explain.show(shown, out)


@pytest.mark.parametrize("show", [log_of, prompt_of])
@pytest.mark.parametrize("as_json", [False, True])
def test_tables_and_json_hold_no_control_characters(show: Callable[..., None], as_json: bool, tmp_path: Path) -> None:
    out = io.StringIO()
    show(tmp_path / "x", as_json=as_json, out=out)
    assert_harmless(out.getvalue())
    if as_json:
        assert EVIL in json.loads(out.getvalue()).values()  # escaped, nothing lost


def test_export_escapes_what_is_remembered(tmp_path: Path) -> None:
    path, out = tmp_path / "memory.db", io.StringIO()
    store = Store(path, create=True)
    with store.transaction():
        store.add(Row(1, "outcome", EVIL, EVIL, EVIL, "", "", EVIL, "", 1.0))
    store.close()
    memory.export(path, npc=None, player=None, out=out)
    assert_harmless(out.getvalue())
    assert json.loads(out.getvalue())["player"] == EVIL


def test_model_files_name_themselves_in_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(describe, "_of_entry", lambda *_: [("model", EVIL)])
    describe.show_info("qwen2.5-1.5b", None, _Nothing(), npcs=1, out=out)  # type: ignore[arg-type]
    assert_harmless(out.getvalue())
    assert json.loads(json_line({"source": "\udcff" + EVIL}))["source"] == "\udcff" + EVIL


class _Nothing:
    def has(self, name: str) -> bool:
        return False


def test_log_message_stays_one_line() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "of %s", (EVIL + "\nERROR forged",), None)
    line = PlainFormatter("%(levelname)s %(message)s").format(record)
    assert_harmless(line)
    assert "\n" not in line


def test_words_of_people_stay_as_they_are() -> None:
    text = "Žofie said: „Čau“ 👩\u200d🌾 می\u200cخواهم\n\tand more"
    assert plain(text) == text
