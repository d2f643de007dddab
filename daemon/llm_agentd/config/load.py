"""`load_config`: gathers the settings of all sources, checks them and builds the frozen object.

Sources, the later wins: defaults, YAML, plain names of older setups, `.env`, environment, `--set`. Whatever is wrong
stops the start with a StartError that says where it stands (file and line, variable, option), what is wanted and which
known key is nearest. Main thread, at start; knows nothing of sockets or engines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llm_agentd.config.paths import SYSTEM_FILE, StateFile
from llm_agentd.config.remote import EXAMPLE, contradictions, field_problem
from llm_agentd.config.sections import Config, known_keys
from llm_agentd.config.sources import (
    DEFAULT,
    Setting,
    from_plain_names,
    from_sets,
    from_variables,
    from_yaml,
    from_yaml_text,
    read_dotenv,
    variable_name,
)
from llm_agentd.config.speech import contradictions as contradictions_of_speech
from llm_agentd.errors import StartError
from llm_agentd.util.did_you_mean import nearest

SHOWN_MAX_CHARS = 200  # of a wrong value: an error is one line
SECRET_KEYS = ("http.token", "cache.redis_url")  # their values stand in no message, nor in the dashboard
# Nor do these in messages: an admin may have pasted a key into an upstream, or in the place of its name.
UNSHOWN_KEYS = (*SECRET_KEYS, "remote.upstreams", "speech.base_url", "speech.key_env")
# Two keys, of which one without the other is wrong, or both at once are.
TOGETHER = (
    ("http.tls_cert", "http.tls_key"),
    ("zmq.curve_secret_file", "zmq.curve_clients_dir"),
    ("zmq.curve_server_key_file", "zmq.curve_client_secret_file"),
)
EITHER = (
    ("agents.moderation_model", "agents.moderation_url"),
    ("cache.redis_password_file", "cache.redis_password_env"),
    ("speech.key_file", "speech.key_env"),
)

# Pydantic's error types in an admin's words; others keep Pydantic's own.
WANTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "at most {le}",
    "path_type": "a path",
    "string_too_short": "some text",
    "string_type": "text (put it in quotes)",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a configuration comes from. `path` None: /etc/llm_agent/config.yaml where it exists."""

    path: Path | None
    sets: Sequence[str]
    environ: Mapping[str, str]
    cwd: Path  # where `.env` lies

    @property
    def file(self) -> Path | None:
        """The YAML file that is read."""
        return self.path or (SYSTEM_FILE if SYSTEM_FILE.exists() else None)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, and by key the setting that decided it: only where a source names the key."""

    config: Config
    settings: Mapping[str, Setting]


def load_config(
    path: Path | None = None,
    sets: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Config:
    """The whole configuration. `path` None reads /etc/llm_agent/config.yaml where it exists. Raises StartError."""
    environ = os.environ if environ is None else environ
    return load_sources(Sources(path, sets, environ, cwd or Path.cwd())).config


def load_sources(sources: Sources, text: str | None = None) -> Loaded:
    """`text`: what the YAML file would hold, to see what came of it. Raises StartError."""
    settings = {one.key: one for setting in _from_all(sources, text) for one in _checked(setting)}
    config = _validate(settings)
    _check_pairs(settings)
    _check_servers(config, settings)
    return Loaded(config, settings)


def _from_all(sources: Sources, text: str | None) -> Iterator[Setting]:
    """The settings of every source, the strongest last."""
    for key, field in known_keys().items():
        if isinstance(field.default_factory, StateFile):
            yield Setting(key, field.default_factory.in_folder(sources.environ), DEFAULT, is_text=False)
    if text is not None:
        yield from from_yaml_text(sources.path or SYSTEM_FILE, text)
    elif sources.file is not None:
        yield from from_yaml(sources.file)
    dotenv = dict(read_dotenv(sources.cwd / ".env"))
    variables = {name: (value, name) for name, value in sources.environ.items()}
    yield from from_plain_names(dotenv)
    yield from from_plain_names(variables)
    yield from from_variables(dotenv)
    yield from from_variables(variables)
    yield from from_sets(sources.sets)


def _checked(setting: Setting) -> Iterator[Setting]:
    """Refuses what is unknown; turns text into None where `none` is meant; one number for all variants into two."""
    key, value = setting.key, setting.value
    keys = known_keys()
    below = [known for known in keys if known.startswith(key + ".")]
    if below:
        if value is None:  # a section whose keys are all commented out
            return
        if key != "cache.variants":
            raise StartError(f"{setting.where}: {key} is a section; its keys: {', '.join(below)}")
        for known in below:
            yield replace(setting, key=known)
        return
    if key not in keys:
        raise StartError(f"{setting.where}: {unknown_key(setting)}")
    if setting.is_text and value.strip().lower() in ("", "none", "null") and keys[key].default is None:
        value = None
    yield replace(setting, value=value)


def unknown_key(setting: Setting) -> str:
    """What is wrong with a key that nobody knows, and the nearest known one."""
    keys = known_keys()
    holder = next((key for key in keys if setting.key.startswith(f"{key}.")), None)
    if holder == "remote.upstreams":
        return f"{holder} is a list: want `- ` before the first key of each upstream, or a JSON list such as {EXAMPLE}"
    sections = {key.split(".")[0]: "" for key in keys}
    names = list(keys) if "." in setting.key else list(sections)
    near = nearest(setting.key, names) or nearest(setting.key, keys)
    if near is None:
        return f"unknown key {setting.key}; known sections: {', '.join(sections)}"
    hint = variable_name(near) if setting.is_env else near
    return f"unknown key {setting.key}; did you mean {hint}?"


def _validate(settings: Mapping[str, Setting]) -> Config:
    tree: dict[str, Any] = {}
    for key, setting in settings.items():
        *sections, name = key.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
        branch[name] = setting.value
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise StartError(_reason(error, settings)) from error


def _reason(error: ValidationError, settings: Mapping[str, Setting]) -> str:
    """The first of Pydantic's complaints as `WHERE: KEY: want …, got …`."""
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    # A union's member or a list's index may follow the key: the longest known head is the key.
    heads = (".".join(path[:size]) for size in range(len(path), 0, -1))
    key = next((head for head in heads if head in settings), ".".join(path))
    wanted = _wanted(first["type"], first.get("ctx", {}), first["msg"])
    if key not in settings:
        return f"configuration: {key}: {wanted}"
    setting = settings[key]
    if key == "remote.upstreams":
        return _reason_inside(setting, path[2:], field_problem(first["type"], path) or wanted)
    got = "" if key in UNSHOWN_KEYS else f", got {_shown(setting.value)}"
    return f"{setting.where}: {key}: {wanted}{got}"


