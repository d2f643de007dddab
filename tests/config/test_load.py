"""`load_config`: the order of sources, errors that name place and fix, keys that are reserved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from llm_agentd.config import ALL_LAYERS, Config, load_config, state_dir
from llm_agentd.config.sources import PLAIN_NAMES
from llm_agentd.config.values import ENGINES
from llm_agentd.errors import StartError

Write = Callable[[str], Path]
HOME = {"HOME": "/home/someone"}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


@pytest.fixture(autouse=True)
def system_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the system's file would be; not this machine's own."""
    path = tmp_path / "etc" / "config.yaml"
    monkeypatch.setattr("llm_agentd.config.load.SYSTEM_FILE", path)
    return path


def value_of(config: Config, key: str) -> Any:
    value: Any = config
    for name in key.split("."):
        value = getattr(value, name)
    return value


def test_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    config = load_config(environ=HOME, cwd=tmp_path)
    wanted = {
        "model.path": None,
        "model.engine": "auto",
        "model.pin_cpus": "auto",
        "model.cpu_priority": "nice",
        "batch.size": 8,
        "batch.window_ms": 50,
        "batch.queue_max": 1024,
        "inference.timeout_ms": 5000,
        "inference.max_tokens": 64,
        "inference.temperature": 0.7,
        "inference.top_p": 0.95,
        "inference.repeat_penalty": None,
        "inference.seed": None,
        "cache.enabled": True,
        "cache.ttl_s": 300,
        "cache.variants.infer": 1,
        "cache.variants.think": 3,
        "zmq.endpoint": "auto",
        "http.host": "127.0.0.1",
        "http.port": 8000,
        "http.enabled": True,
        "http.allow_plain": False,
    }
    assert {key: value_of(config, key) for key in wanted} == wanted


def test_config_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().batch.size = 4  # type: ignore[misc]


def test_later_source_overrides_earlier_ones(write: Write, tmp_path: Path) -> None:
    path = write("batch:\n  size: 2\n  window_ms: 2\n  queue_max: 2\ninference:\n  timeout_ms: 2\n  max_tokens: 2\n")
    (tmp_path / ".env").write_text(
        "BATCH_SIZE=3\nBATCH_TIMEOUT_MS=3\nexport LLM_AGENT_BATCH__QUEUE_MAX='4'\nLLM_AGENT_INFERENCE__TIMEOUT_MS=4\n"
        "LLM_AGENT_INFERENCE__MAX_TOKENS=4\nSOMETHING_ELSE=1\n"
    )
    environ = {"BATCH_TIMEOUT_MS": "5", "LLM_AGENT_INFERENCE__TIMEOUT_MS": "6", "LLM_AGENT_INFERENCE__MAX_TOKENS": "6"}
    config = load_config(path, ["inference.max_tokens=7"], environ, tmp_path)
    batch, inference = config.batch, config.inference
    assert (batch.size, batch.window_ms, batch.queue_max) == (3, 5, 4)  # plain names: over YAML, under the rest
    assert (inference.timeout_ms, inference.max_tokens) == (6, 7)


def test_system_file_is_read_where_it_exists(system_file: Path, tmp_path: Path) -> None:
    system_file.parent.mkdir()
    system_file.write_text("http:\n  port: 8123\n")
    assert load_config(environ=HOME, cwd=tmp_path).http.port == 8123


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("MODEL_ID", "smith-1", "model.id", "smith-1"),
        ("GGUF_FILE", "/m/a.gguf", "model.path", Path("/m/a.gguf")),
        ("CACHE_ENABLED", "false", "cache.enabled", False),
        ("CACHE_TTL", "60", "cache.ttl_s", 60),
        ("BATCH_SIZE", "4", "batch.size", 4),
        ("BATCH_TIMEOUT_MS", "20", "batch.window_ms", 20),
        ("INFERENCE_TIMEOUT_MS", "900", "inference.timeout_ms", 900),
        ("GPU_COUNT", "2", "model.gpu_layers", ALL_LAYERS),
        ("GPU_COUNT", "0", "model.gpu_layers", 0),
    ],
)
def test_plain_name_of_an_older_setup_sets_its_key(name: str, text: str, key: str, value: Any, tmp_path: Path) -> None:
    assert value_of(load_config(environ={name: text}, cwd=tmp_path), key) == value
    assert value_of(load_config(environ={name: ""}, cwd=tmp_path), key) == value_of(Config(), key)


def test_plain_names_are_those_of_the_contract() -> None:
    names = "MODEL_ID GGUF_FILE CACHE_ENABLED CACHE_TTL BATCH_SIZE BATCH_TIMEOUT_MS INFERENCE_TIMEOUT_MS GPU_COUNT"
    assert set(PLAIN_NAMES) == set(names.split())


