"""One role: its fields, what each may hold, and the check that files, the wire and the game's editor share.

Pure. Where a field stands (file and line, or a request) is for the caller to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_agentd.prompt.sanitize import single_line
from llm_agentd.util.did_you_mean import did_you_mean

ROLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")  # also a file's name and a part of an address
TITLE_MAX_CHARS = 100  # it completes "You are NAME, …"
PERSONA_MAX_CHARS = 2000  # about 500 tokens: what a small context can spare
LINE_MAX_CHARS = 400  # a thing to know, or to say: longer ones fit no speech bubble
LINES_MAX = 32  # of knowledge, greetings or fallback; knowledge all stands in the prompt
SHORT_MAX_CHARS = 60  # what a button can show
BUTTONS_MAX = 12
SHOWN_MAX_CHARS = 80  # of a wrong name, in the error that shows it
ACTIONS_MAX = 64  # as many as a request may carry

_ACTION = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*")
_BRACES = re.compile(r"\{[^}]*\}?|\}")


class BadField(ValueError):
    """A field is unknown, missing or holds what it may not. `item`: which one of a list, from 0."""

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
        """As a file has them: what is not set is left out, the name too."""
        values = {field: getattr(self, field) for field in FIELDS}
        return {field: list(value) if isinstance(value, tuple) else value for field, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a field holds: a line of text, or with `items_max` so many of them."""

    max_chars: int
    items_max: int = 0
    form: re.Pattern[str] | None = None
    wanted: str = ""
    has_player: bool = False


FIELDS = {
    "title": _Kind(TITLE_MAX_CHARS),
    "persona": _Kind(PERSONA_MAX_CHARS),
    "knowledge": _Kind(LINE_MAX_CHARS, LINES_MAX),
    "manner": _Kind(LINE_MAX_CHARS),
    "voice": _Kind(TITLE_MAX_CHARS),
    "actions": _Kind(64, ACTIONS_MAX, _ACTION, "want an action's name such as offer_trade"),
    "greetings": _Kind(LINE_MAX_CHARS, LINES_MAX, has_player=True),
    "fallback": _Kind(LINE_MAX_CHARS, LINES_MAX, has_player=True),
    "quick": _Kind(SHORT_MAX_CHARS, BUTTONS_MAX),
    "language": _Kind(64, form=_LANGUAGE, wanted="want a language code such as de or pt_BR"),
}
REQUIRED = ("title", "persona")


def check_name(name: str) -> str:
    """`name`, where it is one. Raises BadField."""
    if not ROLE_NAME.fullmatch(name):
        raise BadField(
            "name", f"want small letters, digits and _, a letter first, at most 64; got {name[:SHOWN_MAX_CHARS]!r}"
        )
    return name


def make_role(name: str, data: Mapping[str, Any]) -> Role:
    """The role of these fields. Raises BadField for the first thing wrong.

    null, and what Lua and forms send for nothing ("", [], {}), are the same as leaving a field out.
    """
    values: dict[str, Any] = {}
    for field, value in data.items():
        if field not in FIELDS:
            raise BadField(field[:SHOWN_MAX_CHARS], f"unknown field{_hint(field[:SHOWN_MAX_CHARS])}")
        if value not in (None, "", [], {}):
            values[field] = _checked(field, FIELDS[field], value)
    for field in REQUIRED:
        if field not in values:
            raise BadField(field, "missing; want a line of text")
    return Role(name=name, **values)


def _hint(field: str) -> str:
    return did_you_mean(field, FIELDS, otherwise=f"; known: {', '.join(FIELDS)}")


def _checked(field: str, kind: _Kind, value: Any) -> str | tuple[str, ...]:
    if not kind.items_max:
        return _text(field, kind, value, None)
    if not isinstance(value, (list, tuple)):
        raise BadField(field, "want a list of lines")
    if len(value) > kind.items_max:
        raise BadField(field, f"want at most {kind.items_max} lines, got {len(value)}")
    return tuple(_text(field, kind, item, at) for at, item in enumerate(value))


def _text(field: str, kind: _Kind, value: Any, item: int | None) -> str:
    if not isinstance(value, str):  # YAML reads `no` as false, `42` as a number and `a: b` as a mapping
        quotes = "" if isinstance(value, (list, tuple)) else " (put it in quotes)"
        raise BadField(field, f"want a line of text{quotes}", item)
    text = single_line(value)
    if not text:
        raise BadField(field, "want a line of text, not an empty one", item)
    if len(text) > kind.max_chars:
        raise BadField(field, f"want at most {kind.max_chars} characters, got {len(text)}", item)
    if kind.form and not kind.form.fullmatch(text):
        raise BadField(field, f"{kind.wanted}, got {text!r}", item)
    if kind.has_player:
        wrong = next((part for part in _BRACES.findall(text) if part != "{player}"), None)
        if wrong:
            raise BadField(field, f"{wrong} is not known; in braces only {{player}} may stand", item)
    return text
