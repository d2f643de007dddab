"""The command line as a user meets it: real processes, a real daemon on the stub engine for `ask`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd import __version__

pytestmark = pytest.mark.slow

COMMANDS = (
    "serve",
    "http",
    "ask",
    "explain",
    "switch",
    "dump",
    "install-mod",
    "token",
    "dashboard",
    "demo",
    "bench",
    "memory",
    "model",
    "backup",
    "restore",
)
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home folder, which is also the current folder of every command here."""
    return tmp_path_factory.mktemp("home")


def environment(home: Path) -> dict[str, str]:
    source = Path(__file__).resolve().parents[2] / "daemon"
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}


def run(home: Path, *args: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "llm_agentd", *args],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def daemon(home: Path) -> Iterator[str]:
    """The endpoint of a daemon that runs on the stub engine."""
    endpoint = f"ipc://{home}/z"
    sets = ("http.enabled=false", "model.engine=stub", f"zmq.endpoint={endpoint}", "batch.window_ms=1")
    command = [sys.executable, "-m", "llm_agentd", "serve", *(word for item in sets for word in ("--set", item))]
    with subprocess.Popen(command, env=environment(home), cwd=home, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            assert ready.startswith(f"ready zmq={endpoint} "), ready
            yield endpoint
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT_S) == 0


def test_version_is_printed(home: Path) -> None:
    assert run(home, "--version") == (0, f"llm-agentd {__version__}\n", "")


def test_help_lists_every_command(home: Path) -> None:
    code, out, _ = run(home, "--help")
    assert code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in out
    assert run(home)[1] == out  # no arguments: the same


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_its_usage(command: str, home: Path) -> None:
    code, out, err = run(home, command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: llm-agentd {command} ")


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["srve"], 2, "Did you mean 'serve'?"),
        (["serve", "--confg", "x"], 2, "No such option: --confg"),
        (["ask"], 2, "Missing argument 'TEXT'"),
        (["ask", " "], 2, "TEXT is empty"),
        (["serve", "--set", "batch.sze=1"], 2, "--set batch.sze: unknown key batch.sze; did you mean batch.size?"),
        (["serve", "--config", "nowhere.yaml"], 2, "nowhere.yaml: cannot read the configuration"),
        (["dump", "--format", "xml"], 2, "--format"),
        (
            ["model", "pull", "smolm2-135m"],
            1,
            "no such model, did you mean 'smollm2-135m'?; want a name of `llm-agentd",
        ),
        (["model", "pull", "/nowhere.gguf"], 1, "/nowhere.gguf: there is no such file"),
        (["model", "pull", "hf:x"], 1, "want hf:ORG/REPO"),
        (["model", "pull", "x.gguf", "--sha256", "12"], 2, "want 64 hexadecimal digits"),
        (["model", "use", "qwen2.5-7b"], 1, "first: llm-agentd model pull qwen2.5-7b"),
        (["model", "list", "--npcs", "0"], 2, "--npcs"),
        (["model", "quantize", "nowhere.gguf", "Q4_K_M"], 1, "there is no file nowhere.gguf"),
        (["bench", "fast"], 2, "'fast' is not one of 'hit', 'decode'"),
        (["install-mod", "nowhere"], 1, "nowhere: no such folder; name your server's mods folder"),
        (["http", "--set", "http.host=0.0.0.0", "--set", "http.token=off"], 1, "take `http.token: off` out"),
        (["http", "--set", "http.host=0.0.0.0"], 1, "set http.tls_cert and http.tls_key"),
        (["token", "--set", "http.token=off"], 1, "http.token is off"),
        (["token", "--set", "http.token=hus"], 2, "--set http.token: http.token: want 4 or more of the characters"),
        (["token", "--new", "--set", "http.token=long-enough"], 1, "http.token is set in the configuration: change it"),
        (["token", "--set", "http.token_file=/dev/null/x"], 1, "http.token_file: cannot use /dev/null/x (Not a dir"),
        (
            ["ask", "hi", "--set", "zmq.endpoint=ipc://nobody"],
            1,
            "no daemon at ipc://nobody — start one with: llm-agentd",
        ),
    ],
)
def test_wrong_use_gives_one_line_with_a_cure(args: list[str], code: int, says: str, home: Path) -> None:
    got, out, err = run(home, *args)
    assert (got, out) == (code, "")
    assert err.startswith("llm-agentd: ")
    assert err.count("\n") == 1
    assert says in err


