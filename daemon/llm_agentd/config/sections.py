"""The configuration's keys: one frozen class a section, each field with its default, its limits and what it means.

The descriptions are the source of docs/configuration.md and systemd/config.yaml (`make docs`). Pure; knows no files and
no other package. Keys with a unit end in it (`_ms`, `_s`, `_bytes`, `_tokens`, `_days`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ByteSize, Field
from pydantic.fields import FieldInfo

from llm_agentd.config.paths import StateFile
from llm_agentd.config.remote import Remote
from llm_agentd.config.section import Section
from llm_agentd.config.speech import Speech
from llm_agentd.config.values import (
    ALL_LAYERS,
    ENGINES,
    MIB,
    SIZE_MAX,
    Cpus,
    Endpoint,
    EngineName,
    GpuLayers,
    HomePath,
    Hosts,
    HttpToken,
    Languages,
    Moderation,
    Number,
    RedisUrl,
    Whole,
    Words,
    list_with_or,
)
from llm_agentd.util.endpoint import AUTO


class Model(Section):
    """Which model answers, and what of the machine it may use."""

    path: HomePath | None = Field(
        None, description="GGUF file; none = the embedded model. `llm-agentd model use` sets it (docs/models.md)"
    )
    dir: HomePath = Field(
        default_factory=StateFile("models"), description="folder where `llm-agentd model pull` puts models"
    )
    id: str | None = Field(None, description="name shown to clients; none = the name in the file")
    languages: Languages = Field(
        (),
        description="codes of the languages the model speaks, such as [en, de]; none = what its file says. The model is"
        " asked for no other language, and players are told",
    )
    engine: EngineName = Field(
        "auto",
        description=list_with_or([name + (what and f" ({what})") for name, what in ENGINES.items()]),
    )
    context_tokens: Whole | None = Field(
        None, ge=64, description="most tokens of prompt and reply together; none = the model's own limit"
    )
    threads: Whole | None = Field(None, ge=1, le=512, description="threads that compute; none = found at start")
    pin_cpus: Cpus = Field("auto", description="CPUs of the engine thread: auto, off, or numbers such as 0,2-3")
    cpu_priority: Literal["normal", "nice", "batch", "idle"] = Field(
        "nice",
        description="how the model gives way to the game: normal (not at all), nice, batch (interrupts no other"
        " process) or idle (only CPU time that nobody else wants: on a busy machine replies come late or never)",
    )
    gpu_layers: GpuLayers = Field(
        0, ge=ALL_LAYERS, description="layers on the GPU; all (or -1) = all. Needs an engine built for the GPU"
    )
    kv_type: Literal["f16", "q8_0"] = Field(
        "f16",
        description="number format of the KV cache: f16, or q8_0 for half the memory and slower long prompts",
    )


class Batch(Section):
    """How requests are gathered and how many are computed at once."""

    size: Whole = Field(8, ge=1, le=256, description="most requests computed at the same time")
    window_ms: Number = Field(
        50, ge=0, le=10_000, description="milliseconds that the first request waits for others to join its batch"
    )
    queue_max: Whole = Field(
        1024, ge=1, le=1_000_000, description="most waiting requests; more are answered `overloaded`"
    )


class Inference(Section):
    """Defaults of a request that does not say otherwise."""

    timeout_ms: Whole = Field(5000, ge=1, description="milliseconds until a request is answered `deadline_exceeded`")
    max_tokens: Whole = Field(64, ge=1, description="most tokens of a reply")
    temperature: Number = Field(
        0.7, ge=0, le=5, description="how freely tokens are chosen; 0 = always the most likely one"
    )
    top_p: Number = Field(
        0.95, gt=0, le=1, description="tokens are chosen from the most likely ones that together have this probability"
    )
    repeat_penalty: Number | None = Field(
        None,
        gt=0,
        le=10,
        description="how much less likely a token of the last 64 is made, 1 = not at all. None = 1.1 for what NPCs say"
        " where `model.path` names a model of your own, as small ones fall into loops; 1 for the embedded model, which"
        " was trained to need none, and for `infer`",
    )
    seed: Whole | None = Field(None, ge=0, le=2**32 - 2, description="same seed, same reply; none = random")
    shutdown_grace_s: Number = Field(5, ge=0, description="seconds that running requests get when the daemon stops")


class Variants(Section):
    """Different replies kept for the same request before they are repeated."""

    infer: Whole = Field(1, ge=1, le=64, description="replies kept for one `infer`")
    think: Whole = Field(3, ge=1, le=64, description="replies kept for one `think`, so that NPCs vary their lines")


class Cache(Section):
    """Replies and computed prompts kept on disk."""

    enabled: bool = Field(True, description="false = compute everything anew")
    path: HomePath = Field(default_factory=StateFile("cache"), description="folder of replies and computed prompts")
    ttl_s: Number = Field(300, gt=0, description="seconds that a reply is served from the cache")
    max_bytes: ByteSize = Field(
        ByteSize(256 * MIB), ge=MIB, le=SIZE_MAX, description="disk space of replies; the longest unused go first"
    )
    kv_max_bytes: ByteSize = Field(
        ByteSize(512 * MIB),
        ge=0,
        le=SIZE_MAX,
        description="disk space of computed prefixes of prompts, and the most that they take in memory; 0 = none",
    )
    kv_memory_share: Number = Field(
        0.25,
        gt=0,
        le=0.9,
        description="share of the memory that the machine has free (and MemoryMax of the unit leaves) for computed"
        " prefixes that are not on disk: 64 MiB of long chats, all where it takes none; looked at every second",
    )
    variants: Variants = Variants()
    redis_url: RedisUrl | None = Field(
        None,
        min_length=1,
        repr=False,
        description="Redis or Valkey, with which several daemons share replies (docs/shared-cache.md):"
        " redis://HOST:6379/0, rediss:// with TLS, unix:///PATH, redis+sentinel://HOST:26379,HOST:26379/MASTER/0 or"
        " redis+cluster://HOST:6379,HOST:6379; none = each daemon keeps its own",
    )
    redis_password_file: HomePath | None = Field(
        None, description="file that holds the password for redis_url alone, so that it does not stand here"
    )
    redis_password_env: str | None = Field(None, description="or environment variable of the daemon that holds it")
    redis_ca_file: HomePath | None = Field(
        None, description="certificates (PEM) to trust for rediss://, where it has one of your own"
    )


class Zmq(Section):
    """The daemon's ZeroMQ socket."""

    endpoint: Endpoint = Field(
        AUTO,
        description="auto = a unix socket in a folder of this user's own, or tcp://127.0.0.1:5570 where the system has"
        " none. Or ipc://PATH; or tcp://127.0.0.1:5570, to which any user of the machine can connect; or another"
        " tcp://HOST:PORT, which wants keys",
    )
    curve_secret_file: HomePath | None = Field(
        None, description="the daemon's own keys (CURVE), wanted beyond loopback; `llm-agentd keys` makes all four"
    )
    curve_clients_dir: HomePath | None = Field(
        None, description="folder with the public key of each client that may connect; read again when it changes"
    )
    curve_server_key_file: HomePath | None = Field(
        None, description="the daemon's public key, for the HTTP adapter and the commands"
    )
    curve_client_secret_file: HomePath | None = Field(
        None, description="their own keys, of which the public one lies in the daemon's curve_clients_dir"
    )
    retry_s: Number = Field(
        10, gt=0, description="seconds that the HTTP adapter waits for the daemon before it answers 503"
    )