def test_unknown_engine_is_answered_with_all_names(tmp_path: Path) -> None:
    with pytest.raises(StartError) as caught:
        load_config(sets=["model.engine=lama"], environ={}, cwd=tmp_path)
    assert [name for name in ENGINES if repr(name) not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("\nbatch:\n  sze: 4\n", 3, "unknown key batch.sze; did you mean batch.size?"),
        ("btach:\n  size: 4\n", 2, "did you mean batch.size?"),
        ("bathc: 4\n", 1, "did you mean batch?"),
        ("qqq: 4\n", 1, "known sections: model, batch"),
        ("batch:\n  size: many\n", 2, "batch.size: want a whole number, got 'many'"),
        ("batch:\n  size: yes\n", 2, "batch.size: want a number, got True"),
        ("batch:\n  size: 0\n", 2, "batch.size: want at least 1, got 0"),
        ("batch: 8\n", 1, "batch is a section; its keys: batch.size"),
        ("batch:\n  size: 1\n  size: 2\n", 3, "size stands here twice"),
        ("- batch\n", 1, "want sections with keys"),
        ("batch:\n  size: [\n", 3, "not valid YAML"),
        ("batch:\n  size: !!python/name:os.system\n", 2, "not valid YAML"),
        ("model:\n  engine: lama\n", 2, " or 'stub', got 'lama'"),
        ("model:\n  pin_cpus: [0, -1]\n", 2, "model.pin_cpus: want auto, off, or CPU numbers"),
        ("cache:\n  variants:\n    think: 0\n", 3, "cache.variants.think: want at least 1"),
        ("cache:\n  ttl_s: .nan\n", 2, "cache.ttl_s: want a finite number"),
        ("cache:\n  redis_url: http://a\n", 2, "cache.redis_url: want redis://HOST:6379/0"),
        ("cache:\n  redis_url: redis://a,b\n", 2, "more than one host; want redis+sentinel://"),
        ("cache:\n  redis_password_env: A\n  redis_password_file: b\n", 2, "redis_password_file is set too"),
        ("cache:\n  kv_max_bytes: -1\n", 2, "cache.kv_max_bytes: could not parse"),
        ("model:\n  kv_type: q4\n", 2, "model.kv_type: want 'f16' or 'q8_0'"),
        ("agents:\n  remember_turns: -1\n", 2, "agents.remember_turns: want at least 0"),
        ("agents:\n  condense: never\n", 2, "agents.condense: want 'auto', 'model' or 'rules'"),
        ("cache:\n  max_bytes: 999999999TiB\n", 2, "cache.max_bytes: want at most 17592186044416, got '999999999TiB'"),
        ("cache:\n  kv_max_bytes: .inf\n", 2, "cache.kv_max_bytes: "),
        ("agents:\n  memory_max_bytes: 1e400\n", 2, "agents.memory_max_bytes: "),
        ("x: &x {y: *x}\n", 1, "*x is an alias"),
        ("agents:\n  block_words:\n    - &a [x, x]\n    - [*a, *a]\n", 4, "*a is an alias"),
        (f"model:\n  engine: {'x' * 5000}\n", 2, "xxx …"),
        ("speech:\n  tts: espeak\n", 2, "speech.tts: want 'auto', 'off', 'hibari', 'espeak-ng'"),
        ("speech:\n  tts: openai\n", 2, "speech.tts: openai asks the server at speech.base_url, and none is named"),
        ("speech:\n  stt: openai\n", 2, "speech.stt: openai asks the server at speech.base_url, and none is named"),
        ("speech:\n  base_url: ftp://a\n", 2, "speech.base_url: want an address that begins with https:// or http://"),
        ("speech:\n  base_url: http://a/v1/audio/speech\n", 2, "speech.base_url: want the address up to /v1 only"),
        ("speech:\n  key_env: sk-1\n", 2, "speech.key_env: want the name of an environment variable"),
        ("speech:\n  key_env: A\n  key_file: b\n", 2, "speech.key_env: speech.key_file is set too"),
        ("speech:\n  key_env: A\n  base_url: http://10.0.0.1/v1\n", 3, "the key would travel to 10.0.0.1 unencrypted"),
        ("speech:\n  threads: 0\n", 2, "speech.threads: want at least 1"),
        ("zmq:\n  curve_secret_file: a\n", 2, "go together"),
        ("zmq:\n  endpoint: 127.0.0.1:5570\n", 2, "want auto, tcp://HOST:PORT or ipc://PATH"),
        ("http:\n  allowed_hosts: [https://a.example]\n", 2, "http.allowed_hosts: want names such as game.example.org"),
        ("http:\n  allowed_hosts: '*'\n", 2, "http.allowed_hosts: want names such as game.example.org"),
        ("http:\n  token: 1234\n", 2, "http.token: want text (put it in quotes)"),
        ("http:\n  token: hus\n", 2, "http.token: want 4 or more of the characters A-Z a-z"),
        ("http:\n  token: on\n", 2, "http.token: want 4 or more of the characters A-Z a-z"),
        ("http:\n  token: 'with a blank'\n", 2, "http.token: want 4 or more of the characters A-Z a-z"),
        ("http:\n  token: 'sécretsécret'\n", 2, "`llm-agentd token` prints it"),
    ],
)
def test_bad_yaml_names_file_line_and_cure(text: str, line: int, says: str, write: Write, tmp_path: Path) -> None:
    path = write(text)
    with pytest.raises(StartError) as caught:
        load_config(path, environ=HOME, cwd=tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("environ", "sets", "message"),
    [
        (
            {"LLM_AGENT_BATCH__SZE": "4"},
            [],
            "LLM_AGENT_BATCH__SZE: unknown key batch.sze; did you mean LLM_AGENT_BATCH__SIZE?",
        ),
        ({"CACHE_TTL": "long"}, [], "CACHE_TTL: cache.ttl_s: want a number, got 'long'"),
        ({}, ["batch.size=-1"], "--set batch.size: batch.size: want at least 1, got '-1'"),
        ({}, ["batch.size"], "--set batch.size: want SECTION.KEY=VALUE, such as --set batch.size=4"),
    ],
)
def test_bad_variable_or_option_is_named(
    environ: dict[str, str], sets: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(StartError) as caught:
        load_config(None, sets, environ, tmp_path)
    assert str(caught.value) == message


def test_bad_line_of_dotenv_is_named(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("A=1\nLLM_AGENT_HTTP__PROT=1\n")
    with pytest.raises(StartError, match=r"\.env, line 2: unknown key http\.prot; did you mean LLM_AGENT_HTTP__PORT"):
        load_config(None, (), {}, tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"nowhere\.yaml: cannot read the configuration: No such file"):
        load_config(tmp_path / "nowhere.yaml", environ=HOME, cwd=tmp_path)


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StartError, match="not UTF-8"):
        load_config(binary, environ=HOME, cwd=tmp_path)


def test_empty_file_or_section_gives_the_defaults(write: Write, tmp_path: Path) -> None:
    assert load_config(write(""), environ=HOME, cwd=tmp_path) == load_config(environ=HOME, cwd=tmp_path)
    assert load_config(write("batch:\n#  size: 3\n"), environ=HOME, cwd=tmp_path).batch.size == 8


def test_values_may_be_written_in_several_forms(write: Write, tmp_path: Path) -> None:
    path = write("cache:\n  variants: 2\n  max_bytes: 64 MiB\nmodel:\n  pin_cpus: 0,2-3\n  gpu_layers: all\n")
    config = load_config(path, ["cache.variants.think=5", "inference.seed=none"], HOME, tmp_path)
    assert (config.cache.variants.infer, config.cache.variants.think) == (2, 5)
    assert config.cache.max_bytes == 64 * 1024 * 1024
    assert config.model.pin_cpus == (0, 2, 3)
    assert config.model.gpu_layers == ALL_LAYERS
    assert config.inference.seed is None


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/llm-agentd:/var/lib/other", "HOME": "/h"}, "/var/lib/llm-agentd"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/llm-agentd"),
        ({"XDG_STATE_HOME": "not/absolute", "HOME": "/h"}, "/h/.local/state/llm-agentd"),
        ({"LOCALAPPDATA": "/data", "HOME": "/h"}, "/data/llm-agentd"),  # Windows
        ({}, "/var/lib/llm-agentd"),
    ],
)
def test_state_files_lie_in_the_state_folder(environ: dict[str, str], folder: str, tmp_path: Path) -> None:
    assert state_dir(environ) == Path(folder)
    config = load_config(environ=environ, cwd=tmp_path)
    assert config.cache.path == Path(folder, "cache")
    assert config.agents.memory_path == Path(folder, "memory.db")


