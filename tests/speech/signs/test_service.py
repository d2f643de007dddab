"""Pictures of signs for the HTTP process: drawn by a child that ends when nobody reads signs, kept, bounded."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import Awaitable, Callable

import psutil
import pytest

from llm_agentd.errors import BadRequest, Overloaded, Unavailable
from llm_agentd.speech.signs import service
from llm_agentd.speech.signs.service import SignPictures

PNG = b"\x89PNG\r\n"
ECHO = """\
import sys
print('{"ready": true}', flush=True)
for line in sys.stdin:
    sys.stdout.write('{"bytes": %d}\\n%s' % (len(line), line)); sys.stdout.flush()
"""
SILENT = "import sys\nprint('{\"ready\": true}', flush=True)\nsys.stdin.read()"
DYING = "import sys\nprint('{\"ready\": true}', flush=True)\nsys.stdin.readline()"


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def run(use: Callable[[SignPictures], Awaitable[None]], *command: str, answer_max_s: float = 30.0) -> None:
    async def main() -> None:
        pictures = SignPictures(command or service.COMMAND, answer_max_s=answer_max_s)
        try:
            await use(pictures)
        finally:
            await pictures.close()

    asyncio.run(main())


@pytest.mark.slow
def test_a_word_becomes_a_png_and_the_child_stays_for_the_next() -> None:
    async def use(pictures: SignPictures) -> None:
        assert pictures.child_pid is None
        mira = await pictures.picture("Mira", "ase", 96)
        pid = pictures.child_pid
        assert mira.startswith(PNG)
        with pytest.raises(BadRequest, match="American Sign Language has a sign for none"):
            await pictures.picture("Ковка", "ase", 96)
        assert (await pictures.picture("Bram", "bfi", 96)).startswith(PNG)
        assert pictures.child_pid == pid

    run(use)


def test_importing_the_service_and_the_routes_loads_neither_the_package_nor_pillow() -> None:
    code = "import sys, llm_agentd.http.app; print([name for name in ('signwriting', 'PIL') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.slow
def test_what_was_drawn_is_kept_and_needs_no_child() -> None:
    async def use(pictures: SignPictures) -> None:
        first = await pictures.picture("a", "ase", 96)
        await pictures.close()
        assert await pictures.picture("a", "ase", 96) == first
        assert pictures.child_pid is None
        await pictures.picture("a", "ase", 97)
        assert pictures.child_pid is not None

    run(use, *child(ECHO))


@pytest.mark.slow
def test_kept_pictures_are_bounded_and_the_longest_unused_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEPT_MAX_BYTES", 100)

    async def use(pictures: SignPictures) -> None:
        for word in ("aa", "bb", "aa", "cc"):  # two lines of 40 bytes or so fit
            await pictures.picture(word, "ase", 96)
            assert pictures.kept_bytes <= 100
        await pictures.close()
        await pictures.picture("aa", "ase", 96)
        assert pictures.child_pid is None
        await pictures.picture("bb", "ase", 96)
        assert pictures.child_pid is not None

    run(use, *child(ECHO))


@pytest.mark.slow
@pytest.mark.parametrize("code", [SILENT, DYING], ids=["hangs", "dies"])
def test_a_child_that_hangs_or_dies_fails_its_picture_and_the_next_gets_a_new_one(code: str) -> None:
    async def use(pictures: SignPictures) -> None:
        with pytest.raises(Unavailable, match="try again"):
            await pictures.picture("Mira", "ase", 96)
        assert pictures.child_pid is None
        pictures._command = child(ECHO)
        assert b"Mira" in await pictures.picture("Mira", "ase", 96)

    run(use, *child(code), answer_max_s=1.0 if code == SILENT else 30.0)


@pytest.mark.slow
def test_the_child_ends_when_nobody_reads_signs_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "IDLE_S", 0.01)

    async def use(pictures: SignPictures) -> None:
        await pictures.picture("Mira", "ase", 96)
        assert pictures._child is not None
        process = pictures._child
        await asyncio.wait_for(process.wait(), 30)
        assert pictures.child_pid is None
        assert b"Bram" in await pictures.picture("Bram", "ase", 96)

    run(use, *child(ECHO))


@pytest.mark.slow
def test_closing_leaves_no_process() -> None:
    async def use(pictures: SignPictures) -> None:
        await pictures.picture("Mira", "ase", 96)
        pid = pictures.child_pid
        assert pid is not None
        await pictures.close()
        assert not psutil.pid_exists(pid)

    run(use, *child(ECHO))


def test_too_many_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "WAITING_MAX", 0)

    async def use(pictures: SignPictures) -> None:
        with pytest.raises(Overloaded):
            await pictures.picture("Mira", "ase", 96)

    run(use)


def test_without_the_package_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    async def use(pictures: SignPictures) -> None:
        with pytest.raises(Unavailable, match=r"pip install 'llm-agentd\[signs\]'"):
            await pictures.picture("Mira", "ase", 96)

    run(use)
