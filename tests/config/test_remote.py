"""The section `remote`: lists of upstreams from every source, and errors that name the place and show no key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_agentd.config import Config, load_config
from llm_agentd.config.load import Sources
from llm_agentd.config.settings import Settings
from llm_agentd.errors import BadRequest, StartError

KEY = "sk-planted-0123456789abcdef"
LOCAL = {"base_url": "http://127.0.0.1:8080", "model": "qwen"}
HEAD = "remote:\n  upstreams:\n    - base_url: https://a.example/v1\n      model: m\n"


def load(folder: Path, text: str = "", *sets: str, **environ: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, sets, environ, folder)


def problem(folder: Path, text: str = "", *sets: str, **environ: str) -> str:
    with pytest.raises(StartError) as caught:
        load(folder, text, *sets, **environ)
    message = str(caught.value)
    assert "\n" not in message
    assert KEY not in message
    return message


def test_nothing_is_remote_unless_it_is_configured() -> None:
    remote = Config().remote
    assert (remote.upstreams, remote.policy, remote.daily_tokens, remote.monthly_tokens) == ((), "never", 0, 0)


def test_list_of_upstreams_comes_from_yaml_environment_or_option(tmp_path: Path) -> None:
    text = (
        "remote:\n  policy: quality\n  quality_intents: [quest]\n  quality_roles: elder, smith\n  upstreams:\n"
        "  - base_url: https://api.example/openai/v1/\n    model: big\n    api_key_env: BIG_KEY\n    name: cloud\n"
        "  - {base_url: 'http://[::1]:8080', model: small, max_parallel: 4}\n"
    )
    remote = load(tmp_path, text).remote
    assert [(one.base_url, one.model, one.max_parallel, one.place) for one in remote.upstreams] == [
        ("https://api.example/openai/v1", "big", 16, "api.example"),
        ("http://[::1]:8080/v1", "small", 4, "[::1]:8080"),
    ]
    assert (remote.quality_intents, remote.quality_roles) == (("quest",), ("elder", "smith"))
    by_variable = load(tmp_path, LLM_AGENT_REMOTE__UPSTREAMS=json.dumps([LOCAL, LOCAL]))
    assert [one.base_url for one in by_variable.remote.upstreams] == ["http://127.0.0.1:8080/v1"] * 2
    (tmp_path / ".env").write_text(f"LLM_AGENT_REMOTE__UPSTREAMS='{json.dumps([LOCAL])}'\n")
    assert len(load(tmp_path).remote.upstreams) == 1
    by_option = load(tmp_path, text, f"remote.upstreams={json.dumps(LOCAL)}", "remote.policy=always")
    assert [one.model for one in by_option.remote.upstreams] == ["qwen"]  # the stronger source, whole
    assert load(tmp_path, "", "remote.upstreams=").remote.upstreams == ()


@pytest.mark.parametrize(
    ("more", "line", "says"),
    [
        ("    - model: m\n", 5, "remote.upstreams[1].base_url: want base_url"),
        ("    - base_url: ftp://a/v1\n      model: m\n", 5, "[1].base_url: want an address that begins with https://"),
        ("    - model: m\n      base_url: a.example\n", 6, "[1].base_url: want an address that begins with https://"),
        ("    - model: m\n      base_url: https://a:99999/v1\n", 6, "want an address such as https://HOST/v1"),
        ("    - model: m\n      base_url: https://a/v1/chat/completions\n", 6, "the address up to /v1 only"),
        ("    - model: m\n      base_url: https://a/v1?key=1\n", 6, "without ? and #"),
        (f"    - model: m\n      base_url: https://u:{KEY}@a/v1\n", 6, "name that as api_key_file"),
        (
            "    - model: m\n      base_url: http://192.0.2.1/v1\n",
            5,
            "what players say would travel to 192.0.2.1 unenc",
        ),
        (
            "    - model: m\n      base_url: http://192.0.2.1/v1\n      api_key_env: K\n",
            5,
            "the key and what players say",
        ),
        (f"      api_key: {KEY}\n", 5, "[0].api_key: a key does not stand in the configuration"),
        (f"      api_key_env: {KEY}\n", 5, "[0].api_key_env: want the name of an environment variable"),
        (f"      api_key_env: K\n      api_key_file: /{KEY}/k\n", 3, "[0]: want api_key_env or api_key_file, not both"),
        ("      max_paralel: 3\n", 5, "[0].max_paralel: unknown; an upstream has base_url, model, api_key_env"),
        ("      max_parallel: 0\n", 5, "[0].max_parallel: want at least 1"),
        ("      name: 'x\x09'\n", 5, "[0].name: want a short name"),
        ("      name: x\n    - {base_url: https://b/v1, model: m, name: x}\n", 2, "two upstreams are called 'x'"),
        ("      model: n\n", 5, "model stands here twice"),
        ("    - m\n", 2, "want a list of upstreams, each with base_url and model, such as [{"),
        ("  policy: sometimes\n", 5, "remote.policy: want 'never', 'fallback', 'quality' or 'always'"),
        ("  policy: quality\n", 5, "quality_intents and quality_roles are empty"),
        ("  quality_intents: [chat]\n", 5, "want 'dialogue', 'quest', 'trade', 'tactics' or 'gesture'"),
        ("  policy: fallback\nmodel:\n  engine: openai\n", 5, "needs a local model"),
        ("  policy: quality\n  quality_roles: a\nmodel: {engine: openai}\n", 5, "needs a local model"),
        ("  daily_tokens: -1\n", 5, "remote.daily_tokens: want at least 0"),
        ("  warn_share: 80\n", 5, "remote.warn_share: want at most 1"),
    ],
)
def test_bad_upstream_names_file_line_and_cure(tmp_path: Path, more: str, line: int, says: str) -> None:
    message = problem(tmp_path, HEAD + more)
    assert message.startswith(f"{tmp_path / 'config.yaml'}, line {line}: "), message
    assert says in message


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("remote:\n  policy: fallback\n", 2, "there are none; want at least one, such as [{"),
        ("model:\n  engine: openai\n", 2, "openai asks the servers in remote.upstreams, and there are none"),
        ("remote:\n  upstreams:\n    base_url: https://a/v1\n", 3, "remote.upstreams is a list: want `- ` before"),
    ],
)
def test_missing_upstreams_are_named(tmp_path: Path, text: str, line: int, says: str) -> None:
    message = problem(tmp_path, text)
    assert message.startswith(f"{tmp_path / 'config.yaml'}, line {line}: ")
    assert says in message


def test_bad_json_of_a_variable_or_option_is_named(tmp_path: Path) -> None:
    message = problem(tmp_path, LLM_AGENT_REMOTE__UPSTREAMS=f'[{{"api_key": "{KEY}"')
    assert message.startswith("LLM_AGENT_REMOTE__UPSTREAMS: remote.upstreams: want a JSON list, such as [{")
    wrong = json.dumps([LOCAL, {**LOCAL, "token": KEY}])
    message = problem(tmp_path, "", f"remote.upstreams={wrong}")
    assert message.startswith("--set remote.upstreams: remote.upstreams[1].token: a key does not stand in the config")


def test_plain_http_beyond_this_machine_must_be_allowed(tmp_path: Path) -> None:
    text = HEAD.replace("https://a.example", "http://192.0.2.1:8000") + "      allow_plain: true\n"
    assert load(tmp_path, text).remote.upstreams[0].base_url == "http://192.0.2.1:8000/v1"


def test_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o644)
    text = f"{HEAD}      api_key_file: {file}\n"
    message = problem(tmp_path, text)
    assert message.startswith(f"{tmp_path / 'config.yaml'}, line 5: remote.upstreams[0].api_key_file: other users can")
    assert f"run `chmod 600 {file}`" in message
    file.chmod(0o640)
    assert load(tmp_path, text).remote.upstreams[0].api_key_file == file


def test_engine_openai_wants_no_policy_but_takes_always(tmp_path: Path) -> None:
    text = HEAD + "model:\n  engine: openai\n"
    assert load(tmp_path, text).model.engine == "openai"
    assert load(tmp_path, text, "remote.policy=always").remote.policy == "always"


def test_upstreams_are_shown_and_changed_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(HEAD, encoding="utf-8")
    settings = Settings(Sources(file, (), {}, tmp_path))

    def row() -> dict[str, object]:
        return next(row for row in settings.listing()["settings"] if row["key"] == "remote.upstreams")

    assert row().items() >= {"type": "objects", "value": [{"base_url": "https://a.example/v1", "model": "m"}]}.items()
    settings.change("remote.upstreams", [LOCAL, {**LOCAL, "name": "two"}])
    assert [one.name for one in load_config(file, (), {}, tmp_path).remote.upstreams] == [None, "two"]
    settings.change("remote.upstreams", json.dumps([LOCAL]))  # as a form's text
    assert row()["value"] == [{"base_url": "http://127.0.0.1:8080/v1", "model": "qwen"}]
    with pytest.raises(BadRequest) as refused:
        settings.change("remote.upstreams", [{**LOCAL, "api_key": KEY}])
    assert KEY not in str(refused.value)
    settings.change("remote.upstreams", None)
    assert row()["value"] == []
