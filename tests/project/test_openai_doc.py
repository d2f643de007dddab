"""Each example of docs/openai.md, and the one of WebSockets, is run as it stands there, against a real daemon; the
table of errors and the limits are the code's.

So `llm` and LangChain, which it names, are tried too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.errors import ERROR_CLASSES, AgentdError, BadFrame, Cancelled, Filtered, TooLarge
from llm_agentd.http import socket_session
from llm_agentd.http.error_shape import UnknownModel, as_openai, openai_fields
from llm_agentd.http.routes import ws
from llm_agentd.http.routes.openai.fields import COMMON, HINTS, REFUSED
from llm_agentd.http.routes.openai.whole import TIMEOUT_MS
from llm_agentd.http.websocket_protocol import PING_S
from llm_agentd.protocol.wire import RECORD_MAX_BYTES
from tests.project.test_docs_run import Home

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "openai.md").read_text(encoding="utf-8")
WEBSOCKET = (DOCS / "protocol.md").read_text(encoding="utf-8").partition("\n## WebSocket\n")[2]
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE + WEBSOCKET, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Whose daemon runs on the stub engine; the programs of this environment are there as a user would have them."""
    home = Home(tmp_path_factory.mktemp("openai") / "home")
    home.environment["PATH"] += f":{Path(sys.executable).parent}"
    home.environment["PYTHONPATH"] = ""
    home.environment["LLM_AGENT_SPEECH__TTS"] = "stub"
    (home.folder / "bin" / "llm-agentd").write_text(
        f'#!/bin/sh\nPYTHONPATH={Path(__file__).parents[2] / "daemon"} exec {sys.executable} -m llm_agentd "$@"\n'
    )
    home.start()
    try:
        yield home
    finally:
        home.stop()


def runs_well(home: Home, script: str) -> str:
    """A script with what the page exports before it; returns what it printed."""
    exports = "".join(block for _, block in BLOCKS if block.startswith("export "))
    done = home.run(f"set -e\n{exports}\n{script}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [at for at, (kind, _) in enumerate(BLOCKS) if not kind])
def test_shell_example_works(home: Home, number: int) -> None:
    script = BLOCKS[number][1]
    said = runs_well(home, script)
    assert said.strip() or script.startswith("export ")
    if "curl" in script:
        assert any(part in said for part in ('"finish_reason":"', '"object":"embedding"', "audio/ogg")), said


@pytest.mark.slow
@pytest.mark.parametrize("number", [at for at, (kind, _) in enumerate(BLOCKS) if kind == "python"])
def test_python_example_works(home: Home, number: int) -> None:
    (home.folder / "example.py").write_text(home.here(BLOCKS[number][1]))
    said = runs_well(home, f"{sys.executable} example.py")
    assert len(said.split()) > 8, said


def test_page_has_examples_of_all_clients() -> None:
    for name in ("curl ", "from openai ", "from langchain_openai ", "llm -m "):
        assert any(name in block for _, block in BLOCKS), name


def test_table_of_errors_is_as_answered() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \| `(\w+)` \|", PAGE, re.MULTILINE)
    documented = {(int(status), code, kind) for status, codes, kind in rows for code in re.findall(r"`(\w+)`", codes)}
    never = (Filtered, BadFrame, Cancelled)  # no failure, no frames here, and nobody there to read it
    errors: list[AgentdError] = [kind("why") for kind in ERROR_CLASSES.values() if kind not in never]
    answered = set()
    for error in (*map(as_openai, errors), TooLarge("the body"), UnknownModel("x")):
        fields = openai_fields(error.fields(), error.http_status)
        answered.add((error.http_status, fields["code"], fields["type"]))
    assert documented == answered


def test_every_field_is_named() -> None:
    for name in (*COMMON - {"model"}, *HINTS):
        assert f"`{name}`" in PAGE, name
    for name in ("logprobs", "logit_bias", "frequency_penalty", "echo", "suffix", "best_of", "reasoning_effort"):
        assert name in REFUSED
        assert f"`{name}`" in PAGE
    assert f"else {TIMEOUT_MS}" in PAGE


def test_limits_of_websockets_are_those_of_the_code() -> None:
    for limit in (
        f"up to {RECORD_MAX_BYTES} bytes",
        f"{socket_session.OPEN_MAX} requests",
        f"{ws.SOCKETS_MAX}\n  connections",
        f"{socket_session.WAITING_MAX} messages or {socket_session.WAITING_MAX_BYTES // 2**20} MiB",
        f"every {PING_S:.0f} s",
    ):
        assert limit in WEBSOCKET, limit
