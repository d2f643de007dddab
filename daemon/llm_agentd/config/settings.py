"""The settings of a daemon that runs: each with its source, and one changed in the admin's own file.

A change goes through the checks of a start before a byte is written: what would stop the next start is refused with the
words of that start. Who holds a value registers with `on_change`; only such keys are live, all others want a restart.

Any thread may read. `change` is slow (it reads and writes files) and belongs on a thread that nobody waits for; `apply`
runs on the thread that uses the values. Knows no daemon and no sockets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from llm_agentd.config.describe import describe, plain_value
from llm_agentd.config.edit import EditError, remove_key, set_key
from llm_agentd.config.load import SECRET_KEYS, Loaded, Sources, load_sources, unknown_key
from llm_agentd.config.paths import CONFIG_MODE, SYSTEM_FILE
from llm_agentd.config.sections import Config, known_keys
from llm_agentd.config.sources import DEFAULT, Setting, read_yaml
from llm_agentd.errors import BadRequest, StartError
from llm_agentd.util.replace_file import replace_file

Apply: TypeAlias = Callable[[Config], bool]  # False: this value holds from the next start only
UNTYPED = (
    "integer",
    "number",
    "yes/no",
    "list",
    "objects",
)  # kinds whose value is written as YAML's own, also where text came
SET = "set"  # shown of a secret


class Settings:
    """`check`: what a start checks beyond the values themselves (that files are there …); raises StartError."""

    def __init__(self, sources: Sources, check: Callable[[Config], None] = lambda _: None) -> None:
        """Raises StartError."""
        self._sources = sources
        self._check = check
        self.running = load_sources(sources).config  # what is in force; replaced as a whole
        self._live: dict[str, Apply] = {}

    def on_change(self, keys: Iterable[str], apply: Apply) -> None:
        """`apply` gets the configuration with one of `keys` changed, and whatever else it says as it is in force."""
        for key in keys:
            assert key in known_keys(), key
            self._live[key] = apply

    # -- what there is ---------------------------------------------------------------------------

    def listing(self) -> dict[str, Any]:
        """`settings`, each with what the next start would take (`value`) and what is in force (`running_value`);
        `file`; `writable`: whether this process may change it; and `problem`, where the next start would fail.
        """
        sources = self._sources
        try:
            loaded, problem = load_sources(sources), None
        except StartError as error:
            loaded, problem = Loaded(self.running, {}), str(error)
        rows = []
        for key, field in known_keys().items():
            row = describe(key, field, sources.environ)
            setting = loaded.settings.get(key)
            row |= {
                "value": _shown(key, loaded.config),
                "running_value": _shown(key, self.running),
                "source": "unknown" if problem else _source(setting),
                "live": key in self._live,
            }
            rows.append(row)
        file = sources.file
        told = {"settings": rows, "file": str(file) if file else None, "problem": problem}
        return told | {"writable": _is_writable(file or SYSTEM_FILE)}

    def value(self, key: str, config: Config | None = None) -> Any:
        """As it may be shown; of what is in force where no `config` is given. None for an unknown key."""
        return _shown(key, config or self.running) if key in known_keys() else None

    def is_live(self, key: str) -> bool:
        return key in self._live

    # -- a change --------------------------------------------------------------------------------

    def change(self, key: str, value: Any) -> Config:
        """Writes `value` (None: takes the key out, back to its default). Returns what the next start would take.

        Raises BadRequest; nothing is written then.
        """
        if key not in known_keys():
            raise BadRequest(f"key: {unknown_key(Setting(key, value, 'key', is_text=False))}")
        if key in SECRET_KEYS:
            cure = "`llm-agentd token --new` makes another token" if key == "http.token" else "write it into the file"
            raise BadRequest(f"{key}: a secret is not set from here; {cure}")
        file = self._sources.file or SYSTEM_FILE
        try:
            self._refuse_hidden(key)
            before = read_yaml(file) if file.is_file() else ""
            after, config = self._edited(before, key, value)
            if after != before:
                file.parent.mkdir(parents=True, exist_ok=True)
                replace_file(file, after, mode=CONFIG_MODE)
        except StartError as error:
            raise BadRequest(str(error)) from None
        except EditError as error:
            raise BadRequest(f"{file}: {error}; {_by_hand(key, value)}") from None
        except OSError as error:
            raise BadRequest(
                f"{file} cannot be written ({error.strerror}): give the daemon's user the right to write there, start"
                f" it with --config and a file of its own, or {_by_hand(key, value)} and restart the daemon"
            ) from None
        return config

    def apply(self, key: str, config: Config) -> bool:
        """Puts the value of `key` into force where that can be done now. False: it takes a restart."""
        value = _value(config, key)
        if value == _value(self.running, key):
            return True
        apply = self._live.get(key)
        changed = _with_value(self.running, key.split("."), value)
        if apply is None or not apply(changed):
            return False
        self.running = changed
        return True

    def _refuse_hidden(self, key: str) -> None:
        """Raises BadRequest where a source that is stronger than the file has the key, StartError for a bad file."""
        setting = load_sources(self._sources).settings.get(key)
        if setting is None or setting.is_in_file or setting.where == DEFAULT:
            return
        name = f"the environment variable {setting.where}" if _is_variable(setting) else setting.where
        raise BadRequest(
            f"{key}: {name} sets it and is stronger than the file, so a change there would have no effect; take"
            " that away, or change it there, and restart the daemon"
        )

    def _edited(self, before: str, key: str, value: Any) -> tuple[str, Config]:
        """The file's new text and what a start makes of it. Raises StartError and EditError."""
        after = remove_key(before, key) if value is None else set_key(before, key, value)
        config = load_sources(self._sources, after).config
        kind = describe(key, known_keys()[key], self._sources.environ)["type"]
        if isinstance(value, str) and kind in UNTYPED:
            after = set_key(before, key, plain_value(_value(config, key)))
        self._check(config)
        return after, config


def _is_writable(file: Path) -> bool:
    """A file is replaced as a whole, so its folder counts: the nearest one that is there."""
    folder = next((place for place in file.resolve().parents if place.is_dir()), Path("/"))
    return os.access(folder, os.W_OK)


def _source(setting: Setting | None) -> str:
    """`default`, `FILE, line 7`, `env NAME` or `--set`."""
    if setting is None:
        return DEFAULT
    if _is_variable(setting):
        return f"env {setting.where}"
    return setting.where if setting.is_in_file or setting.is_env else setting.where.partition(" ")[0]


def _is_variable(setting: Setting) -> bool:
    """Not a line of `.env`."""
    return setting.is_env and " " not in setting.where


def _shown(key: str, config: Config) -> Any:
    value = plain_value(_value(config, key))
    return value if key not in SECRET_KEYS or value is None else SET


def _value(config: Config, key: str) -> Any:
    value: Any = config
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _with_value(section: Any, path: list[str], value: Any) -> Any:
    """A frozen section with one value replaced. It was checked with all others; here nothing is checked anew."""
    assert isinstance(section, BaseModel)
    name, *rest = path
    return section.model_copy(update={name: _with_value(getattr(section, name), rest, value) if rest else value})


def _by_hand(key: str, value: Any) -> str:
    *sections, name = key.split(".")
    under = " and ".join(f"`{section}:`" for section in sections)
    if value is None:
        return f"take `{name}` under {under} out of it yourself"
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value  # YAML reads JSON
    return f"write `{name}: {shown}` under {under} there yourself"
