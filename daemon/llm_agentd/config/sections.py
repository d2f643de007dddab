"""Configuration: one frozen object, loaded once at start and handed on as narrow arguments.

Sources, the later wins: defaults below, YAML, plain names of older setups, `.env`, environment, `--set`.
Whatever is wrong stops the start with a StartError that says where it stands (file and line, variable, option),
what is wanted and which known key is nearest. Runs in the main thread; knows nothing of sockets or engines.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from llm_agentd.config.sources import (
    ENV_PREFIX,
    Setting,
    from_plain_names,
    from_sets,
    from_variables,
    from_yaml,
    read_dotenv,
)
from llm_agentd.errors import StartError

SYSTEM_FILE = Path("/etc/llm_agent/config.yaml")
MIB = 1024 * 1024
CPUS_MAX = 1024  # what the kernel's default affinity mask holds

# Names of the contract that this version does not act on: refused with a word, never silently ignored.
NOT_YET = (
    "remote",
    "speech",
    "cache.redis_url",
    "zmq.curve_",
)
ALL_LAYERS = -1

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


def _home_path(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:  # no home folder, as under systemd's DynamicUser
        raise ValueError(f"{error}; write the whole path") from error


def _engine(name: Any) -> Any:
    if name == "openai":
        raise ValueError(f"engine {name} is not in this version yet; leave it at auto")
    return name


def _codes(value: Any) -> Any:
    """`"en, de"` → (en, de); nothing is none."""
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value or ()


def _layers(value: Any) -> Any:
    return ALL_LAYERS if value == "all" else value


def _cpus(value: Any) -> Any:
    """`"0,2-3"` → (0, 2, 3); a single number is a list of one."""
    if value in ("auto", "off"):
        return value
    parts = value if isinstance(value, (list, tuple)) else str(value).split(",")
    cpus: list[int] = []
    for part in parts:
        first, dash, last = str(part).strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or int(last or first) >= CPUS_MAX:
            raise ValueError("want auto, off, or CPU numbers such as 0,2-3")
        cpus += range(int(first), int(last or first) + 1)
    return tuple(cpus)


def _switch(value: Any) -> Any:
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value  # YAML's own on and off


def _words(value: Any) -> Any:
    """A list of words, or one text with commas between them."""
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("want words, in quotes where YAML would read a number or a truth value")
    return tuple(part.strip() for part in parts if part.strip())


def _endpoint(value: str) -> str:
    if not value.startswith(("tcp://", "ipc://")):
        raise ValueError("want tcp://HOST:PORT or ipc://PATH")
    return value


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):  # Python counts `yes` as 1, an admin does not
        raise ValueError("want a number")
    return value


EngineName: TypeAlias = Literal["auto", "llama", "llama_native", "ctransformers", "stub"]
HomePath: TypeAlias = Annotated[Path, AfterValidator(_home_path)]
LanguageCode: TypeAlias = Annotated[str, Field(pattern="^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
Whole: TypeAlias = Annotated[int, BeforeValidator(_no_bool)]
Number: TypeAlias = Annotated[float, BeforeValidator(_no_bool)]


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where things survive a restart: systemd's StateDirectory, else the user's state folder (XDG)."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    xdg = environ.get("XDG_STATE_HOME", "")
    if xdg.startswith("/"):
        return Path(xdg, "llm-agentd")
    home = environ.get("HOME", "")
    return Path(home, ".local/state/llm-agentd") if home.startswith("/") else Path("/var/lib/llm-agentd")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Model(Section):
    """Which model answers, and on what."""

    path: HomePath | None = Field(None, description="GGUF file; none = the embedded model")
    id: str | None = Field(None, description="name shown to clients; none = the file's own name")
    languages: Annotated[tuple[LanguageCode, ...], BeforeValidator(_codes)] = Field(
        (), description="codes of the languages it speaks, such as en, de; none = what its file says"
    )
    engine: Annotated[EngineName, BeforeValidator(_engine)] = Field(
        "auto", description="auto, llama, llama_native, ctransformers or stub"
    )
    context_tokens: Whole | None = Field(
        None, ge=64, description="prompt plus reply of one request; none = the model's own"
    )
    threads: Whole | None = Field(None, ge=1, le=512, description="threads that compute; none = found at start")
    pin_cpus: Annotated[Literal["auto", "off"] | tuple[int, ...], BeforeValidator(_cpus)] = Field(
        "auto", description="CPUs of the inference thread: auto, off, or numbers such as 0,2-3"
    )
    cpu_priority: Literal["normal", "nice", "batch", "idle"] = Field(
        "nice", description="how the model gives way to the game: normal (not at all), nice, batch or idle (most)"
    )
    gpu_layers: Annotated[Whole, BeforeValidator(_layers)] = Field(
        0, ge=ALL_LAYERS, description="layers on the GPU; all (or -1) = all"
    )
    kv_type: Literal["f16", "q8_0"] = Field(
        "f16", description="how the state of prompts is held: f16, or q8_0 in half the memory"
    )


class Batch(Section):
    """How requests are gathered."""

    size: Whole = Field(8, ge=1, le=256, description="requests computed at the same time, at most")
    window_ms: Number = Field(50, ge=0, le=10_000, description="milliseconds a first request waits for company")
    queue_max: Whole = Field(1024, ge=1, le=1_000_000, description="waiting requests; more are answered `overloaded`")


class Inference(Section):
    """What a request gets that does not say otherwise."""

    timeout_ms: Whole = Field(5000, ge=1, description="milliseconds until `deadline_exceeded`")
    max_tokens: Whole = Field(64, ge=1, description="tokens of a reply, at most")
    temperature: Number = Field(0.7, ge=0, le=5, description="0 = always the likeliest word")
    top_p: Number = Field(0.95, gt=0, le=1, description="share of likely words to choose from")
    seed: Whole | None = Field(None, ge=0, le=2**32 - 2, description="same seed, same reply; none = random")
    shutdown_grace_s: Number = Field(5, ge=0, description="seconds that running requests get when the daemon stops")


class Variants(Section):
    """How many different replies are kept for the same question before they are repeated."""

    infer: Whole = Field(1, ge=1, le=64, description="for `infer`")
    think: Whole = Field(3, ge=1, le=64, description="for `think`, so that NPCs do not repeat themselves")


class Cache(Section):
    """Replies kept on disk."""

    enabled: bool = Field(True, description="false = compute everything anew")
    path: HomePath = Field(
        default_factory=lambda: state_dir(os.environ) / "cache",
        description="folder; default $STATE_DIRECTORY/cache or ~/.local/state/llm-agentd/cache",
    )
    ttl_s: Number = Field(300, gt=0, description="seconds a reply is served from the cache")
    max_bytes: ByteSize = Field(ByteSize(256 * MIB), ge=MIB, description="disk space of replies; 256MiB works too")
    kv_max_bytes: ByteSize = Field(
        ByteSize(512 * MIB), ge=0, description="computed beginnings of prompts, in memory and as much on disk; 0 = none"
    )
    variants: Variants = Variants()


class Zmq(Section):
    """The daemon's own door."""

    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        "tcp://127.0.0.1:5570", description="tcp://HOST:PORT or ipc://PATH"
    )
    retry_s: Number = Field(10, gt=0, description="seconds the HTTP adapter waits for a daemon before it answers 503")


