"""The files in systemd/, checked with systemd's own tools. The example configuration: tests/config/test_docs.py."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llm_agentd.config import load_config
from llm_agentd.config.http_token import find_token
from llm_agentd.errors import StartError
from llm_agentd.util.endpoint import AUTO, endpoint_to_connect

BINARY = "/opt/llm-agentd/bin/llm-agentd"
EXPOSURE_MAX = 1.5
UNITS = ("llm-agentd.service", "llm-agentd-http.service")


def run(*command: str | Path) -> str:
    """What the command prints. Fails where its exit status is not 0."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


def unit(repo: Path, name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)  # SystemCallFilter= is there twice, as it must
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


def exposure(name: Path) -> float:
    """What systemd thinks of a unit, from 0 (can do nothing) to 10 (may do everything)."""
    printed = run("systemd-analyze", "security", "--offline=true", "--no-pager", name)
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", printed)
    assert found, printed
    return float(found[1])


@pytest.mark.parametrize("name", UNITS)
def test_unit_can_do_little_besides_its_job(repo: Path, tmp_path: Path, name: str) -> None:
    assert exposure(repo / "systemd" / name) <= EXPOSURE_MAX
    weaker = tmp_path / name
    weaker.write_text((repo / "systemd" / name).read_text(encoding="utf-8").replace("ProtectSystem=", "#"))
    assert exposure(weaker) > exposure(repo / "systemd" / name), "else the figure is none"


def test_units_run_as_two_users_and_only_the_daemon_has_a_state_folder(repo: Path) -> None:
    daemon, adapter = (unit(repo, name)["Service"] for name in UNITS)
    assert (daemon["User"], adapter["User"]) == ("llm-agentd", "llm-agentd-http")
    assert "StateDirectory" not in adapter
    assert "RuntimeDirectory" not in adapter, "it would take the daemon's over"
    assert "WorkingDirectory" not in adapter
    assert daemon["StateDirectoryMode"] == "0700", "files in it are open to the group, as the socket must be"


def test_adapter_reaches_the_socket_and_the_configuration_by_the_daemons_group(repo: Path) -> None:
    daemon, adapter = (unit(repo, name)["Service"] for name in UNITS)
    assert adapter["SupplementaryGroups"] == daemon["Group"]
    assert (daemon["RuntimeDirectory"], daemon["RuntimeDirectoryMode"]) == ("llm-agentd", "0750")
    assert int(daemon["UMask"], 8) == 0o007, "the group must be able to write to the socket to connect to it"
    assert "0640 root llm-agentd" in (repo / "systemd" / "llm-agentd.tmpfiles.conf").read_text(encoding="utf-8")


def test_adapter_is_handed_the_daemons_token(repo: Path, tmp_path: Path) -> None:
    """As systemd does it: %d is the folder of the unit's credentials."""
    daemon, adapter = (unit(repo, name)["Service"] for name in UNITS)
    credential, _, path = adapter["LoadCredential"].partition(":")
    where = load_config(
        environ={"STATE_DIRECTORY": f"/var/lib/{daemon['StateDirectory']}"}, cwd=tmp_path
    ).http.token_file
    assert Path(path) == where
    environ = dict(word.split("=", 1) for word in adapter["Environment"].replace("%d", str(tmp_path)).split())
    http = load_config(environ=environ, cwd=tmp_path).http
    assert http.token_file == tmp_path / credential
    http.token_file.write_text("made-by-the-daemon\n")
    assert find_token(http.token, http.token_file) == "made-by-the-daemon"


def test_adapter_keeps_spoken_sentences_in_a_cache_of_its_own(repo: Path, tmp_path: Path) -> None:
    """As systemd does it: %C is /var/cache, %d has nothing to do with it."""
    adapter = unit(repo, UNITS[1])["Service"]
    environ = dict(word.split("=", 1) for word in adapter["Environment"].replace("%C", "/var/cache").split())
    cache_path = load_config(environ=environ, cwd=tmp_path).speech.cache_path
    assert cache_path.parent == Path("/var/cache") / adapter["CacheDirectory"]
    text = (repo / "systemd" / UNITS[1]).read_text(encoding="utf-8")
    assert "\nSystemCallFilter=nice setpriority " in text, "what speaks makes itself the least important"


def test_adapter_looks_for_the_socket_where_the_daemon_has_it(repo: Path) -> None:
    daemon, adapter = (unit(repo, name)["Service"] for name in UNITS)
    environ = dict(word.split("=", 1) for word in adapter["Environment"].split())
    assert environ["RUNTIME_DIRECTORY"] == f"/run/{daemon['RuntimeDirectory']}"
    assert endpoint_to_connect(AUTO, environ) == "ipc:///run/llm-agentd/zmq"


def test_stand_in_for_a_missing_token_is_none(repo: Path, tmp_path: Path) -> None:
    """SetCredential fills in where the daemon made no token. Were it one, everybody would know it."""
    adapter = unit(repo, "llm-agentd-http.service")["Service"]
    credential, _, text = adapter["SetCredential"].partition(":")
    assert credential == adapter["LoadCredential"].partition(":")[0]
    (tmp_path / credential).write_text(text)
    with pytest.raises(StartError, match="holds no token"):
        find_token(None, tmp_path / credential)
    assert find_token("of-the-configuration", tmp_path / credential) == "of-the-configuration"


def test_libzmq_may_set_the_policy_of_its_threads(repo: Path) -> None:
    """It ends the process where it may not: sched_setscheduler is in @resources, which the adapter goes without."""
    lines = (repo / "systemd" / "llm-agentd-http.service").read_text(encoding="utf-8").splitlines()
    filters = [line.partition("=")[2] for line in lines if line.startswith("SystemCallFilter=")]
    assert filters.index("sched_setscheduler") > filters.index("~@privileged @resources")


def test_memory_of_both_units_is_bounded(repo: Path) -> None:
    daemon, adapter = (unit(repo, name)["Service"] for name in UNITS)
    assert daemon["MemoryMax"] == "75%"
    assert adapter["MemoryMax"] == "1G"
    assert adapter["OOMPolicy"] == "continue", "what speaks and listens may go, and the adapter stays"


def test_http_unit_does_not_stop_with_the_daemon(repo: Path) -> None:
    adapter = unit(repo, "llm-agentd-http.service")
    assert adapter["Unit"]["Wants"] == "llm-agentd.service"
    assert not {"Requires", "BindsTo", "PartOf", "Requisite"} & set(adapter["Unit"])


def test_sysusers_creates_the_users_of_the_units(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    printed = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", repo / "systemd" / "llm-agentd.sysusers.conf")
    assert printed.count("Creating user") == len(UNITS), printed
    for name in UNITS:
        assert f"Creating user '{unit(repo, name)['Service']['User']}'" in printed


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
