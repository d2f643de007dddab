"""The section `remote`: models on other servers, how they are asked, and what that may cost. Pure but for one `stat`.

An upstream's key stands in the environment or in a file of its own, never here: no message of this file shows a value,
as an admin may have pasted the key in the wrong place. Knows no sockets; engines/openai reads the keys and asks.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from llm_agentd.config.section import Section
from llm_agentd.config.values import HomePath, Number, Whole, Words, list_with_or
from llm_agentd.types import Intent
from llm_agentd.util.loopback import is_loopback

UPSTREAMS_MAX = 64  # each has metrics, a breaker and a row in the dashboard; beyond this a router belongs in front
PARALLEL_MAX = 4096  # open streams to one server: what a process may have open, less what everybody else needs
CONTEXT_MAX_TOKENS = 10**8  # ten times the longest that are offered
TOKENS_MAX = 10**15  # counters are 64-bit integers in SQLite and Redis; no bill is as long
TIMEOUT_MAX_MS = 3_600_000
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/@-]{0,63}")
OTHERS = 0o007  # rights of a key's file that are refused; its group may read, as under systemd or in containers
CALLS = (
    "/chat/completions",
    "/completions",
    "/models",
    "/embeddings",
    "/audio/speech",
    "/audio/transcriptions",
)  # what guides print behind the address
# Of the body: what is asked, and what the budget relies on.
OUR_FIELDS = ("max_completion_tokens", "max_tokens", "messages", "model", "n", "prompt", "stream", "stream_options")
KEY_NAMES = ("api_key", "key", "token", "apikey", "api_token", "secret")
KEY_CURE = (
    "a key does not stand in the configuration; write it into a file that only the daemon's user can read and name"
    " that as api_key_file, or name an environment variable as api_key_env"
)

Policy: TypeAlias = Literal["never", "fallback", "quality", "always"]


def _address(value: str) -> str:
    """`https://HOST[:PORT]/v1`, as transports append to it; without a path, `/v1` is added."""
    try:
        parts = urlsplit(value.strip())
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError("want an address such as https://HOST/v1 or http://127.0.0.1:8080/v1") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("want an address that begins with https:// or http://, such as http://127.0.0.1:8080/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"want an address without a name or password before the @; {KEY_CURE}")
    if parts.query or parts.fragment:
        raise ValueError("want an address without ? and #, such as https://HOST/v1")
    path = parts.path.rstrip("/")
    if path.endswith(CALLS):
        raise ValueError("want the address up to /v1 only, without the path of a call")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{'' if port is None else f':{port}'}{path or '/v1'}"


def _variable(value: str) -> str:
    if not VARIABLE.fullmatch(value):
        raise ValueError(f"want the name of an environment variable, such as OPENAI_API_KEY; {KEY_CURE}")
    return value


def _label(value: str) -> str:
    if not LABEL.fullmatch(value):
        raise ValueError("want a short name of letters, digits, blanks and . _ : / @ -, such as gpu-box")
    return value


def _key_file(path: Path) -> Path:
    """Only where it can be looked at: the HTTP adapter and the commands may run as users who cannot."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return path
    if os.name == "posix" and mode & OTHERS:
        raise ValueError(f"other users can read or write {path}, and so could know the key; run `chmod 600 {path}`")
    return path


def _options(fields: dict[str, Any]) -> dict[str, Any]:
    ours = sorted(set(fields) & set(OUR_FIELDS))
    if ours:
        raise ValueError(f"{', '.join(ours)} cannot be set here: the daemon decides that for each request")
    return fields


Address: TypeAlias = Annotated[str, AfterValidator(_address)]
Variable: TypeAlias = Annotated[str, AfterValidator(_variable)]
KeyFile: TypeAlias = Annotated[HomePath, AfterValidator(_key_file)]


class Upstream(Section):
    """One server that speaks OpenAI's protocol."""

    base_url: Address = Field(
        min_length=1, description="its address up to /v1: https://HOST/v1, http://127.0.0.1:8080/v1"
    )
    model: str = Field(min_length=1, max_length=256, description="the model's name there")
    api_key_env: Variable | None = Field(None, description="environment variable of the daemon that holds the key")
    api_key_file: KeyFile | None = Field(
        None, description="or a file that holds the key alone, read again when it changes"
    )
    name: Annotated[str, AfterValidator(_label)] | None = Field(
        None, description="its name in metrics and messages; none = host and port"
    )
    max_parallel: Whole = Field(16, ge=1, le=PARALLEL_MAX, description="most requests it is sent at the same time")
    ca_file: HomePath | None = Field(
        None, description="certificates (PEM) to trust for it, where it has one of your own"
    )
    options: Annotated[dict[str, Any], AfterValidator(_options)] = Field(
        default_factory=dict,
        description="more fields for the body of each request, such as {reasoning_effort: none}; they win over ours",
    )
    context_tokens: Whole | None = Field(
        None,
        ge=64,
        le=CONTEXT_MAX_TOKENS,
        description="tokens that prompt and reply may have together; none = as the server says, else 8192",
    )
    allow_plain: bool = Field(
        False, description="true = key and words may travel unencrypted beyond this machine, in a network you trust"
    )

    @property
    def place(self) -> str:
        """Host and port, as in the address."""
        return urlsplit(self.base_url).netloc

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.api_key_env and self.api_key_file:
            raise ValueError("want api_key_env or api_key_file, not both")
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and not self.allow_plain and not is_loopback(parts.hostname or ""):
            what = "the key and what players say" if self.api_key_env or self.api_key_file else "what players say"
            raise ValueError(
                f"{what} would travel to {self.place} unencrypted; want https:// in base_url, or, in a network you"
                " trust, allow_plain: true beside it"
            )
        return self


