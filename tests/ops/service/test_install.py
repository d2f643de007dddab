"""install-service and uninstall-service below a root folder of their own, judged by systemd's own tools.

That the units start is not shown here, as tests have no systemd of their own: systemd/README.md says where it was seen.
"""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path, PurePosixPath

import pytest

from llm_agentd import __version__
from llm_agentd.config import load_config
from llm_agentd.errors import StartError
from llm_agentd.ops.service import commands, files, install, install_for_user, uninstall, uninstall_for_user, user
from tests.project.test_systemd import exposure

EXPOSURE_MAX = 2.0
FOREIGN = Path("/srv/minds")

Install = Callable[..., str]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    root = tmp_path / "machine"
    (root / "etc").mkdir(parents=True)
    (root / "etc/group").write_text("root:x:0:\nvideo:x:44:\n")
    return root


@pytest.fixture
def run(machine: Path) -> Install:
    def call(gpu: bool | None = None, state: Path | None = None) -> str:
        out = StringIO()
        install(machine, gpu=gpu, state=state, out=out)
        return out.getvalue()

    return call


def place(root: Path, path: PurePosixPath) -> Path:
    return root / path.relative_to("/")


def verify(*units: Path, root: Path | None = None) -> str:
    options = [f"--root={root}"] if root else []
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *options, *map(str, units)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr


