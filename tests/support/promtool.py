"""Runs `promtool`, and makes its test files of what a daemon really counts: two looks at its metrics are the series."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml
from prometheus_client.samples import Sample

from tests.support.exposition import Exposition

TIMEOUT_S = 60
SCRAPE_S = 15
TARGET = {"job": "llm-agentd", "instance": "npc:8000"}  # the labels that Prometheus adds
STEADY_SCRAPES = 8  # two minutes in which nothing happens
TROUBLED_SCRAPES = 60  # and a quarter of an hour in which the same goes on and on


def program(name: str) -> str:
    """`prometheus`, `promtool` or `haproxy`: the one beside Python, where `make setup` puts it, else the system's."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"no {name}: `make setup` fetches it where there are Debian's packages")


def promtool(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [program("promtool"), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def series(before: Exposition, after: Exposition, **more: str) -> list[dict[str, str]]:
    """Each series of `after`: first as it was before (or 0), then with as much more at each scrape as came in between.

    A gauge stands where it stands. `more`: series of Prometheus' own, as `values` of the test file.
    """
    known = {_name(sample): sample.value for family in before.values() for sample in family.samples}
    found = []
    for family in after.values():
        for sample in family.samples:
            old = known.get(_name(sample), 0.0)
            step = 0.0 if family.kind == "gauge" else sample.value - old
            begin = sample.value if family.kind == "gauge" else old + step
            values = f"{old!r}x{STEADY_SCRAPES - 1} {begin!r}+{step!r}x{TROUBLED_SCRAPES}"
            found.append({"series": _name(sample), "values": values})
    return found + [{"series": _named(name, TARGET), "values": values} for name, values in more.items()]


def firing(rules: Path, input_series: list[dict[str, str]], alerts: Iterable[str], *, folder: Path) -> str:
    """ "" where exactly these alerts are firing at the end of the series, else what promtool has to say."""
    last_s = (STEADY_SCRAPES + TROUBLED_SCRAPES - 2) * SCRAPE_S
    case = {
        "interval": f"{SCRAPE_S}s",
        "input_series": input_series,
        "promql_expr_test": [
            {
                "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{last_s}s",
                "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in alerts],
            }
        ],
    }
    path = folder / "case.yml"
    content = {"rule_files": [str(rules)], "evaluation_interval": f"{SCRAPE_S}s", "tests": [case]}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = promtool("test", "rules", path, folder=folder)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _name(sample: Sample) -> str:
    return _named(sample.name, sample.labels | TARGET)


def _named(name: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{inside}}}"