def _from_text(value: Any) -> Any:
    """In the environment and with --set a list is JSON. One object stands for a list of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except ValueError:
            raise ValueError(f"want a JSON list, such as {EXAMPLE}") from None
    if isinstance(value, dict):
        value = [value]
    if value is not None and not (isinstance(value, (list, tuple)) and all(map(_is_object, value))):
        raise ValueError(f"want a list of upstreams, each with base_url and model, such as {EXAMPLE}")
    return tuple(value or ())


def _is_object(value: Any) -> bool:
    return isinstance(value, (dict, Upstream))


EXAMPLE = '[{"base_url": "http://127.0.0.1:8080/v1", "model": "qwen"}]'
Upstreams: TypeAlias = Annotated[tuple[Upstream, ...], BeforeValidator(_from_text)]


class Remote(Section):
    """Models on other servers: all that speak OpenAI's protocol, such as vLLM, llama-server, Ollama and clouds."""

    upstreams: Upstreams = Field(
        (),
        max_length=UPSTREAMS_MAX,
        description="the servers, each with "
        + ", ".join(f"`{name}`" for name in Upstream.model_fields)
        + "; in the environment and with --set a JSON list",
    )
    policy: Policy = Field(
        "never",
        description="never = no server is ever asked; fallback = the local model first, and a server where that is"
        " down, too slow for the deadline or too small for the prompt; quality = what quality_intents and quality_roles"
        " name goes to a server, and comes back where that fails; always = all, with the local model as the reserve",
    )
    quality_intents: Words = Field(
        (), description="intents that go to a server with policy quality: " + ", ".join(get_args(Intent))
    )
    quality_roles: Words = Field((), description="roles whose NPCs go to a server with policy quality")
    daily_tokens: Whole = Field(
        0, ge=0, le=TOKENS_MAX, description="most tokens, prompts and replies together, of a day (UTC); 0 = no limit"
    )
    monthly_tokens: Whole = Field(0, ge=0, le=TOKENS_MAX, description="the same of a month (UTC); 0 = no limit")
    warn_share: Number = Field(
        0.8, gt=0, le=1, description="share of a day's or month's tokens from which on the daemon warns"
    )
    timeout_ms: Whole = Field(
        30_000,
        ge=1,
        le=TIMEOUT_MAX_MS,
        description="milliseconds that a server may take for one request, tries included",
    )

    @field_validator("quality_intents")
    @classmethod
    def _known_intents(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = get_args(Intent)
        if not set(names) <= set(known):
            raise ValueError("want " + list_with_or([repr(name) for name in known]))
        return names

    @field_validator("upstreams")
    @classmethod
    def _unique_names(cls, upstreams: tuple[Upstream, ...]) -> tuple[Upstream, ...]:
        names = [upstream.name for upstream in upstreams if upstream.name]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two upstreams are called {twice!r}; want a name of its own for each")
        return upstreams


def asks_servers(remote: Remote, engine: str) -> bool:
    """Whether a daemon so configured may ever connect to one."""
    return engine == "openai" or (bool(remote.upstreams) and remote.policy != "never")


def contradictions(remote: Remote, engine: str) -> Iterator[tuple[str, str]]:
    """Keys that do not go together: the key at fault, and what is wanted."""
    if not remote.upstreams:
        example = f"; want at least one, such as {EXAMPLE}"
        if engine == "openai":
            yield "model.engine", f"openai asks the servers in remote.upstreams, and there are none{example}"
        if remote.policy != "never":
            yield "remote.policy", f"{remote.policy} asks the servers in remote.upstreams, and there are none{example}"
    if engine == "openai" and remote.policy in ("fallback", "quality"):
        yield (
            "remote.policy",
            (
                f"{remote.policy} needs a local model, and with model.engine: openai there is none; want policy always,"
                " or another engine"
            ),
        )
    if remote.policy == "quality" and not (remote.quality_intents or remote.quality_roles):
        yield (
            "remote.policy",
            "quality sends nothing to a server while remote.quality_intents and quality_roles are empty",
        )


def field_problem(kind: str, path: Sequence[str]) -> str | None:
    """What is wrong with a field of an upstream that is missing or unknown; None for another kind of fault."""
    name = path[-1] if path else ""
    if kind == "missing":
        return f"want {name}"
    if kind != "extra_forbidden":
        return None
    if name.lower() in KEY_NAMES:
        return KEY_CURE
    return f"unknown; an upstream has {', '.join(Upstream.model_fields)}"
