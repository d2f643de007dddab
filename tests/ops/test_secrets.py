"""What other users of the machine, the log and a client must not see: files, the token, keys. Real processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest

from llm_agentd.client import Client
from llm_agentd.ops.harness import free_port
from tests.ops.test_cli import TIMEOUT_S, environment, run

pytestmark = pytest.mark.slow

TOKEN = "token-of-the-admin-5d41402abc4b2a76"
CLASSIFIER_KEY = "key-of-the-classifier-7d793037a076"
NPC = {"id": "npc-1", "name": "Mira", "role": "healer"}
SECRET = re.compile(f"{TOKEN}|{CLASSIFIER_KEY}")


class Home:
    """A user's home with a daemon that serves HTTP. What it printed, and what is answered."""

    def __init__(self, folder: Path, *sets: str, **variables: str) -> None:
        self.folder = folder
        self.port = free_port()
        options = ("model.engine=stub", f"http.port={self.port}", *sets)
        self.sets = [word for item in options for word in ("--set", item)]
        self.output = folder.parent / "output"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "llm_agentd", "serve", *self.sets],
            env=environment(folder) | variables,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=self.output.open("a"),
            text=True,
            umask=0,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready "), self.output.read_text()

    @property
    def state(self) -> Path:
        return self.folder / ".local/state/llm-agentd"

    def client(self, token: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=TIMEOUT_S)

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(TIMEOUT_S) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()


def post(client: httpx2.Client, op: str, **fields: Any) -> dict[str, Any]:
    """Through the mod's door, until it is done."""
    unique = uuid4().hex
    body = {"session": unique, "after": 0, "wait_ms": 5000, "requests": [{"op": op, "id": "1", **fields}]}
    answer: dict[str, Any] = client.post("/v1/exchange", json=body).json()
    assert answer.get("events"), answer
    return answer


@pytest.fixture
def folder() -> Iterator[Path]:
    """Its path is as short as that of a home: a socket's has at most 107 bytes, and else the daemon takes TCP."""
    with tempfile.TemporaryDirectory() as parent:
        home = Path(parent) / "home"
        home.mkdir(mode=0o700)
        yield home


def test_all_that_is_written_is_for_its_owner_alone_whatever_the_umask(folder: Path) -> None:
    home = Home(folder)
    with home.client((home.state / "http_token").read_text().strip()) as client:
        post(client, "think", npc=NPC, player="Ana", utterance="Good evening!")
        post(client, "think", npc=NPC, player="Ana", utterance="You stupid fucking bitch")  # into moderation's log
        role = {"title": "the ferryman", "persona": "The ferryman takes travellers over the river."}
        for _ in range(2):  # the second time there is something to keep in the history
            assert client.put("/v1/roles/ferryman", json=role).status_code == 200
    for words in (("keys", "laptop"), ("token", "--new"), ("backup", str(folder / "saved.tar.gz"))):
        before = os.umask(0)
        try:
            assert run(folder, *words)[0] == 0
        finally:
            os.umask(before)
    found = {path: path.lstat().st_mode & 0o777 for path in folder.rglob("*")}
    home.stop()
    for path in folder.rglob("*"):
        found.setdefault(path, path.lstat().st_mode & 0o777)
    names = {path.name for path in found}
    assert {"memory.db", "moderation.jsonl", "ferryman.yaml", "http_token", "laptop.key_secret", "data.mdb"} <= names
    assert {"zmq", "saved.tar.gz"} <= names
    assert [(str(path), oct(mode)) for path, mode in found.items() if mode & 0o077] == []