def exposure_of(root: Path, name: str) -> float:
    """With the unit's drop-ins."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--root={root}", name]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", printed)
    assert found, printed
    return float(found[1])


@pytest.mark.root
def test_all_files_are_there_and_say_which_program_wrote_them(machine: Path, run: Install) -> None:
    run()
    for name in files.UNITS:
        text = place(machine, files.UNIT_FOLDER / name).read_text()
        assert files.version_of(text) == __version__
        assert files.SHIPPED_PROGRAM not in text
        assert re.search(r"^ExecStart=/\S+/bin/llm-agentd (serve|http)", text, re.MULTILINE)
        assert place(machine, files.WANTS / name).is_symlink()
    assert "llm-agentd-http" in (machine / "etc/passwd").read_text()
    config = place(machine, files.CONFIG)
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert load_config(config, environ={}).cache.path == Path("/var/lib/llm-agentd/cache")


@pytest.mark.root
def test_a_second_call_changes_nothing_and_keeps_what_the_admin_wrote(machine: Path, run: Install) -> None:
    run(gpu=True, state=FOREIGN)
    config, own = place(machine, files.CONFIG), place(machine, files.GPU_DROP_IN).with_name("override.conf")
    config.write_text("batch:\n  size: 4\n")
    own.write_text("[Service]\nNice=5\n")
    before = {path: path.read_bytes() for path in machine.rglob("*") if path.is_file()}
    said = run()
    assert {path: path.read_bytes() for path in machine.rglob("*") if path.is_file()} == before
    assert f"kept {config}" in said
    assert "wrote" not in said


@pytest.mark.root
def test_a_newer_program_writes_its_units_anew_and_a_foreign_unit_is_kept_aside(machine: Path, run: Install) -> None:
    run()
    unit = place(machine, files.UNIT_FOLDER / files.UNITS[0])
    unit.write_text(unit.read_text().replace(f"` {__version__},", "` 0.0.1,"))
    assert f"wrote {unit}" in run()
    assert files.version_of(unit.read_text()) == __version__
    assert not unit.with_name(unit.name + ".old").exists()
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    run()
    assert unit.with_name(unit.name + ".old").read_text() == "[Service]\nExecStart=/bin/true\n"


@pytest.mark.root
@pytest.mark.parametrize("gpu", [None, True])
@pytest.mark.parametrize("state", [None, FOREIGN, Path("/home/npc/mind")])
def test_units_with_any_drop_in_are_clean_and_can_do_little(
    machine: Path, run: Install, gpu: bool | None, state: Path | None
) -> None:
    run(gpu=gpu, state=state)
    for name in files.UNITS:
        unit = place(machine, files.UNIT_FOLDER / name)
        # Of the program, which is not in this root, verify complains; of nothing else.
        complaints = [line for line in verify(unit).splitlines() if "is not executable" not in line]
        assert complaints == []
        assert exposure_of(machine, name) <= EXPOSURE_MAX


@pytest.mark.root
def test_the_gpu_drop_in_names_only_groups_of_this_machine_and_goes_when_it_is_not_wanted(
    machine: Path, run: Install
) -> None:
    run(gpu=True)
    drop_in = place(machine, files.GPU_DROP_IN)
    assert "SupplementaryGroups=video\n" in drop_in.read_text(), "a group that is missing would stop the unit"
    assert "DeviceAllow=char-nvidia* rw" in drop_in.read_text()
    run()
    assert drop_in.exists()
    run(gpu=False)
    assert not drop_in.exists()


@pytest.mark.root
def test_a_foreign_state_folder_is_the_units_the_tokens_and_the_configurations(machine: Path, run: Install) -> None:
    run()
    config = place(machine, files.CONFIG)
    config.write_text(config.read_text().replace("size: 8", "size: 3"))
    said = run(state=FOREIGN)
    daemon = place(machine, files.STATE_DROP_IN).read_text()
    assert f"Environment=STATE_DIRECTORY={FOREIGN}\n" in daemon
    assert f"ReadWritePaths={FOREIGN}\n" in daemon
    assert f"LoadCredential=http_token:{FOREIGN}/http_token" in place(machine, files.HTTP_STATE_DROP_IN).read_text()
    assert f"d {FOREIGN} 0700 llm-agentd llm-agentd" in place(machine, files.TMPFILES).read_text()
    assert place(machine, PurePosixPath(FOREIGN)).stat().st_mode & 0o777 == 0o700
    loaded = load_config(config, environ={})
    assert (loaded.cache.path, loaded.batch.size) == (FOREIGN / "cache", 3)
    assert f"wrote {config}" in said

    assert "wrote" not in run(), "the folder is remembered"
    run(state=Path("/var/lib/llm-agentd"))
    assert not place(machine, files.STATE_DROP_IN).exists()
    assert load_config(config, environ={}).cache.path == Path("/var/lib/llm-agentd/cache")


def test_a_state_folder_below_home_is_shown_and_nothing_else_of_the_homes() -> None:
    daemon, _ = files.state_drop_ins(PurePosixPath("/home/npc/mind"))
    assert daemon.text.endswith("ProtectHome=tmpfs\nBindPaths=/home/npc/mind\n")
    assert "ProtectHome" not in files.state_drop_ins(PurePosixPath("/srv/x"))[0].text


@pytest.mark.parametrize("folder", ["relative", "/with space", "/per%cent"])
def test_a_state_folder_that_a_unit_cannot_name_is_refused(machine: Path, run: Install, folder: str) -> None:
    with pytest.raises(StartError, match="--state-dir"):
        run(state=Path(folder))
    assert not place(machine, files.CONFIG).exists(), "nothing was written"


@pytest.mark.root
def test_uninstalling_keeps_what_is_the_admins_and_may_be_done_twice(machine: Path, run: Install) -> None:
    run(gpu=True)
    for _ in range(2):
        out = StringIO()
        uninstall(machine, out=out)
    left = {str(path.relative_to(machine)) for path in machine.rglob("*") if path.is_file() or path.is_symlink()}
    ours = {one for one in left if "llm" in one}
    assert ours == {"etc/llm_agent/config.yaml", "etc/systemd/system/llm-agentd.service.d/gpu.conf"}
    assert "rm -r" in out.getvalue()
    run()
    assert place(machine, files.GPU_DROP_IN).exists()


def test_without_systemd_or_root_nothing_is_written_and_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(StartError, match="sudo, or --user"):
        install(Path("/"), gpu=None, state=None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("llm_agentd.ops.service.machine.BOOTED", Path("/nowhere"))
    with pytest.raises(StartError, match="systemd does not run here"):
        install(Path("/"), gpu=None, state=None)


def test_a_program_in_a_home_folder_is_refused_as_the_service_would_not_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_agentd.ops.service.machine import _program

    monkeypatch.setattr("sys.prefix", "/home/ana/venv")
    with pytest.raises(StartError, match="/opt/llm-agentd"):
        _program(is_live=True)
    assert _program(is_live=False) == PurePosixPath("/home/ana/venv/bin/llm-agentd")


# The user's own ------------------------------------------------------------------------------------------------------


def test_the_users_unit_is_clean_and_can_do_little(machine: Path, tmp_path: Path) -> None:
    environ = {"HOME": "/home/ana", "XDG_STATE_HOME": "/data/state"}
    for _ in range(2):
        out = StringIO()
        install_for_user(machine, environ, out)
    assert "wrote" not in out.getvalue()
    unit = machine / "home/ana/.config/systemd/user/llm-agentd.service"
    assert (unit.parent / "default.target.wants" / unit.name).is_symlink()
    assert "ReadWritePaths=-/data/state/llm-agentd\n" in unit.read_text()
    assert exposure(unit) <= EXPOSURE_MAX
    assert [line for line in verify(unit).splitlines() if "is not executable" not in line] == []
    uninstall_for_user(machine, environ, out)
    assert not [path for path in machine.rglob("*llm-agentd*") if not path.is_dir()]


def test_the_plain_drop_in_takes_back_all_that_needs_namespaces_and_nothing_else() -> None:
    def settings(text: str) -> dict[str, str]:
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))

    unit, plain = settings(files.shipped(files.USER_UNIT)), settings(files.shipped("drop-ins/user-plain.conf"))
    assert set(plain) <= set(unit)
    needs_none = ("NoNewPrivileges", "RestrictNamespaces", "SystemCallFilter", "RestrictAddressFamilies", "UMask")
    assert not set(needs_none) & set(plain)
    sandbox = {key for key in unit if key.startswith(("Private", "Protect"))}
    assert sandbox <= set(plain), "one that stays would keep the unit from starting"


def test_a_system_without_namespaces_for_users_gets_the_plain_drop_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As systemd 252 and 257 were seen to do it: the first start fails before our program runs."""
    started: list[bool] = []

    def start(unit: str, *, is_changed: bool, cure: str, is_user: bool = False) -> None:
        started.append(is_user)
        if len(started) == 1:
            raise StartError("failed")

    for name, stand_in in (("start", start), ("run", lambda *_, cure: None), ("output", lambda *_: "217\n")):
        monkeypatch.setattr(user, name, stand_in)
    monkeypatch.setattr(user, "MACHINE", tmp_path)
    environ = {"HOME": "/home/ana", "XDG_STATE_HOME": str(tmp_path / "state")}
    out = StringIO()
    install_for_user(tmp_path, environ, out)
    assert started == [True, True]
    assert "no namespaces" in out.getvalue()
    assert (tmp_path / "home/ana/.config/systemd/user/llm-agentd.service.d/plain.conf").is_file()


def test_a_command_that_fails_or_is_missing_is_told_in_one_line() -> None:
    with pytest.raises(StartError, match=r"sh -c .* failed: no way; try that"):
        commands.run("sh", "-c", "echo no way >&2; exit 3", cure="try that")
    with pytest.raises(StartError, match="no such command"):
        commands.run("systemctl-of-nowhere", cure="try that")
    assert commands.output("systemctl-of-nowhere") == ""