def test_file_that_holds_no_token_is_named_with_the_cure(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("not a token")
    code, out, err = run(home, "token", "--set", f"http.token_file={file}")
    assert (code, out) == (1, "")
    assert f"{file} holds no token; `llm-agentd token --new`" in err


def test_typo_in_the_file_stops_the_start(home: Path) -> None:
    (home / "typo.yaml").write_text("htpp:\n  port: 1\n")
    code, out, err = run(home, "serve", "--config", "typo.yaml")
    assert (code, out) == (2, "")
    assert err == "llm-agentd: typo.yaml, line 2: unknown key htpp.port; did you mean http.port?\n"


def test_ask_prints_the_answer_of_a_real_daemon(daemon: str, home: Path) -> None:
    for who in ([], ["--role", "smith"], ["--npc", "Tilda"], ["--role", "smith", "--npc", "Bram"]):
        code, out, err = run(home, "ask", "Good morning!", *who, "--set", f"zmq.endpoint={daemon}")
        assert (code, err) == (0, ""), err
        assert out.strip()
        streamed = run(home, "ask", "Good morning!", *who, "--stream", "--set", f"zmq.endpoint={daemon}")
        assert streamed[0] == 0
        assert streamed[1].strip()


def test_ask_makes_up_nobody_who_asks(daemon: str, home: Path) -> None:
    """Without --player no name reaches the model, so it can greet nobody by one; with it, it may."""
    asked = ("ask", "Good morning!", "--role", "smith", "--show-prompt", "--set", f"zmq.endpoint={daemon}")
    said, greeted = run(home, *asked)[1], run(home, *asked, "--player", "Ana")[1]
    assert re.findall(r"^.*(?:Traveller|Ana).*$", said, re.MULTILINE) == []
    assert "Ana: Good morning!" in greeted


def test_ask_prints_an_error_of_the_daemon_as_it_is(daemon: str, home: Path) -> None:
    code, out, err = run(home, "ask", "hi", "--role", "smiht", "--set", f"zmq.endpoint={daemon}")
    assert (code, out) == (1, "")
    assert err.startswith("llm-agentd: bad_request: ")
    assert "did you mean 'smith'?" in err


def test_explain_shows_the_prompt_of_a_real_daemon(daemon: str, home: Path) -> None:
    at = ("--set", f"zmq.endpoint={daemon}")
    code, out, err = run(home, "explain", "Hello", "--npc", "bram-1", "--player", "Ana", *at)
    assert (code, out) == (1, "")
    assert "has not been asked anything" in err
    code, out, err = run(home, "explain", "Hello", "--npc", "b", "--role", "smith", "--name", "Bram", "--json", *at)
    assert (code, err) == (0, "")
    assert json.loads(out)["messages"][0]["content"].endswith("You are Bram, the smith.")
    code, out, err = run(home, "ask", "Who are you?", "--npc", "Bram", "--role", "smith", "--show-prompt", *at)
    assert (code, err) == (0, "")
    assert "persona" in out
    assert not out.strip().splitlines()[-1].startswith("cache ")  # the answer
    code, out, err = run(home, "explain", "And now?", "--npc", "ask:Bram", *at)  # the one that was just asked
    assert (code, err) == (0, "")
    assert "You are Bram" in out


def test_switch_stops_a_real_daemon_and_lets_it_go_on(daemon: str, home: Path) -> None:
    at = ("--set", f"zmq.endpoint={daemon}")
    code, out, err = run(home, "switch", "off", *at)
    assert (code, err) == (0, "")
    assert re.match(r"off since \S+Z, by \S+: no model is called, for anybody\n", out)
    code, out, err = run(home, "ask", "hi", *at)
    assert (code, out) == (1, "")
    assert "switched off by an admin" in err
    assert "llm-agentd switch on" in err
    assert run(home, "switch", *at)[1].startswith("off since")
    assert run(home, "switch", "on", *at)[1].startswith("on since")
    assert run(home, "ask", "hi", *at)[0] == 0
    assert run(home, "switch", "maybe", *at)[0] == 2


def test_explain_without_an_npc_is_wrong_use(home: Path) -> None:
    assert run(home, "explain", "Hello")[::2] == (
        2,
        "llm-agentd: --npc is missing: the NPC's id, such as: llm-agentd explain --npc mira --role healer 'Hello'\n",
    )
    assert run(home, "ask", "Hello", "--show-prompt")[0] == 2
    assert run(home, "ask", "Hello", "--player", "Ana")[::2] == (
        2,
        "llm-agentd: --player is who asks an NPC: add --role or --npc; without them the model has no role\n",
    )


def test_dump_beside_the_daemon_has_entries(daemon: str, home: Path) -> None:
    assert run(home, "ask", "Where is the red bridge?", "--role", "guard", "--set", f"zmq.endpoint={daemon}")[0] == 0
    code, out, err = run(home, "dump", "--stats")
    assert (code, err) == (0, "")
    assert "entries" in out


def test_closed_pipe_is_no_error(home: Path) -> None:
    command = f"{sys.executable} -m llm_agentd --help | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert "Traceback" not in done.stderr
