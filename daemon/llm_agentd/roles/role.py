"""One role: its fields, and the validation that files, the wire and the game's role editor share.

Pure. Errors name the field; the caller adds where it stands (file and line, or the request).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_agentd.util.did_you_mean import did_you_mean
from llm_agentd.util.sanitize import single_line

ROLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")  # also a file's name and a part of an address
TITLE_MAX_CHARS = 100  # it completes "You are NAME, …"
PERSONA_MAX_CHARS = 2000  # about 500 tokens: what a small context can spare
LINE_MAX_CHARS = 400  # of a fact or a spoken line: a longer one fits no speech bubble
LINES_MAX = 32  # of knowledge, greetings or fallback; all of knowledge stands in the prompt
SHORT_MAX_CHARS = 60  # what a button can show
BUTTONS_MAX = 12
SHOWN_MAX_CHARS = 80  # of a rejected name, in the error that shows it
ACTIONS_MAX = 64  # as many as a request may carry

_ACTION = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*")
_BRACES = re.compile(r"\{[^}]*\}?|\}")


class FieldError(ValueError):
    """A field is unknown, missing or invalid. `item`: index in a list, from 0."""

    def __init__(self, field: str, problem: str, item: int | None = None) -> None:
        place = field if item is None else f"{field}, item {item + 1}"
        super().__init__(f"{place}: {problem}")
        self.field = field
        self.item = item


@dataclass(frozen=True, slots=True)
class Role:
    """`title` completes "You are NAME, …"; `persona` opens the prompt and is shared by all NPCs of the role.

    `knowledge`, `manner` and `language` (a code such as de) go into the prompt too. The rest is the game's: `voice`,
    names of `actions`, lines for `greetings` and `fallback` (`{player}` is the listener), `quick` things a player may
    say.
    """

    name: str
    title: str
    persona: str
    knowledge: tuple[str, ...] = ()
    manner: str = ""
    voice: str = ""
    actions: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    language: str = ""

    def fields(self) -> dict[str, Any]:
        """As a role's file has them: without the name and without fields that are not set."""
        values = {field: getattr(self, field) for field in FIELDS}
        return {field: list(value) if isinstance(value, tuple) else value for field, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class _FieldSpec:
    """A line of text, or with `items_max` a list of so many. `expected`: to say where `pattern` does not match."""

    max_chars: int
    items_max: int = 0
    pattern: re.Pattern[str] | None = None
    expected: str = ""
    allows_player: bool = False


FIELDS = {
    "title": _FieldSpec(TITLE_MAX_CHARS),
    "persona": _FieldSpec(PERSONA_MAX_CHARS),
    "knowledge": _FieldSpec(LINE_MAX_CHARS, LINES_MAX),
    "manner": _FieldSpec(LINE_MAX_CHARS),
    "voice": _FieldSpec(TITLE_MAX_CHARS),
    "actions": _FieldSpec(64, ACTIONS_MAX, _ACTION, "want an action's name such as offer_trade"),
    "greetings": _FieldSpec(LINE_MAX_CHARS, LINES_MAX, allows_player=True),
    "fallback": _FieldSpec(LINE_MAX_CHARS, LINES_MAX, allows_player=True),
    "quick": _FieldSpec(SHORT_MAX_CHARS, BUTTONS_MAX),
    "language": _FieldSpec(64, pattern=_LANGUAGE, expected="want a language code such as de or pt_BR"),
}
REQUIRED = ("title", "persona")


def check_name(name: str) -> str:
    """Returns `name`. Raises FieldError."""
    if not ROLE_NAME.fullmatch(name):
        raise FieldError(
            "name", f"want small letters, digits and _, a letter first, at most 64; got {name[:SHOWN_MAX_CHARS]!r}"
        )
    return name


def make_role(name: str, data: Mapping[str, Any]) -> Role:
    """Raises FieldError for the first invalid field.

    null, and what Lua and forms send for nothing ("", [], {}), count as a field that is left out.
    """
    values: dict[str, Any] = {}
    for field, value in data.items():
        if field not in FIELDS:
            raise FieldError(field[:SHOWN_MAX_CHARS], f"unknown field{_hint(field[:SHOWN_MAX_CHARS])}")
        if value not in (None, "", [], {}):
            values[field] = _checked(field, FIELDS[field], value)
    for field in REQUIRED:
        if field not in values:
            raise FieldError(field, "missing; want a line of text")
    return Role(name=name, **values)


def _hint(field: str) -> str:
    return did_you_mean(field, FIELDS, otherwise=f"; known: {', '.join(FIELDS)}")


def _checked(field: str, spec: _FieldSpec, value: Any) -> str | tuple[str, ...]:
    if not spec.items_max:
        return _text(field, spec, value, None)
    if not isinstance(value, (list, tuple)):
        raise FieldError(field, "want a list of lines")
    if len(value) > spec.items_max:
        raise FieldError(field, f"want at most {spec.items_max} lines, got {len(value)}")
    return tuple(_text(field, spec, item, at) for at, item in enumerate(value))


def _text(field: str, spec: _FieldSpec, value: Any, item: int | None) -> str:
    if not isinstance(value, str):  # YAML reads `no` as false, `42` as a number and `a: b` as a mapping
        quotes = "" if isinstance(value, (list, tuple)) else " (put it in quotes)"
        raise FieldError(field, f"want a line of text{quotes}", item)
    text = single_line(value)
    if not text:
        raise FieldError(field, "want a line of text, not an empty one", item)
    if len(text) > spec.max_chars:
        raise FieldError(field, f"want at most {spec.max_chars} characters, got {len(text)}", item)
    if spec.pattern and not spec.pattern.fullmatch(text):
        raise FieldError(field, f"{spec.expected}, got {text!r}", item)
    if spec.allows_player:
        unknown = next((part for part in _BRACES.findall(text) if part != "{player}"), None)
        if unknown:
            raise FieldError(field, f"{unknown} is not known; in braces only {{player}} may stand", item)
    return text
