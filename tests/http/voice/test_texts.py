"""The page's texts: every language has every one, with the same places to fill in, and no text is asked for in vain."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.dashboard.test_texts import BUILT_KEY, KEY, LANGUAGES, flat, places


@pytest.fixture
def folder(repo: Path) -> Path:
    return repo / "daemon/llm_agentd/http/voice/page"


def texts_of(folder: Path, language: str) -> dict[str, str]:
    return dict(flat(json.loads((folder / "i18n" / f"{language}.json").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_has_every_text_and_no_other(folder: Path, language: str) -> None:
    english, texts = texts_of(folder, "en"), texts_of(folder, language)
    assert sorted(texts) == sorted(english)
    assert [key for key, text in texts.items() if not text.strip()] == []
    assert [key for key, text in texts.items() if places(text) != places(english[key])] == []


def test_every_text_is_asked_for_and_every_one_that_is_asked_for_is_there(folder: Path) -> None:
    english = texts_of(folder, "en")
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.js"))
    asked = {match[1] or match[2] for match in KEY.finditer(source)} | set(re.findall(r'say\("([\w.]+)"', source))
    asked |= set(re.findall(r'\? "(talk\.\w+)" : "(?:talk\.\w+)"', source)) | set(
        re.findall(r'\? "talk\.\w+" : "(talk\.\w+)"', source)
    )
    assert sorted(asked - set(english)) == []
    built = {match[1] for match in BUILT_KEY.finditer(source)} | {"server", "microphone"}
    assert [key for key in english if key not in asked and key.split(".")[0] not in built] == []
