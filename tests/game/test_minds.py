"""Two minds in the game, on a real server with a real daemon: a local one, and a real server of OpenAI's protocol that
breaks as it is told to. What is said, what is left of it, and who is shown whose words they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.game.test_admin import Admin, Start, start, stub
from tests.support.upstream import NO_FAULT, Fault, Upstream, refusal

pytestmark = pytest.mark.e2e

__all__ = ["start"]  # the fixture

# Of the server, in turn: an NPC that says the same again is asked for something else.
LINES = (
    "I dwell far away, beyond the hills.", "Nobody here remembers a winter like this.",
    "Ask the miller, he keeps such secrets.", "My brother sails the northern sea.",
)  # fmt: skip
SAID = re.compile(r"\[llm_agent\] say npc=probe .* fallback=(\w+) .* text=(.*)")
LOCAL_MARK, REMOTE_MARK = "(by the local model)", "(by the remote model)"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    lines = cycle(LINES)

    def say(_: str) -> list[bytes]:
        return [word.encode() + b" " for word in next(lines).split()]

    with Upstream(model="qwen", say=say, step_s=0.02) as running:
        yield running


@contextmanager
def minds(admin: Admin, upstream: Upstream, folder: Path, policy: str, **more: object) -> Iterator[None]:
    sets: dict[str, object] = {
        "remote.upstreams": json.dumps([{"base_url": upstream.base_url, "model": "qwen"}]),
        "remote.policy": policy,
        "cache.enabled": "false",
        **more,
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STATE_DIRECTORY", str(folder / "state"))
        with stub(admin, folder / "roles", **sets):
            yield


def said_aloud(admin: Admin, words: str) -> tuple[bool, str, str]:
    """Asks the NPC; whether it said a fallback line, what it said, and the mind that the mod was told."""
    before = len(admin.log.lines)
    admin.do(converse=words)
    mind = admin.wait_for("mind", "")
    found: list[Any] = []

    def spoken() -> bool:
        found[:] = filter(None, map(SAID.search, admin.log.lines[before:]))
        return bool(found)

    admin.log.wait_for("line of the NPC", spoken)
    assert len(found) == 1, "one line, and none behind it"
    return found[0][1] == "true", found[0][2], mind


def test_round_with_a_server_that_breaks_in_every_way(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    admin = start(**{"llm_agent.deadline_ms": 3000})
    with minds(admin, upstream, tmp_path, "always"):
        assert said_aloud(admin, "Where do you live?") == (False, LINES[0], "remote")
        upstream.faults = [Fault(cut_after=4)]
        was_fallback, half, mind = said_aloud(admin, "And who are you?")
        assert (was_fallback, mind) == (True, "nil"), "the think has failed"
        assert half.endswith(" …"), "what was heard of it"
        assert LINES[1].startswith(half.removesuffix(" …")), "and nothing of another mind"
        broken = (Fault(hang_after=0), Fault(raw=(b"data: {]\n\n",)), refusal(429, "slow", retry_after_s=60))
        # Of three different things: who would say the same again says a fallback line.
        asked = ("Is your work hard?", "Are you afraid of wolves?", "Do you have a family?")
        for fault, question in zip(broken, asked, strict=True):
            upstream.fault = fault
            was_fallback, line, mind = said_aloud(admin, question)
            assert (was_fallback, mind) == (False, "local"), line
            assert line not in LINES
        upstream.fault = NO_FAULT
        upstream.kill()
        assert said_aloud(admin, "Is anybody there?")[::2] == (False, "local")


def test_fallback_line_comes_only_where_neither_mind_can_speak(
    start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    admin = start(**{"llm_agent.deadline_ms": 3000})
    more: dict[str, object] = {"model.engine": "llama", "model.path": broken}
    with minds(admin, upstream, tmp_path, "fallback", **more):
        assert said_aloud(admin, "Where do you live?") == (False, LINES[0], "remote")
        upstream.kill()
        was_fallback, line, _ = said_aloud(admin, "And now?")
        assert was_fallback
        assert line


def test_admins_are_shown_whose_words_they_are_and_nobody_else(
    start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    admin = start()
    with minds(admin, upstream, tmp_path, "always"):
        admin.do(command="spawn smith Mira")
        admin.wait_for("chat", "Mira")
        admin.do(click=True)
        admin.wait_for("form", "Mira")
        for is_admin in (True, False):
            admin.do(is_admin=is_admin)
            admin.do(command="talk Mira Where do you live?")
            admin.log.wait_for("answer", lambda: any(line in said for line in LINES for said in admin.shown("chat")))
            if is_admin:
                admin.wait_for("chat", REMOTE_MARK)
            said = admin.shown("chat")
            admin.do(submit={"words": "Tell me more.", "key_enter_field": "words"})
            admin.wait_for("form", "is thinking")
            admin.log.wait_for("answer", lambda: "is thinking" not in admin.shown("form")[-1])
            form = admin.shown("form")[-1].replace("\\", "")
            assert sum(line in form for line in LINES) >= 2
            admin.do(command="status")
            status = admin.wait_for("chat", "Questions open")
            if is_admin:
                assert REMOTE_MARK in form
                assert "by the remote model: 2" in status
            else:
                assert not any(mark in line for mark in (REMOTE_MARK, LOCAL_MARK) for line in said)
                assert not any(mark in form for mark in (REMOTE_MARK, LOCAL_MARK))
                assert "remote" not in status
