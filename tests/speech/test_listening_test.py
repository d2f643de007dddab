"""tools/listening_test.py: what there is to listen to."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from tools import listening_test

from llm_agentd.roles import Roles
from llm_agentd.speech.voices import WORDS


@pytest.mark.slow
def test_every_shipped_role_and_word_is_a_file_that_the_page_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_AGENT_SPEECH__TTS", "stub")
    listening_test.main(tmp_path)
    sounds = sorted(path.name for path in tmp_path.glob("*.ogg"))
    assert len(sounds) == len(Roles.load().names()) * len(listening_test.NAMES) + len(WORDS)
    page = (tmp_path / "index.html").read_text()
    assert [name for name in sounds if f'src="{name}"' not in page] == []
    assert soundfile.info(tmp_path / sounds[0]).format == "OGG"
