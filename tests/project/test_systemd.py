"""The files in systemd/, checked with systemd's own tools. The example configuration: tests/config/test_docs.py."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.config import load_config

BINARY = "/opt/llm-agentd/bin/llm-agentd"
UNITS = ("llm-agentd.service", "llm-agentd-http.service")


def run(*command: str | Path) -> str:
    """What the command prints. Fails where its exit status is not 0."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


def unit(repo: Path, name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(repo / "systemd" / name, encoding="utf-8")
    return parser


def test_systemd_analyze_accepts_the_units(repo: Path, tmp_path: Path) -> None:
    """As shipped, but for the binary, which is one that exists here."""
    copies = []
    for name in UNITS:
        text = (repo / "systemd" / name).read_text(encoding="utf-8")
        assert BINARY in text
        copies.append(tmp_path / name)
        copies[-1].write_text(text.replace(BINARY, sys.executable), encoding="utf-8")
    assert run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *copies) == ""


def test_systemd_analyze_reports_a_misspelt_key(repo: Path, tmp_path: Path) -> None:
    """Without this, a verify that accepts everything would go unseen."""
    bad = tmp_path / "llm-agentd.service"
    bad.write_text((repo / "systemd" / bad.name).read_text(encoding="utf-8").replace("RestartSec=", "RestratSec="))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(bad)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "RestratSec" in done.stderr
    assert done.returncode != 0  # and for the binary that is not installed here


def test_daemon_unit_has_the_promised_settings(repo: Path) -> None:
    service = unit(repo, "llm-agentd.service")["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["ExecStart"] == f"{BINARY} serve --set http.enabled=false"
    assert service["StateDirectory"] == "llm-agentd"
    assert int(service["WatchdogSec"]) >= 10
    assert int(service["Nice"]) > 0
    assert int(service["CPUWeight"]) < 100  # the default, which the game server has
    grace_s = load_config(environ={}, cwd=repo / "systemd").inference.shutdown_grace_s
    assert int(service["TimeoutStopSec"]) > grace_s
    assert service["RestartPreventExitStatus"] == "2"


def test_http_unit_does_not_stop_with_the_daemon(repo: Path) -> None:
    adapter = unit(repo, "llm-agentd-http.service")
    assert adapter["Unit"]["Wants"] == "llm-agentd.service"
    assert not {"Requires", "BindsTo", "PartOf", "Requisite"} & set(adapter["Unit"])


def test_sysusers_creates_the_user_of_the_units(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    printed = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", repo / "systemd" / "llm-agentd.sysusers.conf")
    assert "llm-agentd" in printed
    assert {unit(repo, name)["Service"]["User"] for name in UNITS} == {"llm-agentd"}


def test_tmpfiles_closes_the_configuration_to_others(repo: Path, tmp_path: Path) -> None:
    """In a root of its own, with this user in place of the file's: only root may change owners."""
    text = (repo / "systemd" / "llm-agentd.tmpfiles.conf").read_text(encoding="utf-8")
    rules = tmp_path / "llm-agentd.tmpfiles.conf"
    own = f"{os.getuid()} {os.getgid()}"
    rules.write_text(text.replace("root root", own).replace("root llm-agentd", own))
    config = tmp_path / "etc/llm_agent/config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("http:\n  token: hush\n")
    config.chmod(0o644)
    run("systemd-tmpfiles", "--create", f"--root={tmp_path}", rules)
    assert config.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["llm-agentd.sysusers.conf", "llm-agentd.tmpfiles.conf", "config.yaml"])
def test_systemd_readme_names_the_file(repo: Path, name: str) -> None:
    readme = (repo / "systemd" / "README.md").read_text(encoding="utf-8")
    assert f"systemd/{name}" in readme
