"""`llm-agentd serve` as processes: ready line, signals, restarts, and what stops a start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from llm_agentd.client import Client
from llm_agentd.ops.harness import free_port as unused_port
from llm_agentd.ops.keys import keys as make_keys

pytestmark = pytest.mark.slow

WAIT_S = 30.0


class Served:
    """A running `serve` with the stub engine and the ready line it printed."""

    def __init__(self, folder: Path, *sets: str, http: bool = True, config: Path | None = None) -> None:
        self.endpoint = f"ipc://{folder}/zmq"
        self.http_port = unused_port()
        options = [
            f"zmq.endpoint={self.endpoint}",
            f"http.port={self.http_port}",
            f"http.enabled={str(http).lower()}",
            f"cache.path={folder}/cache",
            f"agents.memory_path={folder}/memory.db",
            f"http.token_file={folder}/http_token",
            "model.engine=stub",
            *sets,
        ]
        command = [sys.executable, "-m", "llm_agentd", "serve", *(("--config", str(config)) if config else ())]
        for option in options:
            command += ["--set", option]
        self.errors = folder / "stderr"
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.errors.open("a"), text=True, cwd=folder
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        self.token_file = folder / "http_token"

    def http(self) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}
        return httpx2.Client(base_url=f"http://127.0.0.1:{self.http_port}", timeout=WAIT_S, headers=headers)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def request(self, op: str, **fields: Any) -> dict[str, Any]:
        with Client(self.endpoint) as client:
            return client.request(op, **fields)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    try:
        yield served
    finally:
        served.stop()


def test_ready_line_names_both_endpoints_and_the_model(served: Served) -> None:
    assert served.ready.split() == [
        "ready",
        f"zmq={served.endpoint}",
        f"http=http://127.0.0.1:{served.http_port}",
        "model=stub",
        "engine=stub",
    ]


def test_daemon_adapter_client_and_commands_meet_without_being_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    socket = tmp_path / "run" / "zmq"
    port = unused_port()
    sets = [f"--set=http.port={port}", "--set=model.engine=stub", "--set=http.token=off"]
    command = [sys.executable, "-m", "llm_agentd"]
    for _ in range(2):  # the second finds the socket of the first, which is killed
        served = subprocess.Popen([*command, "serve", *sets], stdout=subprocess.PIPE, text=True)
        assert served.stdout is not None
        assert f" zmq=ipc://{socket} " in f" {served.stdout.readline()}"
        asked = subprocess.run([*command, "ask", "Hello"], stdout=subprocess.PIPE, text=True, check=True)
        assert asked.stdout.strip()
        answer = httpx2.post(f"http://127.0.0.1:{port}/infer", json={"prompt": "Hello"}, timeout=WAIT_S)
        assert answer.status_code == 200
        with Client() as client:
            pid = client.info()["pid"]
        children = psutil.Process(served.pid).children()
        assert pid in [child.pid for child in children]
        served.kill()
        for child in children:
            child.kill()
        psutil.wait_procs(children, WAIT_S)
        served.wait(WAIT_S)
        served.stdout.close()
        assert socket.is_socket()


def test_adapter_and_commands_have_keys_where_the_daemon_wants_them(tmp_path: Path) -> None:
    with (tmp_path / "said").open("w") as out:
        make_keys(tmp_path, [], out)
    port, folder = unused_port(), tmp_path / "curve"
    server = [f"zmq.curve_secret_file={folder}/server.key_secret", f"zmq.curve_clients_dir={folder}/clients"]
    client = [
        f"zmq.curve_server_key_file={folder}/server.key",
        f"zmq.curve_client_secret_file={folder}/local.key_secret",
    ]
    served = Served(tmp_path, *server, *client, f"zmq.endpoint=tcp://0.0.0.0:{port}", "http.token=off")
    ask = [sys.executable, "-m", "llm_agentd", "ask", "Hello", "--set", f"zmq.endpoint=tcp://127.0.0.1:{port}"]
    try:
        assert f"zmq=tcp://0.0.0.0:{port}" in served.ready
        answer = httpx2.post(f"http://127.0.0.1:{served.http_port}/infer", json={"prompt": "Hello"}, timeout=WAIT_S)
        assert answer.status_code == 200
        keys = [word for setting in client for word in ("--set", setting)]
        subprocess.run([*ask, *keys], stdout=subprocess.DEVNULL, check=True)
        assert subprocess.run(ask, stderr=subprocess.DEVNULL, check=False).returncode == 1
    finally:
        served.stop()


def test_sigterm_stops_both_processes_and_exits_0(served: Served) -> None:
    children = psutil.Process(served.process.pid).children()
    assert len(children) == 2
    assert served.stop() == 0
    assert psutil.wait_procs(children, WAIT_S)[1] == []


def test_killed_daemon_is_started_again_while_the_adapter_keeps_its_client(served: Served) -> None:
    with served.http() as client:
        assert client.post("/infer", json={"prompt": "Hello"}).status_code == 200
        info = client.get("/info").json()
        os.kill(info["pid"], signal.SIGKILL)
        assert client.post("/infer", json={"prompt": "Hello after the fall"}).status_code == 200
        after = client.get("/info").json()
    assert after["pid"] != info["pid"]
    assert after["adapter"]["pid"] == info["adapter"]["pid"]


def test_token_is_made_at_the_first_start_and_wanted_from_then_on(tmp_path: Path) -> None:
    first = Served(tmp_path)
    token = first.token_file.read_text()
    assert first.token_file.stat().st_mode & 0o777 == 0o600
    with first.http() as client:
        assert client.get("/info").status_code == 200
        for wrong in ("", "Bearer", f"Bearer {token.strip()}x", f"Basic {token.strip()}"):
            assert client.get("/info", headers={"Authorization": wrong}).status_code == 401
        assert "`llm-agentd token`" in client.get("/info", headers={"Authorization": ""}).json()["error"]["message"]
        assert client.get("/healthz", headers={"Authorization": ""}).status_code == 200
    assert first.stop() == 0
    second = Served(tmp_path)
    assert second.token_file.read_text() == token
    assert second.stop() == 0
    assert token.strip() not in second.errors.read_text()


def test_token_given_as_an_option_stands_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_AGENT_HTTP__TOKEN", "of-the-environment")  # an option is stronger
    served = Served(tmp_path, "http.token=first-of-the-options", " http.token =last-of-the-options")
    process = psutil.Process(served.process.pid)
    for shown in (process, *process.children(recursive=True)):
        assert not [word for word in shown.cmdline() if "of-the" in word]
    assert not served.token_file.exists()
    served.token_file.write_text("last-of-the-options")
    with served.http() as client:
        assert client.get("/info").status_code == 200
        for other in ("of-the-environment", "first-of-the-options"):
            assert client.get("/info", headers={"Authorization": f"Bearer {other}"}).status_code == 401
        assert "of-the-options" not in client.get("/info").text
    assert served.stop() == 0
    assert "of-the" not in served.errors.read_text()


def test_daemon_alone_makes_the_token_for_an_adapter_that_cannot(tmp_path: Path) -> None:
    served = Served(tmp_path, http=False)
    assert served.token_file.stat().st_size > 16
    assert served.stop() == 0


def test_daemon_alone_that_cannot_keep_a_token_says_so_and_serves(tmp_path: Path) -> None:
    served = Served(tmp_path, "http.token_file=/dev/null/http_token", http=False)
    assert served.request("ping")["pong"] is True
    assert served.stop() == 0
    assert "http.token_file: cannot use /dev/null/http_token" in served.errors.read_text()


def test_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    served = Served(tmp_path)
    children = psutil.Process(served.process.pid).children()
    served.process.kill()
    served.stop()
    assert psutil.wait_procs(children, WAIT_S)[1] == []


def test_replies_survive_kill_9(tmp_path: Path) -> None:
    served = Served(tmp_path, http=False)
    first = served.request("infer", prompt="Remember me")
    entries = 0
    deadline_s = time.monotonic() + WAIT_S
    while not entries and time.monotonic() < deadline_s:
        stats = served.request("stats")["stats"]
        entries = stats["cache"]["entries"]
    served.process.kill()
    served.stop()
    again = Served(tmp_path, http=False)
    second = again.request("infer", prompt="Remember me")
    assert again.stop() == 0
    assert second["cache"] == "hit"
    assert second["text"] == first["text"]


def test_durable_answers_survive_kill_9_at_once(tmp_path: Path) -> None:
    """Six kills, each right behind the answer."""
    for number in range(6):
        served = Served(tmp_path, http=False)
        npc = {"id": "n", "name": "Mira", "role": "healer"}
        with Client(served.endpoint) as client:
            line = {"npc": "n", "player": "Ana", "text": f"Ana brought herb {number}"}
            assert client.request("remember", lines=[line], durable=True)["kept"] == 1
            if number % 2:
                client.request("think", npc=npc, player="Ana", utterance=f"I hid lantern {number}", durable=True)
            served.process.kill()
        served.stop()
    again = Served(tmp_path, http=False)
    kept = again.request("memories", limit=200)["memories"]
    assert again.stop() == 0
    assert sorted(row["text"] for row in kept if row["kind"] == "outcome") == [
        f"Ana brought herb {number}" for number in range(6)
    ]
    assert sorted(row["said"] for row in kept if row["kind"] == "exchange") == [
        f"I hid lantern {number}" for number in range(1, 6, 2)
    ]


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["model.engine=llama", "model.path=/nowhere/model.gguf"], "/nowhere/model.gguf"),
        (["model.engine=llama", f"model.path={__file__}"], "GGUF"),
        (["agents.roles_dir=/nowhere"], "agents.roles_dir"),
        (["model.pin_cpus=4095"], "model.pin_cpus"),
        (["model.cpu_priority=low"], "model.cpu_priority"),
        (["zmq.endpoint=ipc:///dev/null/zmq"], "zmq.endpoint"),
        (["batch.siez=4"], "batch.size"),
    ],
)
@pytest.mark.parametrize("http", [True, False])
def test_failed_start_says_why_in_one_line(tmp_path: Path, sets: list[str], words: str, http: bool) -> None:
    served = Served(tmp_path, *sets, http=http)
    code = served.process.wait(WAIT_S)
    served.stop()
    said = served.errors.read_text()
    assert served.ready == ""
    assert code in (1, 2)
    assert words in said
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith("llm-agentd:")]) == 1


@pytest.mark.parametrize(("priority", "policy"), [("batch", os.SCHED_BATCH), ("idle", os.SCHED_IDLE)])
def test_cpu_priority_is_that_of_the_engine_thread_only(tmp_path: Path, priority: str, policy: int) -> None:
    served = Served(tmp_path, f"model.cpu_priority={priority}", http=False)
    policies = [os.sched_getscheduler(int(task.name)) for task in Path(f"/proc/{served.process.pid}/task").iterdir()]
    main = os.sched_getscheduler(served.process.pid)
    served.stop()
    assert policies.count(policy) == 2, "the engine thread, and the writer of kept beginnings, which it starts"
    assert main == os.SCHED_OTHER


def test_roles_are_kept_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monk = {"title": "the monk", "persona": "Prays."}
    served = Served(tmp_path)
    with served.http() as client:
        assert client.put("/v1/roles/monk", json=monk).status_code == 200
        assert {"name": "monk", **monk, "shipped": False, "own": True} in client.get("/v1/roles").json()["roles"]
    served.stop()
    path = tmp_path / "state" / "roles" / "monk.yaml"
    assert "title: the monk" in path.read_text()
    path.write_text("title: the monk\n")
    served = Served(tmp_path, http=False)
    assert served.stop() == 0
    assert f"{path}:1: persona: missing" in served.errors.read_text()


def test_second_daemon_on_the_same_cache_or_endpoint_is_refused(tmp_path: Path) -> None:
    first = Served(tmp_path, http=False)
    other = tmp_path / "other"
    other.mkdir()
    same_cache = Served(other, f"cache.path={tmp_path}/cache", http=False)
    assert same_cache.process.wait(WAIT_S) == 1
    assert "cache" in same_cache.errors.read_text()
    same_endpoint = Served(other, f"zmq.endpoint={first.endpoint}", http=False)
    assert same_endpoint.process.wait(WAIT_S) == 1
    assert "in use" in same_endpoint.errors.read_text()
    for served in (same_cache, same_endpoint):
        served.stop()
    assert first.request("ping")["pong"] is True
    assert first.stop() == 0


def test_unusable_cache_folder_is_logged_once_and_served_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    served = Served(tmp_path, f"cache.path={tmp_path}/file/cache", http=False)
    assert served.ready.startswith("ready ")
    assert served.request("infer", prompt="Anyway")["event"] == "done"
    served.stop()
    warnings = [line for line in served.errors.read_text().splitlines() if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert "cache" in warnings[0]


if find_spec("ik_llama_cpp") is not None:

    def test_named_engine_proves_itself_at_the_first_start_and_info_tells_what_was_found(tmp_path: Path) -> None:
        """On the embedded model, each library in a process of its own; the second start knows what the first found."""
        for proves in (True, False):
            served = Served(tmp_path, "model.engine=llama_ik", "model.threads=1", http=False)
            info = served.request("info")["info"]
            assert served.stop() == 0
            assert (info["engine"], info["candidates"][0]["engine"]) == ("llama_ik", "llama_ik")
            assert {one["engine"]: one["rows_max"] for one in info["candidates"]} == {"llama_ik": 96, "llama": 96}
            assert ("proving and timing llama, llama_ik" in served.errors.read_text()) == proves
            served.errors.unlink()
