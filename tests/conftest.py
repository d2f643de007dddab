"""What every test gets: a clean environment, free ports, an order; and how tests run side by side.

`pytest -n auto --dist loadfile` (pytest-xdist, as `make test` calls it) hands whole files to several worker processes;
bare `pytest` runs all in one. A test marked `alone` waits until no other test runs, and holds the others up meanwhile.
`--no-skips` turns a skipped test into a failure: a check that did not run must not pass for a green one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.ops.harness import free_port as unused_port

pytest.register_assert_rewrite("tests.support", "tests.faults")
pytest_plugins = ["tests.faults.campaign"]  # here, as its table is printed by the process that starts the workers

REPO = Path(__file__).resolve().parent.parent
ORDER = ("slow", "e2e", "alone")  # markers; tests without any come before
# Of the files with a game server, those that take 40 to 90 s: were one of them the last, all other workers would wait.
LONGEST_FIRST = ("test_presence", "test_ledger", "test_village", "test_movement", "test_bench_ticks", "test_admin")
WORKERS_A_CORE = 2  # a game server's test computes for a fifth of its time, and waits for the rest
WORKERS_MAX = 8  # more would only wait for the longest test
WORKER_BYTES = 2**30  # game server, game client and daemon take about 0.7 GiB together
SYSTEM_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR")
LOGS = ("debug.log", "server.out", "client.out")  # of game server and game client, in the test's folder
LOG_END_CHARACTERS = 6_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run")


# Order, and side by side ---------------------------------------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The quick ones first: who broke something hears of it before a game server starts.

    Whoever is not root gets no tests that need it (mounts, files of other users): they are counted as deselected.
    """
    if os.geteuid() != 0:
        for_root = [
            item for item in items if "mount" in getattr(item, "fixturenames", ()) or item.get_closest_marker("root")
        ]
        config.hook.pytest_deselected(items=for_root)
        items[:] = [item for item in items if item not in for_root]

    def rank(item: pytest.Item) -> tuple[int, int]:
        marker = max((number for number, name in enumerate(ORDER, 1) if item.get_closest_marker(name)), default=0)
        is_e2e = item.get_closest_marker("e2e") and item.path.stem in LONGEST_FIRST
        return marker, LONGEST_FIRST.index(item.path.stem) if is_e2e else len(LONGEST_FIRST)

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """How many workers `-n auto` starts: more than cores, as game servers mostly wait. `-n logical`: one a core."""
    if config.option.numprocesses == "logical":
        return None
    room = psutil.virtual_memory().available // WORKER_BYTES
    return max(1, min(WORKERS_A_CORE * len(os.sched_getaffinity(0)), WORKERS_MAX, room))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Each test shares a lock with those of the other workers; one marked `alone` has it for itself.

    The kernel frees the lock of a worker that dies. Tests marked `alone` come last, so nobody can keep them waiting.
    """
    cache = item.config.cache
    assert cache is not None
    with (cache.mkdir("llm-agentd") / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        return (yield)


# Reports -------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test with a game server shows how the logs end that lie in its folder."""
    report = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and folder is not None and item.get_closest_marker("e2e"):
        for path in sorted(path for name in LOGS for path in folder.rglob(name)):
            end = path.read_text(encoding="utf-8", errors="replace")[-LOG_END_CHARACTERS:]
            report.sections.append((f"end of {path.relative_to(folder)}", end))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and config.getoption("--no-skips"):
        terminalreporter.write_line(f"{len(skipped)} skipped, and --no-skips is given: not green", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


# Fixtures ------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The settings of whoever runs the tests must not leak into them, and their own roles neither."""
    for name in list(os.environ):
        if name.startswith("LLM_AGENT_") or name in SYSTEM_VARIABLES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture
def repo() -> Path:
    """The checkout's root."""
    return REPO


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    return unused_port()


class ThreadedHTTPServer(HTTPServer):
    """Answers several requests at a time, and stops at once: its own `serve_forever` looks twice a second."""

    def __init__(self) -> None:
        super().__init__(host="127.0.0.1", threaded=True)

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=0.02)


@pytest.fixture
def httpserver() -> Iterator[HTTPServer]:
    """An HTTP server on loopback that answers as the test says, several requests at a time; `log` has all of them.

    In the place of pytest-httpserver's own fixture, whose one server answers one request at a time.
    """
    with ThreadedHTTPServer() as server:
        yield server


@pytest.fixture
def endpoint(tmp_path: Path) -> str:
    """A ZeroMQ endpoint of this test's own."""
    return f"ipc://{tmp_path}/z"
