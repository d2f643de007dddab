"""The dashboard's texts: every language has every one, with the same places to fill in; no page asks for another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.errors import ERROR_CLASSES
from llm_agentd.prompt.parts import SYSTEM_LINES

LANGUAGES = ("en", "de", "fr", "es", "ru")
# t("a.b") with or without values; keys that are put together, t(`a.${b}`), are looked at by their beginning.
KEY = re.compile(r"""\bt\(\s*"([\w.]+)"|export const title = "([\w.]+)\"""")
BUILT_KEY = re.compile(r"\bt\(\s*`([\w.]+)\.[\w]*\$\{")


def flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def texts_of(folder: Path, language: str) -> dict[str, str]:
    return dict(flat(json.loads((folder / "i18n" / f"{language}.json").read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def english(dashboard_folder: Path) -> dict[str, str]:
    return texts_of(dashboard_folder, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_has_every_text_and_no_other(dashboard_folder: Path, english: dict[str, str], language: str) -> None:
    texts = texts_of(dashboard_folder, language)
    assert sorted(texts) == sorted(english)
    assert [key for key, text in texts.items() if not text.strip()] == []
    wrong = [key for key, text in texts.items() if places(text) != places(english[key])]
    assert wrong == []


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_languages_are_those_of_the_mod(dashboard_folder: Path, repo: Path) -> None:
    of_mod = {path.name.split(".")[1] for path in (repo / "mods/llm_agent/locale").glob("llm_agent.*.tr")}
    assert {path.stem for path in (dashboard_folder / "i18n").glob("*.json")} == of_mod | {"en"} == set(LANGUAGES)


def test_every_text_that_a_page_asks_for_is_there(dashboard_folder: Path, english: dict[str, str]) -> None:
    missing = []
    for path in dashboard_folder.rglob("*.js"):
        source = path.read_text(encoding="utf-8")
        for match in KEY.finditer(source):
            key = match[1] or match[2]
            if key not in english:
                missing.append(f"{path.name}: {key}")
        for match in BUILT_KEY.finditer(source):
            if not any(key.startswith(f"{match[1]}.") for key in english):
                missing.append(f"{path.name}: {match[1]}.…")
    assert missing == []


def test_parts_of_prompts_and_errors_have_words(english: dict[str, str]) -> None:
    wanted = [f"prompt.part.{name}" for _, name in SYSTEM_LINES] + [f"reason.{code}" for code in ERROR_CLASSES]
    assert [key for key in wanted if key not in english] == []