class Http(Section):
    """The HTTP adapter, the mod's door."""

    enabled: bool = Field(True, description="false = `serve` starts no adapter")
    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: Whole = Field(8000, ge=0, le=65_535, description="0 = any free port")
    token: str | None = Field(None, min_length=1, repr=False, description="wanted as `Authorization: Bearer …`")
    tls_cert: HomePath | None = Field(None, description="certificate chain (PEM)")
    tls_key: HomePath | None = Field(None, description="its private key (PEM)")
    allow_plain: bool = Field(False, description="true = a token may travel without TLS beyond this machine")


class Agents(Section):
    """What an NPC is."""

    roles_dir: HomePath | None = Field(
        None,
        description="folder of your own roles (NAME.yaml), over the shipped ones; "
        "none = $STATE_DIRECTORY/roles or ~/.local/state/llm-agentd/roles",
    )
    language: str = Field("en", min_length=1, description="language of replies where a request names none")
    moderation: Annotated[Literal["on", "off", "strict"], BeforeValidator(_switch)] = Field(
        "on", description="on = what players say and what NPCs answer is checked; strict = doubtful words too; off"
    )
    age: Literal["everyone", "teen", "mature"] = Field(
        "teen", description="whom the game is for: everyone (no mild words either), teen, or mature (crude words pass)"
    )
    block_words: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        (), description="words of your own to block"
    )
    allow_words: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field((), description="words that always pass")
    moderation_model: HomePath | None = Field(
        None,
        description="GGUF that says safe or unsafe (Llama Guard), asked of what the lists let pass; none = lists alone",
    )
    moderation_url: str | None = Field(
        None,
        pattern="^https?://",
        description="instead of it an address of OpenAI's shape: https://HOST/v1/moderations",
    )
    moderation_key_env: str | None = Field(None, description="environment variable with the key for moderation_url")
    moderation_timeout_ms: Whole = Field(2000, ge=1, description="milliseconds that moderation_url may take")
    audit_path: HomePath = Field(
        default_factory=lambda: state_dir(os.environ) / "moderation.jsonl",
        description="what was held back, as JSON lines; default $STATE_DIRECTORY/moderation.jsonl or "
        "~/.local/state/llm-agentd/moderation.jsonl",
    )
    audit_days: Number = Field(30, gt=0, le=3650, description="days that the audit log is kept")
    memory_path: HomePath = Field(
        default_factory=lambda: state_dir(os.environ) / "memory.db",
        description="file; default $STATE_DIRECTORY/memory.db or ~/.local/state/llm-agentd/memory.db",
    )
    memory_max_bytes: ByteSize = Field(
        ByteSize(128 * MIB), ge=MIB, description="disk space of what NPCs remember; the oldest goes first"
    )
    remember_turns: Whole = Field(
        5, ge=0, le=50, description="last exchanges with a player that stand in a prompt; 0 = nothing is remembered"
    )
    condense: Literal["auto", "model", "rules"] = Field(
        "auto", description="how old exchanges become facts: by the model, by rules, or auto (rules where it is small)"
    )


