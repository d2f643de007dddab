"""Languages: what the model claims, what is asked of it, what a reply says of itself, and lines in another language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hearthling import evaluate as report
from llm_agentd.cache import open_cache
from llm_agentd.engines.gguf import read_head
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.prompt import language
from llm_agentd.server.pipeline import RequestDefaults
from tests.support.daemon_in_process import InProcess

NPC = {"id": "1", "name": "Mira", "role": "healer"}
ASK = {"op": "think", "npc": NPC, "player": "Ana", "utterance": "Hello!"}
LINE = "Bread costs 3 coins, Ana."
ENGLISH = RequestDefaults(languages=("en",))


def echo(asked: list[str]) -> Callable[[], StubEngine]:
    """An engine that notes what it is asked."""

    def script(prompt: str) -> list[bytes]:
        asked.append(prompt)
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
def test_one_it_has_is_found(wanted: str, languages: tuple[str, ...], default: str, found: str) -> None:
    assert language.choose(wanted, languages, default) == found


def test_the_embedded_model_claims_english() -> None:
    assert read_head(report.SHIPPED).languages == ("en",)


def test_a_language_that_the_model_lacks_is_not_asked_and_the_reply_says_which_it_is_in(endpoint: str) -> None:
    asked: list[str] = []
    with InProcess(endpoint, engine=echo(asked), policy=ENGLISH) as daemon, daemon.client() as client:
        assert client.ask(op="info")["info"]["languages"] == ["en"]
        assert client.ask(**ASK, lang="de")["lang"] == "en"
        assert client.ask(**ASK)["lang"] == "en"
    assert asked[0] == asked[1]
    assert "language" not in asked[0]


def test_where_nothing_is_known_it_is_asked_for(endpoint: str) -> None:
    asked: list[str] = []
    with InProcess(endpoint, engine=echo(asked)) as daemon, daemon.client() as client:
        info = client.ask(op="info")["info"]
        assert (info["languages"], info["language"]) == ([], "en")
        assert client.ask(**ASK, lang="de")["lang"] == "de"
        assert "lang" not in client.ask(op="infer", prompt="Hello!")
    assert "Speak this language: de." in asked[0]


def test_a_line_is_asked_for_in_another_language_once(endpoint: str, tmp_path: Path) -> None:
    asked: list[str] = []
    cache = open_cache(True, tmp_path / "cache", 300, 1 << 20)
    with InProcess(endpoint, engine=echo(asked), cache=cache) as daemon, daemon.client() as client:
        say = {"op": "think", "npc": NPC, "translate": LINE, "lang": "de"}
        first, second = client.ask(**say), client.ask(**{**say, "npc": {**NPC, "name": "Bram", "role": "smith"}})
        assert (first["cache"], second["cache"]) == ("miss", "hit")
        assert (first["text"], first["lang"]) == ("Hm, yes.", "de")
        assert client.ask(**{**say, "lang": "fr"})["cache"] == "miss"
    cache.close()
    assert len(asked) == 2
    assert "into German" in asked[0]
    assert LINE in asked[0]
    assert "Mira" not in asked[0]
    assert "into French" in asked[1]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"translate": LINE, "lang": "de"}, "lang: the model does not speak de; it speaks en"),
        ({"translate": LINE, "lang": "en", "utterance": "Hello!"}, "translate: a line is only translated"),
        ({"translate": ""}, "translate: "),
        ({"translate": "x" * 2001}, "translate: "),
    ],
)
def test_a_translation_that_cannot_be_is_refused(endpoint: str, record: dict[str, str], words: str) -> None:
    with InProcess(endpoint, policy=ENGLISH) as daemon, daemon.client() as client:
        error = client.ask(op="think", npc=NPC, **record)
    assert error["code"] == "bad_request"
    assert words in error["message"]


def test_the_admins_word_goes_over_the_files(endpoint: str) -> None:
    def engine() -> StubEngine:
        made = StubEngine()
        made._info = replace(made.info, languages=("en",))
        return made

    with InProcess(endpoint, engine=engine) as daemon, daemon.client() as client:
        assert client.ask(**ASK, lang="de")["lang"] == "en"
    both = RequestDefaults(languages=("en", "de"))
    with InProcess(endpoint, engine=engine, policy=both) as daemon, daemon.client() as client:
        assert client.ask(**ASK, lang="de")["lang"] == "de"