def _reason_inside(setting: Setting, path: list[str], wanted: str) -> str:
    """Of a list of objects: the line of the field, or of what holds it where it is missing, and its path."""
    heads = (".".join(path[:size]) for size in range(len(path), 0, -1))
    where = next((setting.places[head] for head in heads if head in setting.places), setting.where)
    place = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in path)
    return f"{where}: {setting.key}{place}: {wanted}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_MAX_CHARS else text[:SHOWN_MAX_CHARS] + " …"


def _wanted(kind: str, limits: Mapping[str, Any], message: str) -> str:
    """Pydantic's verdict in an admin's words."""
    if kind in WANTED:
        return "want " + WANTED[kind].format_map(limits)
    return message.removeprefix("Value error, ").replace("Input should be", "want", 1)


def _check_servers(config: Config, settings: Mapping[str, Setting]) -> None:
    of_models = contradictions(config.remote, config.model.engine)
    for key, wanted in (*of_models, *contradictions_of_speech(config.speech)):
        raise StartError(f"{settings[key].where}: {key}: {wanted}")


def _check_pairs(settings: Mapping[str, Setting]) -> None:
    """Half a pair would mean no TLS, or no keys. (Which addresses need them is checked where they are bound.)"""
    present = {key for key, setting in settings.items() if setting.value is not None}
    for pair in TOGETHER:
        halves = [key for key in pair if key in present]
        if len(halves) == 1:
            where = settings[halves[0]].where
            raise StartError(f"{where}: {halves[0]}: {' and '.join(pair)} go together; set both or none")
    for first, second in EITHER:
        if present.issuperset((first, second)):
            raise StartError(f"{settings[second].where}: {second}: {first} is set too; want one of them")
