"""What a key may hold, told so that a form can be made of it: its kind, choices, limits and default. Pure.

Kinds: `integer`, `number`, `text`, `yes/no`, `list` (of words), `one of` (of `choices`), `size` (bytes, or `64MiB`),
`objects` (a list of mappings, such as upstreams).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo

from llm_agentd.config.load import SECRET_KEYS
from llm_agentd.config.paths import StateFile
from llm_agentd.config.values import ENGINES, MIB

CHOICES: Mapping[str, tuple[str, ...]] = {"model.engine": tuple(ENGINES)}  # of keys that are checked by a function
TEXTS = ("model.pin_cpus", "model.gpu_layers")  # that take words beside numbers: `auto`, `all`
KINDS: Mapping[type, str] = {bool: "yes/no", ByteSize: "size", int: "integer", float: "number", tuple: "list"}
LIMITS = {"minimum": ("ge", "gt"), "maximum": ("le", "lt")}


def describe(key: str, field: FieldInfo, environ: Mapping[str, str]) -> dict[str, Any]:
    """`key`, `help`, `type`, `choices`, `minimum`, `maximum`, `default`, `secret`; what a key has none of is left out.

    `minimum` and `maximum` say the bound; one that is itself no longer allowed ("more than 0") has it in the error.
    """
    kind, choices = _kind(key, field)
    described: dict[str, Any] = {"key": key, "help": field.description or "", "type": kind}
    if choices:
        described["choices"] = list(choices)
    if kind in ("integer", "number"):
        described |= _limits(field)
    factory = field.default_factory
    default = factory.in_folder(environ) if isinstance(factory, StateFile) else field.default
    return described | {"default": plain_value(default), "secret": key in SECRET_KEYS}


def plain_value(value: Any) -> Any:
    """As JSON and YAML have it: a path as text, a size with its unit, a tuple as a list, 300.0 as 300."""
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, ByteSize):
        return f"{value // MIB}MiB" if value and value % MIB == 0 else int(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, tuple):
        return [plain_value(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def item_of(field: FieldInfo) -> type[BaseModel] | None:
    """What a list of objects holds; None for any other key."""
    annotation = _plain(field.annotation)
    item = next(iter(get_args(annotation)), None) if get_origin(annotation) is tuple else None
    return item if isinstance(item, type) and issubclass(item, BaseModel) else None


def _kind(key: str, field: FieldInfo) -> tuple[str, tuple[str, ...]]:
    if key in CHOICES:
        return "one of", CHOICES[key]
    if key in TEXTS:
        return "text", ()
    if item_of(field) is not None:
        return "objects", ()
    annotation = _plain(field.annotation)
    if get_origin(annotation) is Literal:
        return "one of", get_args(annotation)
    return KINDS.get(get_origin(annotation) or annotation, "text"), ()


def _plain(annotation: Any) -> Any:
    """Without `… | None` and the checks of Annotated."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    return annotation


def _limits(field: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, attributes in LIMITS.items():
        bounds = (getattr(rule, attribute, None) for rule in field.metadata for attribute in attributes)
        bound = next((bound for bound in bounds if bound is not None), None)
        if bound is not None:
            found[name] = bound
    return found