def test_secrets_stand_in_no_answer_no_log_and_no_list_of_processes(folder: Path) -> None:
    home = Home(
        folder,
        f"http.token={TOKEN}",
        f"agents.moderation_url=http://127.0.0.1:{free_port()}/v1/moderations",  # where nobody answers: it is logged
        "agents.moderation_key_env=CLASSIFIER_KEY",
        CLASSIFIER_KEY=CLASSIFIER_KEY,
    )
    parent = psutil.Process(home.process.pid)
    processes = [process.cmdline() for process in (parent, *parent.children(recursive=True))]
    with home.client(TOKEN) as client:
        answers = [str(post(client, "think", npc=NPC, player="Ana", utterance="Good evening!"))]
        for path in ("/info", "/metrics", "/readyz", "/docs", "/v1/roles", "/v1/doctor"):
            answers.append(client.get(path).text)
        answers.append(client.post("/infer", json={"prompt": 7}).text)
    with Client(f"ipc://{home.state}/run/zmq") as local:
        answers += [str(local.request(op)) for op in ("info", "stats", "metrics", "roles")]
    with home.client(TOKEN + "x") as stranger:
        refused = stranger.get("/info")
        assert refused.status_code == 401
        answers.append(refused.text + str(refused.headers))
    home.stop()
    assert len(processes) > 2
    for text in (*answers, str(processes), home.output.read_text()):
        assert not SECRET.search(text), text
    kept = [file for file in home.state.rglob("*") if file.is_file()]
    assert [file for file in kept if SECRET.search(file.read_bytes().decode("latin-1"))] == []


def test_secret_that_is_wrong_stands_in_no_error(folder: Path) -> None:
    """A token with a blank, given as an option, a variable, and in the file: the word says where, never what."""
    (folder / "config.yaml").write_text(f'http:\n  token: "{TOKEN} {TOKEN}"\n')
    environ = environment(folder)
    command = [sys.executable, "-m", "llm_agentd", "serve", "--set", "model.engine=stub"]
    wrong = f"{TOKEN} {TOKEN}"
    for words, variables, where in (
        (["--set", f"http.token={wrong}"], {}, "http.token"),
        ([], {"LLM_AGENT_HTTP__TOKEN": wrong}, "LLM_AGENT_HTTP__TOKEN"),
        (["--config", str(folder / "config.yaml")], {}, "config.yaml, line 2"),
    ):
        done = subprocess.run(
            [*command, *words], env=environ | variables, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        assert done.returncode == 2
        assert where in done.stderr
        assert not SECRET.search(done.stderr + done.stdout)


STRANGER = """
import encodings.idna, os, socket, sys, urllib.error, urllib.request
state, port = sys.argv[1], sys.argv[2]
os.setgroups([]); os.setgid(65534); os.setuid(65534)
assert os.listdir(os.path.dirname(state)) == ["llm-agentd"]  # so far anybody gets
got = []
for folder, _, files in os.walk(state):
    got += files
for path in ("memory.db", "http_token", "run/zmq", "cache/data.mdb"):
    try:
        open(os.path.join(state, path), "rb").read()
        got.append(path)
    except PermissionError:
        pass
with socket.socket(socket.AF_UNIX) as client:
    try:
        client.connect(os.path.join(state, "run/zmq"))
        got.append("the socket")
    except PermissionError:
        pass
ask = b'{"prompt": "Hello"}'
for path, body in (("/info", None), ("/infer", ask), ("/v1/memory/memories", b"{}"), ("/v1/roles", None)):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    try:
        got.append((path, urllib.request.urlopen(request).status))
    except urllib.error.HTTPError as error:
        got += [] if error.code == 401 else [(path, error.code)]
print(got)
"""


@pytest.mark.root
def test_another_user_of_the_machine_can_neither_read_nor_ask() -> None:
    # Not below pytest's own folder, which is closed to others by itself.
    with tempfile.TemporaryDirectory(prefix="llm-agentd-test-") as place:
        folder = Path(place, "home")
        folder.mkdir()
        home = Home(folder)
        with home.client((home.state / "http_token").read_text().strip()) as client:
            post(client, "think", npc=NPC, player="Ana", utterance="I hid the sapphire.")
        for above in (folder.parent, folder, folder / ".local", folder / ".local/state"):
            above.chmod(0o755)  # as many homes are
        command = [sys.executable, "-c", STRANGER, str(home.state), str(home.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        home.stop()
    assert (done.stdout, done.stderr) == ("[]\n", "")
