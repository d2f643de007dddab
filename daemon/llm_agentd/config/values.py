"""The kinds of values that keys hold, and how text from YAML, the environment or `--set` becomes one.

Pure. A ValueError raised here says what is wanted; load.py adds where the value stands and its key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from llm_agentd.redis.address import parse_address
from llm_agentd.util.endpoint import AUTO

MIB = 1024 * 1024
SIZE_MAX = 16 * MIB * MIB  # 16 TiB: LMDB maps its files, and a process has addresses for 128 TiB
CPUS_MAX = 1024  # what the kernel's default affinity mask holds
HOST_NAME = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
# What RFC 6750 allows in a Bearer token. An admin may choose a short one; what is shorter than this is a slip, as `on`.
HTTP_TOKEN = re.compile(r"(?=.{4})[A-Za-z0-9._~+/-]+=*")
OFF = "off"  # of http.token
ALL_LAYERS = -1  # of model.gpu_layers
# Every engine and what it is; "" needs no words. `engines.open_engine` opens them; documents and errors name them.
ENGINES = {
    "auto": "",
    "llama": "",
    "llama_native": "llama.cpp compiled on this machine",
    "llama_ik": "ik_llama.cpp, a fork with faster kernels",
    "ctransformers": "old GGML and GGUF files, one request at a time",
    "openai": "the servers in `remote.upstreams`; no model is loaded on this machine",
    "stub": "no model, for trying out",
}
NO_MODEL_ENGINES = ("openai", "stub")  # they load no file
LLAMA_ENGINES = ("llama", "llama_native", "llama_ik")  # one engine, a binding for each way to call llama.cpp


def _refuse_bool(value: Any) -> Any:
    if isinstance(value, bool):  # YAML reads `yes` as a truth value, and Python would count it as 1
        raise ValueError("want a number")
    return value


def _host_names(hosts: tuple[str, ...]) -> tuple[str, ...]:
    for host in hosts:
        if not HOST_NAME.fullmatch(host):
            raise ValueError("want names such as game.example.org or game.example.org:8443, without http:// and /")
    return hosts


def _expand_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:  # no home folder, as under systemd's DynamicUser
        raise ValueError(f"{error}; write the whole path") from error


def _split_words(value: Any) -> Any:
    """A list of words, or one text with commas between them."""
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("want words, in quotes where YAML would read a number or a truth value")
    return tuple(part.strip() for part in parts if part.strip())


def _split_languages(value: Any) -> Any:
    """`"en, de"` → (en, de); nothing is none."""
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value or ()


def _cpu_numbers(value: Any) -> Any:
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


def _gpu_layers(value: Any) -> Any:
    return ALL_LAYERS if value == "all" else value


def _engine_name(name: Any) -> Any:
    if name not in ENGINES:
        raise ValueError("want " + list_with_or([repr(known) for known in ENGINES]))
    return name


def list_with_or(names: Sequence[str]) -> str:
    """`[a, b, c]` → `a, b or c`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def on_or_off(value: Any) -> Any:
    """YAML 1.1 reads a bare `on` or `off` as a truth value."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


def _http_token(value: Any) -> Any:
    """What is no text is refused later, by its type."""
    value = on_or_off(value)
    if isinstance(value, str) and value != OFF and not HTTP_TOKEN.fullmatch(value):
        raise ValueError(
            "want 4 or more of the characters A-Z a-z 0-9 - . _ ~ + /, or off; left out, a good one is made, and"
            " `llm-agentd token` prints it"
        )
    return value


def _zmq_endpoint(value: str) -> str:
    if value != AUTO and not value.startswith(("tcp://", "ipc://")):
        raise ValueError("want auto, tcp://HOST:PORT or ipc://PATH")
    return value


def _redis_url(value: str) -> str:
    parse_address(value)
    return value


Whole: TypeAlias = Annotated[int, BeforeValidator(_refuse_bool)]
Number: TypeAlias = Annotated[float, BeforeValidator(_refuse_bool)]
HomePath: TypeAlias = Annotated[Path, AfterValidator(_expand_home)]
Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_words)]
Hosts: TypeAlias = Annotated[Words, AfterValidator(_host_names)]
LanguageCode: TypeAlias = Annotated[str, Field(pattern="^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
Languages: TypeAlias = Annotated[tuple[LanguageCode, ...], BeforeValidator(_split_languages)]
EngineName: TypeAlias = Annotated[str, BeforeValidator(_engine_name)]
Cpus: TypeAlias = Annotated[Literal["auto", "off"] | tuple[int, ...], BeforeValidator(_cpu_numbers)]
GpuLayers: TypeAlias = Annotated[Whole, BeforeValidator(_gpu_layers)]
Moderation: TypeAlias = Annotated[Literal["on", "off", "strict"], BeforeValidator(on_or_off)]
HttpToken: TypeAlias = Annotated[str, BeforeValidator(_http_token)]
Endpoint: TypeAlias = Annotated[str, AfterValidator(_zmq_endpoint)]
RedisUrl: TypeAlias = Annotated[str, AfterValidator(_redis_url)]