class Http(Section):
    """The HTTP adapter, which the mod talks to."""

    enabled: bool = Field(True, description="false = `serve` starts no adapter")
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="address to listen on; all but loopback want a token, and TLS or allow_plain",
    )
    allowed_hosts: Hosts = Field(
        (),
        description="names, besides localhost and addresses, that clients call it by, such as game.example.org: of a"
        " reverse proxy, or of this machine in its network. Calls under another name are refused, as a web page could"
        " let a name of its own point here",
    )
    port: Whole = Field(8000, ge=0, le=65_535, description="TCP port; 0 = any free port")
    token: HttpToken | None = Field(
        None,
        repr=False,
        description="every route but /healthz, /voice and the dashboard's files wants it as `Authorization: Bearer"
        " TOKEN`; none = one that is made at the first start, which `llm-agentd token` prints; off = none is wanted,"
        " for a machine that nobody shares",
    )
    token_file: HomePath = Field(
        default_factory=StateFile("http_token"), description="where the token is kept that is made at the first start"
    )
    dashboard_public: bool = Field(
        False,
        description="true = the dashboard shows figures and who the NPCs are (name, role, place) without the token too,"
        " for a screen on the wall; never what players said, and nothing can be changed",
    )
    tls_cert: HomePath | None = Field(None, description="certificate chain (PEM); none = no TLS")
    tls_key: HomePath | None = Field(None, description="private key of the certificate (PEM)")
    allow_plain: bool = Field(False, description="true = the token may travel without TLS beyond this machine")


