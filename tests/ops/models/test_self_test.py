"""What of an answer is judged without a reader, and the words of the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.config import load_config
from llm_agentd.ops.models.model_file import read_model
from llm_agentd.ops.models.self_test import questions, report
from llm_agentd.ops.models.self_test.run import Answer, SelfTest
from tests.support.tiny_gguf import write_tiny_gguf

GOOD = Answer("Who are you?", "I am Bram, the ferryman.", "", True, 0.2, 0.8, 12, 0.5)


@pytest.mark.parametrize(
    ("answer", "finish", "problem"),
    [
        ("I am Bram, the ferryman.", "stop", ""),
        ("Two coins. No more, no less!", "sentence", ""),
        ("", "stop", "says nothing"),
        ("...!", "stop", "says nothing"),
        ("<think>The user wants", "length", "thinks aloud"),
        ("Well.\nuser: and you?", "stop", "writes both sides of the talk"),
        ("Ana: Good day!", "stop", "writes both sides of the talk"),
        ('{"say": "Good day"}', "stop", "writes markup"),
        ("**Bram** nods", "stop", "writes markup"),
        ("Where is the ford? It is there.", "stop", "says the question again"),
        ("I do not know. I do not know. I do not know.", "stop", "repeats itself"),
        ("It goes on and", "length", "does not come to an end"),
    ],
)
def test_problems_are_found(answer: str, finish: str, problem: str) -> None:
    assert questions.problem_of(answer, "where is the ford", finish) == problem


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The weather is fine, and I am glad of it.", "en"),
        ("Heute ist das Wetter gut, und ich bin froh.", "de"),
        ("Il fait beau aujourd'hui, et je suis content.", "fr"),
        ("Hoy hace buen tiempo y yo estoy contento de verla.", "es"),
        ("Сегодня хорошая погода.", "ru"),
        ("12 34", ""),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    assert questions.language_of(text) == code


def test_every_greeting_is_in_its_language() -> None:
    assert {
        code: questions.language_of(text) for code, text in questions.GREETINGS.items() if code not in ("en", "fr")
    } == {
        "de": "de",
        "es": "es",
        "ru": "ru",
    }


@pytest.mark.parametrize(
    ("action", "is_offered"),
    [
        ({"name": "wave", "params": {}}, True),
        ({"name": "give_item", "params": {"item": "rope", "count": 2}}, True),
        ({"name": "give_item", "params": {"item": "rope", "count": 4}}, False),
        ({"name": "give_item", "params": {"item": "gold", "count": 1}}, False),
        ({"name": "fly", "params": {}}, False),
        ("wave", False),
    ],
)
def test_actions_are_checked_against_the_offer(action: object, is_offered: bool) -> None:
    assert questions.is_offered(action) == is_offered


def good_test() -> SelfTest:
    return SelfTest(
        ready_s=1,
        answers=[GOOD] * 6,
        orders=(3, 3, 3),
        json=(2, 2),
        languages={"en": True},
        at_once=8,
        replies_per_min=60,
        memory_bytes=600_000_000,
        engine="llama",
    )


@pytest.fixture
def file(model: Path) -> Path:
    return model


def test_good_model_is_called_good(file: Path) -> None:
    said = "\n".join(report.lines(good_test(), read_model(file), load_config(), 50))
    assert "answers    6 of 6 whole; 6 of 6 use what the NPC was told" in said
    assert "first words after 0.2 s, whole answer after 0.8 s, 24 tokens/s; 8 at once: 60 answers a minute" in said
    assert "the daemon takes 600 MB now; with 50 NPCs about" in said
    assert said.endswith("verdict    good: nothing speaks against it")


@pytest.mark.parametrize(
    ("change", "word", "says"),
    [
        (
            {"answers": [Answer("?", "x", "repeats itself")] * 4 + [GOOD] * 2},
            "not fit",
            "most of its answers cannot be shown",
        ),
        ({"json": (1, 2)}, "not fit", "the engine is at fault"),
        ({"orders": (1, 2, 3)}, "not fit", "the engine is at fault"),
        ({"orders": (1, 3, 3)}, "with limits", r"rarely does what it is asked to do (1 of 3)"),
        ({"languages": {"en": True, "de": False}}, "with limits", "it did not answer in German"),
        ({"replies_per_min": 5}, "with limits", "5 answers a minute are few"),
        (
            {"answers": [Answer("?", "x", "", True, 1, 9, 12, 5)] * 6},
            "with limits",
            "too slow for inference.timeout_ms",
        ),
        (
            {"answers": [Answer("?", "x", "", False, 0.1, 1, 12, 1)] * 6},
            "with limits",
            "rarely uses what it is told (0 of 6)",
        ),
    ],
)
def test_faults_are_named(change: dict[str, object], word: str, says: str, file: Path) -> None:
    test = good_test()
    for name, value in change.items():
        setattr(test, name, value)
    got, reasons = report.verdict(test, read_model(file), load_config())
    assert got == word
    assert any(says in reason for reason in reasons), reasons


def test_base_model_is_never_fit(tmp_path: Path) -> None:
    base = read_model(write_tiny_gguf(tmp_path / "base.gguf", template=None))
    got, reasons = report.verdict(good_test(), base, load_config())
    assert got == "not fit"
    assert reasons[0].startswith("this is a base model")


def test_engine_without_grammar_is_no_fault(file: Path) -> None:
    test = good_test()
    test.orders, test.json = (0, 0, 0), (0, 0)
    assert report.verdict(test, read_model(file), load_config()) == ("good", [])


def test_busy_machine_is_named(file: Path) -> None:
    test = good_test()
    test.others_share = 0.6
    said = "\n".join(report.lines(test, read_model(file), load_config(), 50))
    assert "other programs took 60% of the processors meanwhile: alone it is faster" in said
