"""A real Prometheus that scrapes one daemon: Debian's, with the repository's own configuration and alert rules."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx2
import yaml

from llm_agentd.ops.harness import free_port
from tests.support.promtool import program

WAIT_S = 60.0
POLL_S = 0.1
STOP_S = 20.0


class Prometheus:
    """A context manager. `interval_s`: between scrapes, in place of the configuration's own."""

    def __init__(self, folder: Path, monitoring: Path, *, target: str, token: str, interval_s: float) -> None:
        self.folder = folder
        self.interval_s = interval_s
        port = free_port()
        config = yaml.safe_load((monitoring / "prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": _duration(interval_s), "evaluation_interval": _duration(interval_s)}
        (scrape,) = config["scrape_configs"]
        scrape["static_configs"][0]["targets"] = [target]
        (folder / scrape["authorization"]["credentials_file"]).write_text(token)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        for rules in config["rule_files"]:
            shutil.copy(monitoring / rules, folder)
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S)
        self._command = [
            program("prometheus"), "--config.file=prometheus.yml", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
        ]  # fmt: skip

    def __enter__(self) -> Self:
        with (self.folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        self.wait("Prometheus is ready", self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(STOP_S)

    def wait(self, what: str, condition: Callable[[], object]) -> None:
        ends_s = time.monotonic() + WAIT_S
        while not condition():
            assert self._process.poll() is None, (self.folder / "prometheus.log").read_text()
            assert time.monotonic() < ends_s, f"not within {WAIT_S:.0f} s: {what}; {self.get('/api/v1/targets')}"
            time.sleep(POLL_S)

    def get(self, path: str, **parameters: str | float) -> Any:
        """The `data` of an answer of its API."""
        answer = self._http.get(path, params=parameters)
        content = answer.json()
        assert content["status"] == "success", f"{parameters}: {content}"
        return content["data"]

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The instant vector of `expr` now."""
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=expr)["result"]
        return found

    def query_range(self, expr: str, *, last_s: float) -> list[dict[str, Any]]:
        """The series of `expr`, as a panel asks for them."""
        end_s = time.time()
        found: list[dict[str, Any]] = self.get(
            "/api/v1/query_range", query=expr, start=end_s - last_s, end=end_s, step=self.interval_s
        )["result"]
        return found

    def _is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").status_code == 200
        except httpx2.TransportError:
            return False


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
