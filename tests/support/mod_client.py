"""The mod's own Lua client against a real HTTP address, without a game: steps, asks, and all that came of each ask.

`ModClient` steps client.lua in a LuaJIT process 20 times a second, as a server does, and carries out its HTTP calls.
It knows nothing of NPCs: what is asked are records of the wire.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx2

Record = dict[str, Any]
STEP_S = 0.05  # as a server has them
FLIGHTS_MAX = 4  # the client holds two; more would be its fault, and wait here
SCRIPT = Path(__file__).with_suffix(".lua")
ROOT = SCRIPT.parents[2]
STOP_S = 30.0


class ModClient:
    """A context manager. `answers[id]` has the last events of an ask: exactly one, if the client keeps its promise."""

    def __init__(self, url: str, token: str, name: str, *, verify: Any = True) -> None:
        self.name = name
        self.answers: dict[str, list[Record]] = {}
        self.words: dict[str, str] = {}  # what streamed in
        self.calls: list[Record] = []  # of HTTP: session, code, and which instance answered
        self._asks: queue.Queue[Record] = queue.Queue()
        self._results: queue.Queue[tuple[str, Record]] = queue.Queue()
        self._http = httpx2.Client(verify=verify)
        self._flights = ThreadPoolExecutor(FLIGHTS_MAX)
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._asked = 0
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._process = subprocess.Popen(
            ["luajit", str(SCRIPT), url, token, name],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(STOP_S)
        self._process.kill()
        self._process.communicate()
        self._http.close()
        self._flights.shutdown(cancel_futures=True)

    @property
    def instances(self) -> set[str]:
        return {call["instance"] for call in self.calls} - {""}

    @property
    def codes(self) -> set[int]:
        return {call["code"] for call in self.calls}

    @property
    def instance(self) -> str:
        """The adapter that answered last."""
        return next(str(call["instance"]) for call in reversed(self.calls) if call["instance"])

    def ask(self, record: Mapping[str, Any], deadline_ms: int) -> None:
        self._asked += 1
        self._asks.put({"record": dict(record), "deadline_ms": deadline_ms})

    def wait_answered(self, count: int, timeout_s: float) -> None:
        """Until that many asks are over."""

        def is_over() -> bool:
            return self._failure is not None or sum(bool(ends) for ends in self.answers.values()) >= count

        with self._changed:
            in_time = self._changed.wait_for(is_over, timeout_s)
        if self._failure is not None:
            raise self._failure
        assert in_time, f"{sum(map(bool, self.answers.values()))} of {count} were answered in {timeout_s:.0f} s"

    def wait_all(self, timeout_s: float) -> None:
        self.wait_answered(self._asked, timeout_s)

    def _run(self) -> None:
        try:
            while not self._stop.wait(STEP_S):
                self._step()
        except BaseException as failure:
            self._failure = failure
            with self._changed:
                self._changed.notify_all()

    def _step(self) -> None:
        asks, results = _all_of(self._asks), dict(_all_of(self._results))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"now_us": time.monotonic_ns() // 1000, "asks": asks, "results": results})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        for fetch in said["fetches"]:
            self._flights.submit(self._fetch, fetch)
        with self._changed:
            for ask_id in said["ids"]:
                self.answers.setdefault(ask_id, [])
            for event in said["events"]:
                self._take(event["id"], event["kind"], event["event"])
            self._changed.notify_all()

    def _take(self, ask_id: str, kind: str, event: Record) -> None:
        if kind == "delta":
            self.words[ask_id] = self.words.get(ask_id, "") + event["text"]
        else:
            self.answers.setdefault(ask_id, []).append({"kind": kind, **event})

    def _fetch(self, fetch: Record) -> None:
        headers = [tuple(line.split(": ", 1)) for line in fetch["headers"] if ": " in line]
        result: Record = {"code": 0, "data": "", "timeout": False}
        try:
            answer = self._http.request(
                fetch["method"],
                fetch["url"],
                content=fetch["data"],
                headers=headers,
                timeout=fetch["timeout_s"],
            )
            result = {"code": answer.status_code, "data": answer.text, "timeout": False}
        except httpx2.TimeoutException:
            result["timeout"] = True
        except httpx2.TransportError:
            pass  # nobody there, or it broke off: code 0, as the engine says it
        found = re.search(r'"instance":"(\w+)"', result["data"])
        session = dict(headers).get("X-Session-ID", "")
        self.calls.append({"session": session, "code": result["code"], "instance": found[1] if found else ""})
        self._results.put((fetch["handle"], result))


def _all_of(waiting: queue.Queue[Any]) -> list[Any]:
    items = []
    with suppress(queue.Empty):
        while True:
            items.append(waiting.get_nowait())
    return items
