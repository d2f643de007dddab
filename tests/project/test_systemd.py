"""systemd/: systemd itself finds nothing to complain about (the example configuration: tests/config/test_docs.py)."""

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
    """What the command says; it must end well."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def unit(repo: Path, name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(repo / "systemd" / name, encoding="utf-8")
    return parser


def test_units_are_clean(repo: Path, tmp_path: Path) -> None:
    """The binary is swapped for one that exists here: all else is as shipped."""
    copies = []
    for name in UNITS:
        text = (repo / "systemd" / name).read_text(encoding="utf-8")
        assert BINARY in text
        copies.append(tmp_path / name)
        copies[-1].write_text(text.replace(BINARY, sys.executable), encoding="utf-8")
    assert run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *copies) == ""


def test_the_check_finds_faults(repo: Path, tmp_path: Path) -> None:
    """A verify that is content with everything would prove nothing."""
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


def test_the_daemon_unit_keeps_its_promises(repo: Path) -> None:
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


def test_a_dying_daemon_leaves_the_adapter_alone(repo: Path) -> None:
    adapter = unit(repo, "llm-agentd-http.service")
    assert adapter["Unit"]["Wants"] == "llm-agentd.service"
    assert not {"Requires", "BindsTo", "PartOf", "Requisite"} & set(adapter["Unit"])


def test_sysusers_makes_the_user_of_the_units(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    said = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", repo / "systemd" / "llm-agentd.sysusers.conf")
    assert "llm-agentd" in said
    assert {unit(repo, name)["Service"]["User"] for name in UNITS} == {"llm-agentd"}


def test_tmpfiles_hides_the_token(repo: Path, tmp_path: Path) -> None:
    """In a root of its own, with this test's user for those of the file: only root may give files away."""
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


@pytest.mark.parametrize("name", ["README.md", "llm-agentd.sysusers.conf", "llm-agentd.tmpfiles.conf", "config.yaml"])
def test_the_readme_names_every_file(repo: Path, name: str) -> None:
    readme = (repo / "systemd" / "README.md").read_text(encoding="utf-8")
    assert name == "README.md" or f"systemd/{name}" in readme