class Config(Section):
    """Everything, frozen."""

    model: Model = Model()
    batch: Batch = Batch()
    inference: Inference = Inference()
    cache: Cache = Field(default_factory=Cache)
    zmq: Zmq = Zmq()
    http: Http = Http()
    agents: Agents = Field(default_factory=Agents)


def load_config(
    path: Path | None = None,
    sets: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Config:
    """The whole configuration. `path` None reads /etc/llm_agent/config.yaml where it exists. Raises StartError."""
    environ = os.environ if environ is None else environ
    dotenv = dict(read_dotenv((cwd or Path.cwd()) / ".env"))
    variables = {name: (value, name) for name, value in environ.items()}
    found = [
        Setting("cache.path", state_dir(environ) / "cache", "default", is_text=False),
        Setting("agents.audit_path", state_dir(environ) / "moderation.jsonl", "default", is_text=False),
        Setting("agents.memory_path", state_dir(environ) / "memory.db", "default", is_text=False),
    ]
    if path is None and SYSTEM_FILE.exists():
        path = SYSTEM_FILE
    if path is not None:
        found += from_yaml(path)
    found += [*from_plain_names(dotenv), *from_plain_names(variables)]
    found += [*from_variables(dotenv), *from_variables(variables)]
    found += from_sets(sets)
    settings = {one.key: one for setting in found for one in _checked(setting)}
    config = _validate(settings)
    _check_tls(config.http, settings)
    if config.agents.moderation_model and config.agents.moderation_url:
        where = settings["agents.moderation_url"].where
        raise StartError(f"{where}: agents.moderation_url: agents.moderation_model is set too; want one of them")
    return config


def known_keys(section: type[BaseModel] = Config, prefix: str = "") -> dict[str, FieldInfo]:
    """Every key as `section.key` with its field (default, description)."""
    keys: dict[str, FieldInfo] = {}
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys |= known_keys(field.annotation, f"{prefix}{name}.")
        else:
            keys[prefix + name] = field
    return keys


# --- checks ----------------------------------------------------------------------------------------------------


def _checked(setting: Setting) -> Iterator[Setting]:
    """Refuses what is unknown; turns text into None where `none` is meant; one number for all variants into two."""
    key, value = setting.key, setting.value
    keys = known_keys()
    if any(known.startswith(key + ".") for known in keys):
        if value is None:  # a section whose keys are all commented out
            return
        if key != "cache.variants":
            below = ", ".join(known for known in keys if known.startswith(key + "."))
            raise StartError(f"{setting.where}: {key} is a section; its keys: {below}")
        for known in ("cache.variants.infer", "cache.variants.think"):
            yield Setting(known, value, setting.where, setting.is_text)
        return
    if key not in keys:
        raise StartError(f"{setting.where}: {_unknown(setting, keys)}")
    if setting.is_text and value.strip().lower() in ("", "none", "null") and keys[key].default is None:
        value = None
    yield Setting(key, value, setting.where, setting.is_text)


def _unknown(setting: Setting, keys: Mapping[str, FieldInfo]) -> str:
    if setting.key.startswith(NOT_YET):
        return f"{setting.key} is not in this version yet; leave it out"
    sections = {key.split(".")[0]: "" for key in keys}
    names = list(keys) if "." in setting.key else list(sections)
    near = difflib.get_close_matches(setting.key, names, n=1) or difflib.get_close_matches(setting.key, keys, n=1)
    if not near:
        return f"unknown key {setting.key}; known sections: {', '.join(sections)}"
    hint = ENV_PREFIX + near[0].upper().replace(".", "__") if setting.is_env else near[0]
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
        first = error.errors(include_url=False)[0]
        path = [str(part) for part in first["loc"]]
        # A union's member or a list's index may follow the key: the longest known head is the key.
        key = next(
            (head for size in range(len(path), 0, -1) if (head := ".".join(path[:size])) in settings), ".".join(path)
        )
        where = settings[key].where if key in settings else "configuration"
        wanted = _wanted(first["type"], first.get("ctx", {}), first["msg"])
        got = "" if key == "http.token" else f", got {settings[key].value!r}" if key in settings else ""
        raise StartError(f"{where}: {key}: {wanted}{got}") from error


def _wanted(kind: str, limits: Mapping[str, Any], message: str) -> str:
    """Pydantic's verdict in an admin's words."""
    if kind in WANTED:
        return "want " + WANTED[kind].format_map(limits)
    return message.removeprefix("Value error, ").replace("Input should be", "want", 1)


def _check_tls(http: Http, settings: Mapping[str, Setting]) -> None:
    """Half a key pair would mean no TLS at all. (Which addresses want a token is the door's own check.)"""
    if (http.tls_cert is None) != (http.tls_key is None):
        key = "http.tls_cert" if http.tls_cert else "http.tls_key"
        raise StartError(f"{settings[key].where}: {key}: http.tls_cert and http.tls_key go together; set both or none")
