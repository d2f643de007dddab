"""Where settings come from: YAML, `.env`, environment, `--set`. Each keeps its place, for the error that names it.

Reads and takes apart only; which keys there are and what they may hold is known to load.py. Main thread, at start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from llm_agentd.errors import StartError
from llm_agentd.util.yaml_lines import YamlError, YamlNode, parse_yaml

ENV_PREFIX = "LLM_AGENT_"
DEFAULT = "default"  # `where` of what no source names
# GPU_COUNT is no plain copy: any GPU means "all layers".
PLAIN_NAMES = {
    "MODEL_ID": "model.id",
    "GGUF_FILE": "model.path",
    "CACHE_ENABLED": "cache.enabled",
    "CACHE_TTL": "cache.ttl_s",
    "BATCH_SIZE": "batch.size",
    "BATCH_TIMEOUT_MS": "batch.window_ms",
    "INFERENCE_TIMEOUT_MS": "inference.timeout_ms",
    "GPU_COUNT": "model.gpu_layers",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value as one source gave it. `where` is for people: `FILE, line 7`, a variable, `--set`."""

    key: str
    value: Any
    where: str
    is_text: bool = True  # from the environment or the command line: everything is a string there
    is_env: bool = False
    places: Mapping[str, str] = field(default_factory=dict)  # of what is inside a list, by path: `0.base_url` → where

    @property
    def is_in_file(self) -> bool:
        """Whether the YAML file has it, so that a change there counts."""
        return not self.is_text and self.where != DEFAULT


def from_yaml(path: Path) -> Iterator[Setting]:
    """Every key of the file with its line."""
    yield from from_yaml_text(path, read_yaml(path))


def read_yaml(path: Path) -> str:
    """Raises StartError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror) if isinstance(error, OSError) else "it is not UTF-8 text"
        if isinstance(error, PermissionError):
            reason += "; run this as a user who may read it, such as with sudo, or name a file of yours with --config"
        raise StartError(f"{path}: cannot read the configuration: {reason}") from error


def from_yaml_text(path: Path, text: str) -> Iterator[Setting]:
    """As `from_yaml`, of what the file holds or would hold."""
    try:
        root = parse_yaml(text)
        if root is not None:
            yield from _from_node(root, "", path)
    except YamlError as error:
        line = f", line {error.line}" if error.line else ""
        raise StartError(f"{path}{line}: {error.reason}") from error


def _from_node(node: YamlNode, key: str, path: Path) -> Iterator[Setting]:
    """A mapping's keys are settings or sections; anything else is the value of `key`."""
    where = f"{path}, line {node.line}"
    fields = node.fields()
    if fields is None:
        if not key:
            raise StartError(f"{where}: want sections with keys, such as `batch:` and under it `size: 8`")
        yield Setting(key, node.value(), where, is_text=False, places=dict(_places(node, "", path)))
        return
    for name, child in fields.items():
        yield from _from_node(child, f"{key}.{name}" if key else name, path)


def _places(node: YamlNode, inner: str, path: Path) -> Iterator[tuple[str, str]]:
    """Where each item of a list stands, and each field of an item that is a mapping, however deep."""
    children = enumerate(node.items() or ())
    for name, child in (*children, *(node.fields() or {}).items()):
        below = f"{inner}.{name}" if inner else f"{name}"
        yield below, f"{path}, line {child.line}"
        yield from _places(child, below, path)


def read_dotenv(path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """name → (value, where)."""
    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8") as stream:
            for binding in parse_stream(stream):
                where = f"{path}, line {binding.original.line}"
                if binding.error:
                    raise StartError(f"{where}: want NAME=VALUE")
                if binding.key is not None:
                    yield binding.key, (binding.value or "", where)
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: cannot read it: {error}") from error


def variable_name(key: str) -> str:
    """`batch.size` → `LLM_AGENT_BATCH__SIZE`."""
    return ENV_PREFIX + key.upper().replace(".", "__")


def from_variables(variables: Mapping[str, tuple[str, str]]) -> Iterator[Setting]:
    for name, (value, where) in variables.items():
        if name.startswith(ENV_PREFIX):
            key = name.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            yield Setting(key, value, where, is_env=True)


def from_plain_names(variables: Mapping[str, tuple[str, str]]) -> Iterator[Setting]:
    for name, key in PLAIN_NAMES.items():
        value, where = variables.get(name, ("", ""))
        if not value:
            continue
        if name == "GPU_COUNT" and value.isdecimal():
            value = "all" if int(value) else "0"
        yield Setting(key, value, where, is_env=True)


def from_sets(sets: Sequence[str]) -> Iterator[Setting]:
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals:
            raise StartError(f"--set {text}: want SECTION.KEY=VALUE, such as --set batch.size=4")
        yield Setting(key.strip(), value, f"--set {key.strip()}")
