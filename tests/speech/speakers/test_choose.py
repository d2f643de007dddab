"""Which engine speaks, and what is said where none can."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.errors import BadRequest, StartError
from llm_agentd.speech import speakers
from llm_agentd.speech.types import Voice
from tests.speech.speakers.contract import TEXT


def hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Modules and programs of these names are not there."""
    which = shutil.which
    monkeypatch.setattr(speakers, "find_spec", lambda name: None if name in names else find_spec(name))
    monkeypatch.setattr(shutil, "which", lambda name, **kw: None if name in names else which(name, **kw))


def test_auto_is_hibari_and_espeak_else_the_one_that_is_there_else_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert speakers.chosen(Speech()) == ("hibari", "espeak-ng")
    hide(monkeypatch, "espeak-ng")
    assert speakers.chosen(Speech()) == ("hibari",)
    hide(monkeypatch, "hibari")
    assert speakers.chosen(Speech()) == ()
    with pytest.raises(StartError, match=r"pip install 'llm-agentd\[speech\]', or `apt-get install espeak-ng`"):
        speakers.choose(Speech())


def test_off_is_nobody() -> None:
    assert speakers.chosen(Speech(tts="off")) == ()
    with pytest.raises(StartError, match=r"speech\.tts is off"):
        speakers.choose(Speech(tts="off"))


@pytest.mark.parametrize(
    ("name", "hidden", "expected"),
    [
        ("hibari", "hibari", r"speech.tts is hibari: hibari is not installed: pip install 'llm-agentd\[speech\]'"),
        ("espeak-ng", "espeak-ng", "espeak-ng is not installed: `apt-get install espeak-ng`"),
        ("piper", "piper", "piper is not installed, or not on the daemon's PATH: `pip install piper-tts`"),
        ("stub", "soundfile", "soundfile is not installed"),
        ("openai", "", r"speech\.base_url names no server"),
    ],
)
def test_engine_that_is_not_there_is_named_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, name: str, hidden: str, expected: str
) -> None:
    hide(monkeypatch, hidden)
    speech = Speech.model_validate({"tts": name})
    assert dict(speakers.available(speech))[name] is not None
    with pytest.raises(StartError, match=expected):
        speakers.choose(speech)


def test_piper_without_a_folder_of_voices_says_so(tmp_path: Path) -> None:
    for folder, expected in ((None, "names no folder"), (tmp_path / "none", "holds no voice")):
        assert expected in (dict(speakers.available(Speech(voices_dir=folder)))["piper"] or "")


def test_library_that_does_not_load_is_a_cure_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hibari", None)
    monkeypatch.delitem(sys.modules, "llm_agentd.speech.speakers.hibari", raising=False)
    monkeypatch.setattr(speakers, "find_spec", lambda name: object())
    with pytest.raises(StartError, match=r"hibari cannot be loaded .*; pip install 'llm-agentd\[speech\]'"):
        speakers.choose(Speech(tts="hibari"))


@pytest.mark.slow
def test_auto_speaks_english_with_hibari_and_all_else_with_espeak() -> None:
    speaker = speakers.choose(Speech())
    assert speaker.name == "hibari+espeak-ng"
    assert {"en", "de", "fr", "es", "ru"} <= set(speaker.languages)
    hibari_hz, espeak_hz = 24000, 22050
    for text, lang, named, rate_hz in (
        (TEXT, "en", "", hibari_hz),
        (TEXT, "en_GB", "", hibari_hz),
        (TEXT, "", "", hibari_hz),
        ("Guten Tag!", "de", "", espeak_hz),
        ("Добрый вечер!", "en", "", espeak_hz),
        (TEXT, "en", "espeak-ng:en+f3", espeak_hz),
        (TEXT, "en", "piper:joe", hibari_hz),
    ):
        sound = speaker.speak(text, lang, Voice(named))
        assert (sound.rate_hz, sound.seconds > 0.5) == (rate_hz, True), (text, lang, named)
    with pytest.raises(BadRequest, match="does not speak 'xx'"):
        speaker.speak(TEXT, "xx", Voice())
    speaker.close()
