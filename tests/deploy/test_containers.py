"""The container files: hadolint, what the compose file sets against what the daemon accepts, and compose itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_agentd.config import load_config
from llm_agentd.config.http_binding import check_binding
from llm_agentd.config.sources import ENV_PREFIX
from tests.support.vllm_router import SERVICE, shipped_options

DOCKERFILES = ("Dockerfile", "vllm-router.Dockerfile")
TOKEN = "of-this-test-0123456789ab"
TIMEOUT_S = 60
UPSTREAMS = "LLM_AGENTD_UPSTREAMS"


@pytest.fixture
def deploy(repo: Path) -> Path:
    return repo / "deploy"


@pytest.fixture
def services(deploy: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return content


def example(deploy: Path) -> dict[str, str]:
    """The variables of env.example, those that are commented out too, and a token."""
    text = (deploy / "env.example").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert variables["LLM_AGENTD_TOKEN"] == "", "nobody shall start with a token that stands in a file of ours"
    return variables | {"LLM_AGENTD_TOKEN": TOKEN}


def filled_in(value: str, variables: Mapping[str, str]) -> str:
    """As compose does: ${NAME:-default} and ${NAME:?why it is wanted}."""

    def one(found: re.Match[str]) -> str:
        value = variables.get(found["name"], "")
        if not value and found["kind"] == "?":
            raise KeyError(found["name"])
        return value or found["rest"]

    return re.sub(r"\$\{(?P<name>\w+):(?P<kind>[-?])(?P<rest>[^}]*)\}", one, value)


def environment(services: dict[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    return {name: filled_in(value, variables) for name, value in services["daemon"]["environment"].items()}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_finds_nothing(deploy: Path, name: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "hadolint", deploy / name],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_image_has_no_rights_and_says_whether_it_lives(deploy: Path) -> None:
    text = (deploy / "Dockerfile").read_text(encoding="utf-8")
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "/healthz" in last
    assert "--require-hashes -r runtime.txt -r redis.txt" in text
    ignored = (deploy / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    for copied in re.findall(r"^COPY (?!--from)(.*) \./$", text, re.MULTILINE):
        for path in copied.split():
            assert f"!{path}" in ignored, path


@pytest.mark.parametrize(("file", "extras"), [("redis.txt", ["redis"]), ("speech.txt", ["speech", "hearing", "signs"])])
def test_hashes_of_the_image_cover_the_extras_that_it_adds(repo: Path, file: str, extras: Sequence[str]) -> None:
    wanted = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    pinned = (repo / "requirements" / file).read_text(encoding="utf-8")
    development = (repo / "constraints.txt").read_text(encoding="utf-8")
    for requirement in chain.from_iterable(wanted[extra] for extra in extras):
        lines = re.findall(rf"^{re.split('[^a-z-]', requirement)[0]}==\S+", pinned, re.MULTILINE)
        assert lines, requirement
        assert all(line in development for line in lines), "the image has what was tested"
    assert pinned.count("--hash=sha256:") >= 2


def test_image_speaks_where_it_is_asked_to(deploy: Path) -> None:
    build, last = (deploy / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[1:]
    assert "${SPEECH:+-r speech.txt}" in build
    assert "${SPEECH:+espeak-ng}" in last
    assert all("\nARG SPEECH\n" in stage for stage in (build, last)), "a stage knows no argument that it does not name"


def test_compose_sets_what_the_daemon_accepts(
    deploy: Path, services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once as it comes, and once with every line of env.example: our own loader takes all of it."""
    monkeypatch.chdir(tmp_path)
    everything = example(deploy)
    for variables in ({"LLM_AGENTD_TOKEN": TOKEN}, everything):
        given = environment(services, variables)
        assert all(name.startswith(ENV_PREFIX) for name in given)
        with monkeypatch.context() as patched:
            for name, value in given.items():
                patched.setenv(name, value)
            config = load_config()
        http = config.http
        check_binding(http.host, http.token, tls=False, allow_plain=http.allow_plain)
        assert http.token == TOKEN
        assert config.cache.redis_url is not None
    assert config.model.engine == "openai"
    assert [upstream.base_url for upstream in config.remote.upstreams] == [f"http://{SERVICE}:8080/v1"]


def test_compose_does_not_start_without_a_token(services: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match="LLM_AGENTD_TOKEN"):
        environment(services, {})


def test_nothing_in_compose_is_reached_from_other_machines(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", ["daemon", "redis", "prometheus", SERVICE])
def test_each_service_gives_up_what_it_does_not_need(services: dict[str, Any], name: str) -> None:
    service = services[name]
    from_environment = bool(service.get("secrets"))  # compose cannot copy it into what is read-only (compose#12031)
    assert service.get("read_only", False) is not from_environment
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_prometheus_gets_the_configuration_of_the_repository(repo: Path, services: dict[str, Any]) -> None:
    mounted = {Path(volume.split(":")[0]) for volume in services["prometheus"]["volumes"] if volume.startswith("..")}
    assert mounted == {Path("../monitoring/prometheus.yml"), Path("../monitoring/alerts.yml")}
    assert all((repo / "deploy" / path).is_file() for path in mounted)
    scrape = yaml.safe_load((repo / "monitoring" / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]
    (secret,) = services["prometheus"]["secrets"]
    assert Path(secret["target"]).name == scrape["authorization"]["credentials_file"]
    assert services["prometheus"]["network_mode"] == "service:daemon", "its target is 127.0.0.1"


def test_vllm_router_knows_the_options_it_is_given() -> None:
    known = subprocess.run(
        [Path(sys.executable).parent / "vllm-router", "--help"], capture_output=True, text=True, timeout=TIMEOUT_S
    ).stdout
    named = [word.split("=")[0] for word in shipped_options()]
    assert len(named) > 8
    for option in named:
        assert f"{option} " in known or f"{option}\n" in known, option


def test_guide_starts_vllm_router_as_compose_does(repo: Path) -> None:
    guide = (repo / "docs" / "scaling.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^vllm-router ((?:.*\\\n)*.*)$", guide, re.MULTILINE)
    words = command.replace("\\\n", " ").split()
    own = words.index("--policy")
    pairs = [f"{name}={value}" for name, value in zip(words[own::2], words[own + 1 :: 2], strict=True)]
    assert len(pairs) > 5
    assert set(pairs) <= set(shipped_options())


def test_docker_compose_reads_the_file(deploy: Path, tmp_path: Path) -> None:
    """Where its plugin is to be had; what it would complain of is mostly what the tests above look at."""
    if not (program := _docker_compose()):
        return
    environment = tmp_path / "env"
    environment.write_text("".join(f"{name}={value}\n" for name, value in example(deploy).items()), encoding="utf-8")
    file = str(deploy / "compose.yaml")
    command = [*program, "--env-file", str(environment), "-f", file, "--profile", "vllm", "config", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr


def _docker_compose() -> list[str]:
    if docker := shutil.which("docker"):
        found = subprocess.run([docker, "compose", "version"], capture_output=True, timeout=TIMEOUT_S, check=False)
        if found.returncode == 0:
            return [docker, "compose"]
    return []