class Agents(Section):
    """What NPCs are, say and remember."""

    roles_dir: HomePath | None = Field(
        None,
        description="folder of your own roles (NAME.yaml), which override the shipped ones and must exist where it is"
        " set; none = the folder `roles` in the state folder",
    )
    language: str = Field(
        "en", min_length=1, description="language of replies where neither request nor role names one"
    )
    moderation: Moderation = Field(
        "on",
        description="on = what players say and what NPCs answer is checked; strict = doubtful words are held back too;"
        " off = nothing is checked",
    )
    age: Literal["everyone", "teen", "mature"] = Field(
        "teen", description="whom the game is for: everyone (no mild words), teen, or mature (crude words pass)"
    )
    block_words: Words = Field((), description="your own words and phrases to hold back; x* = all that begin so")
    allow_words: Words = Field((), description="words and phrases that always pass; x* = all that begin so")
    moderation_model: HomePath | None = Field(
        None,
        description="GGUF of a classifier that answers safe or unsafe (Llama Guard), for what the word lists let pass;"
        " none = word lists alone",
    )
    moderation_url: str | None = Field(
        None,
        pattern="^https?://",
        description="instead of moderation_model, an address of OpenAI's shape: https://HOST/v1/moderations",
    )
    moderation_key_env: str | None = Field(None, description="environment variable with the key for moderation_url")
    moderation_timeout_ms: Whole = Field(2000, ge=1, description="milliseconds that moderation_url may take")
    audit_path: HomePath = Field(
        default_factory=StateFile("moderation.jsonl"), description="log of what was held back, as JSON lines"
    )
    audit_days: Number = Field(30, gt=0, le=3650, description="days that lines of the audit log are kept")
    memory_path: HomePath = Field(
        default_factory=StateFile("memory.db"), description="SQLite file of what NPCs remember"
    )
    memory_max_bytes: ByteSize = Field(
        ByteSize(128 * MIB), ge=MIB, le=SIZE_MAX, description="disk space of what NPCs remember; the oldest goes first"
    )
    remember_turns: Whole = Field(
        5, ge=0, le=50, description="last exchanges with a player that stand in a prompt; 0 = nothing is remembered"
    )
    condense: Literal["auto", "model", "rules"] = Field(
        "auto",
        description="how old exchanges become facts: by the model while it is idle, by rules, or auto (rules for models"
        " under 1 billion parameters)",
    )


class Requests(Section):
    """The request log: what NPCs were asked and answered last, for the dashboard. It is kept in memory alone."""

    keep: Whole = Field(500, ge=0, le=10_000, description="requests that are kept; 0 = none")
    max_bytes: ByteSize = Field(
        ByteSize(16 * MIB), ge=MIB, le=SIZE_MAX, description="memory for them; the oldest go first"
    )
    private: bool = Field(
        False,
        description="true = no words of players, prompts or replies and no names of players and NPCs are kept: roles,"
        " lengths and times alone",
    )


class Log(Section):
    """What daemon and HTTP adapter write to their log."""

    level: Literal["info", "debug"] = Field(
        "info",
        description="debug = one line a request as well, without what was said; under systemd with the fields NPC and"
        " REQUEST, as in `journalctl NPC=mira`",
    )


class Config(Section):
    """Everything, frozen."""

    model: Model = Field(default_factory=Model)
    batch: Batch = Batch()
    inference: Inference = Inference()
    cache: Cache = Field(default_factory=Cache)
    zmq: Zmq = Zmq()
    http: Http = Http()
    remote: Remote = Remote()
    speech: Speech = Field(default_factory=Speech)
    agents: Agents = Field(default_factory=Agents)
    requests: Requests = Requests()
    log: Log = Log()


def known_keys(section: type[BaseModel] = Config, prefix: str = "") -> dict[str, FieldInfo]:
    """Every key as `section.key` with its field (default, description)."""
    keys: dict[str, FieldInfo] = {}
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys |= known_keys(field.annotation, f"{prefix}{name}.")
        else:
            keys[prefix + name] = field
    return keys
