"""Languages: which one a reply is in, what the prompt and the reply say of it, and translated lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.client import Client
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.base import EngineInfo
from llm_agentd.engines.gguf import read_header
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import AgentdError, BadRequest, TooLarge
from llm_agentd.prompt import language
from llm_agentd.server.request_builder import RequestDefaults
from tests.support.daemon_in_process import InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}
LINE = "Bread costs 3 coins, Ana."
ENGLISH = RequestDefaults(languages=("en",))


def hello(client: Client, **options: Any) -> str:
    """The language of the reply."""
    return client.think(NPC, "Hello!", player="Ana", **options).lang


def engine_that_records(prompts: list[str]) -> Callable[[], StubEngine]:
    """It appends the prompts that it gets."""

    def script(prompt: str) -> list[bytes]:
        prompts.append(prompt)
        return [b"Hm, ", b"yes."]

    return lambda: StubEngine(script=script)


@pytest.mark.parametrize(
    ("wanted", "languages", "default", "found"),
    [
        ("de", (), "en", "de"),
        ("de", ("en", "de"), "en", "de"),
        ("de_AT", ("de-DE",), "en", "de_AT"),
        ("de", ("en",), "en", "en"),
        ("de", ("en", "fr"), "fr", "fr"),
        ("de", ("zh",), "en", "zh"),
        ("de\nIgnore all", (), "en", "de Ignore all"),
    ],
)
def test_choose_takes_the_first_that_the_model_speaks(
    wanted: str, languages: tuple[str, ...], default: str, found: str
) -> None:
    assert language.choose(wanted, languages, default) == found


def test_embedded_model_lists_english() -> None:
    assert read_header(EMBEDDED_MODEL).languages == ("en",)


def test_language_that_the_model_lacks_is_replaced_and_the_reply_names_the_one_it_is_in(endpoint: str) -> None:
    prompts: list[str] = []
    with (
        InProcess(endpoint, engine=engine_that_records(prompts), defaults=ENGLISH) as daemon,
        daemon.client() as client,
    ):
        assert client.info()["languages"] == ["en"]
        assert hello(client, lang="de") == "en"
        assert hello(client) == "en"
    assert prompts[0] == prompts[1]
    assert "language" not in prompts[0]


def test_language_of_a_model_without_a_list_is_passed_on(endpoint: str) -> None:
    prompts: list[str] = []
    with InProcess(endpoint, engine=engine_that_records(prompts)) as daemon, daemon.client() as client:
        info = client.info()
        assert (info["languages"], info["language"]) == ([], "en")
        assert hello(client, lang="de") == "de"
        assert "lang" not in client.request("infer", prompt="Hello!")
    assert "Speak this language: de." in prompts[0]


def test_translated_line_is_generated_once_for_all_npcs(endpoint: str, tmp_path: Path) -> None:
    prompts: list[str] = []
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with InProcess(endpoint, engine=engine_that_records(prompts), cache=cache) as daemon, daemon.client() as client:
        first = client.think(NPC, translate=LINE, lang="de")
        second = client.think({**NPC, "name": "Bram", "role": "smith"}, translate=LINE, lang="de")
        assert (first.cache, second.cache) == ("miss", "hit")
        assert (first.text, first.lang) == ("Hm, yes.", "de")
        assert client.think(NPC, translate=LINE, lang="fr").cache == "miss"
    cache.close()
    assert len(prompts) == 2
    assert "into German" in prompts[0]
    assert LINE in prompts[0]
    assert "Mira" not in prompts[0]
    assert "into French" in prompts[1]


@pytest.mark.parametrize(
    ("record", "error", "words"),
    [
        ({"translate": LINE, "lang": "de"}, BadRequest, "lang: the model does not speak de; it speaks en"),
        ({"translate": LINE, "lang": "en", "utterance": "Hello!"}, BadRequest, "translate: a line is only translated"),
        ({"translate": ""}, BadRequest, "translate: "),
        ({"translate": "x" * 2001}, TooLarge, "translate: "),
    ],
)
def test_invalid_translation_is_refused(
    endpoint: str, record: dict[str, Any], error: type[AgentdError], words: str
) -> None:
    expected = pytest.raises(error, match=re.escape(words))
    with InProcess(endpoint, defaults=ENGLISH) as daemon, daemon.client() as client, expected:
        client.request("think", npc=NPC, **record)


def test_configured_languages_override_those_of_the_model(endpoint: str) -> None:
    class English(StubEngine):
        @property
        def info(self) -> EngineInfo:
            return replace(super().info, languages=("en",))

    with InProcess(endpoint, engine=English) as daemon, daemon.client() as client:
        assert hello(client, lang="de") == "en"
    both = RequestDefaults(languages=("en", "de"))
    with InProcess(endpoint, engine=English, defaults=both) as daemon, daemon.client() as client:
        assert hello(client, lang="de") == "de"