@pytest.mark.parametrize("key", ["http.tls_cert", "http.tls_key"])
def test_tls_certificate_without_key_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=f"--set {key}: {key}: .* go together; set both or none"):
        load_config(None, [f"{key}=/a.pem"], HOME, tmp_path)
    both = load_config(None, ["http.tls_cert=/a.pem", "http.tls_key=/b.pem"], HOME, tmp_path)
    assert (both.http.tls_cert, both.http.tls_key) == (Path("/a.pem"), Path("/b.pem"))


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("off", "off"),
        ("'off'", "off"),
        ("null", None),
        ("long-enough", "long-enough"),
        ("A-._~+/z09==", "A-._~+/z09=="),
    ],
)
def test_token_is_a_text_or_off_or_left_to_be_made(text: str, token: str | None, write: Write, tmp_path: Path) -> None:
    assert load_config(write(f"http:\n  token: {text}\n"), (), HOME, tmp_path).http.token == token


def test_token_stands_in_no_message(tmp_path: Path) -> None:
    assert "hush" not in repr(load_config(None, ["http.token=hush-hush"], HOME, tmp_path))
    for wrong in ("[hush]", "hush hush hush"):
        (tmp_path / "config.yaml").write_text(f"http:\n  token: {wrong}\n")
        with pytest.raises(StartError) as caught:
            load_config(tmp_path / "config.yaml", (), HOME, tmp_path)
        assert "hush" not in str(caught.value)


def test_classifier_as_file_and_as_address_is_refused(tmp_path: Path) -> None:
    sets = ["agents.moderation_model=/m.gguf", "agents.moderation_url=https://a/v1/moderations"]
    with pytest.raises(StartError, match="moderation_model is set too; want one of them"):
        load_config(None, sets, HOME, tmp_path)
