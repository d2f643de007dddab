"""Engine `piper`: voices of the admin's choice in many languages, by the program of piper-tts (GPL: a process).

`piper` reads a line, writes a WAV file into a folder and says where it is; so one process with its model loaded speaks
many sentences. How high it speaks it cannot change: its sound is played faster or slower, by as much as persons differ,
and stretched so that the pace is right. Both of its programs are understood: that in Python, which says `Wrote FILE` in
its log, and the older one in C++, which prints the path.
"""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_agentd.errors import BadRequest, SpeechError, StartError
from llm_agentd.speech.languages import base_code
from llm_agentd.speech.pitch import pitch_hz
from llm_agentd.speech.resample import as_if_played_faster
from llm_agentd.speech.speakers import piper_program
from llm_agentd.speech.speakers.sound_data import read_sound
from llm_agentd.speech.stretch import stretched
from llm_agentd.speech.types import WOMAN_HZ, Sound, Voice

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

LOADED_MAX = 2  # processes, each with a model: 250 MB each
SENTENCE_S = 30.0  # with the loading of the model, on a slow machine; a sentence takes a fifth of its length
END_S = 2.0  # for a process whose input has ended
SAID_MAX_CHARS = 300  # of what a process printed before it died
PROBE = "La le li lo lu, ma me mi mo mu, na ne ni no nu."  # sounds of every language, to hear how high a voice is
FASTER = (0.8, 1.3)  # beyond it one hears a tape, no person
# Without noise the same words give the same sound, and no worse a one.
STEADY = ("--noise_scale", "0", "--noise_w", "0")
NOT_PIPER = "it printed nothing; is it the program of piper-tts? Debian has another one of this name, for mice"
_FILE = re.compile(r"(\S.*?\.wav)\s*$")


@dataclass(frozen=True, slots=True)
class _Model:
    path: Path
    lang: str
    speakers: int


class PiperSpeaker:
    name = "piper"

    def __init__(self, program: str, folder: Path) -> None:
        """Raises StartError where no voice in the folder can be read."""
        self._program = program
        self._models = _models(folder)
        self.languages = tuple(sorted({model.lang for model in self._models.values()}))
        self._processes: dict[tuple[str, int], _Process] = {}
        self._pitches: dict[tuple[str, int], float] = {}

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        named = voice.name_at(self.name)
        key = self._named(named) if named else (self._first(lang), 0)
        wanted = 2 ** (voice.semitones / 12)
        faster = wanted if named else WOMAN_HZ * wanted / self._pitch(key)
        faster = min(max(faster, FASTER[0]), FASTER[1])
        return as_if_played_faster(stretched(self._say(key, text), faster / voice.pace), faster)

    def close(self) -> None:
        while self._processes:
            self._processes.popitem()[1].close()

    def _first(self, lang: str) -> str:
        """Of the voices of a language the first by name."""
        return next(name for name, model in self._models.items() if model.lang == base_code(lang))

    def _named(self, named: str) -> tuple[str, int]:
        """`NAME`, or `NAME#4`: the fifth of a model with many speakers."""
        name, _, number = named.partition("#")
        model = self._models.get(name.removesuffix(".onnx"))
        if model is None:
            raise BadRequest(f"voice: speech.voices_dir has no voice {name!r}; it has {', '.join(self._models)}")
        if number and not (number.isascii() and number.isdecimal() and int(number) < model.speakers):
            raise BadRequest(f"voice: {name} has speakers 0 to {model.speakers - 1}, not {number!r}")
        return model.path.stem, int(number or 0)

    def _pitch(self, key: tuple[str, int]) -> float:
        if key not in self._pitches:
            self._pitches[key] = pitch_hz(self._say(key, PROBE)) or WOMAN_HZ
        return self._pitches[key]

    def _say(self, key: tuple[str, int], text: str) -> Sound:
        process = self._processes.pop(key, None)
        if process is None:
            if len(self._processes) >= LOADED_MAX:
                self._processes.pop(next(iter(self._processes))).close()
            model = self._models[key[0]]
            command = [self._program, "--model", str(model.path), *STEADY]
            process = _Process(command + (["--speaker", str(key[1])] if model.speakers > 1 else []))
        try:
            data = process.say(text)
        except BaseException:
            process.close()
            raise
        self._processes[key] = process  # the latest used is the last
        return read_sound(data, self.name)


class _Process:
    """One model, one speaker."""

    def __init__(self, command: list[str]) -> None:
        self._folder = tempfile.mkdtemp(prefix="llm-agentd-piper-")
        command = [*command, "--output_dir", self._folder]
        self._said: queue.Queue[str | None] = queue.Queue()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self._folder
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SpeechError(f"{command[0]} cannot be run: {error.strerror}") from None
        threading.Thread(target=self._read, name="piper", daemon=True).start()

    def say(self, text: str) -> bytes:
        """A WAV file's bytes. Raises SpeechError; the process is of no use after it."""
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended: what it said of that comes now
            self._process.stdin.write(text.encode() + b"\n")
            self._process.stdin.flush()
        path = self._wait_for_file()
        try:
            data = path.read_bytes()
            path.unlink()
        except OSError as error:
            raise SpeechError(f"piper's file {path} cannot be read: {error.strerror}") from None
        return data

    def close(self) -> None:
        """Its input ends, and so does it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_for_file(self) -> Path:
        ends_s = time.monotonic() + SENTENCE_S
        printed: list[str] = []
        while True:
            try:
                line = self._said.get(timeout=max(ends_s - time.monotonic(), 0.0))
            except queue.Empty:
                raise SpeechError(f"piper took more than {SENTENCE_S:g} s for a sentence") from None
            if line is None:
                raise SpeechError(f"piper ended: {_last(printed)}")
            if path := self._file(line):
                return path
            printed.append(line)

    def _file(self, line: str) -> Path | None:
        """The file that it says it wrote, where that lies in its folder."""
        found = _FILE.search(line)
        path = Path(self._folder, Path(found[1]).name) if found else None
        return path if path is not None and path.is_file() else None

    def _read(self) -> None:
        """A thread of its own: a pipe cannot be waited for with a time limit on every system."""
        assert self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                self._said.put(line.decode("utf-8", "replace").rstrip())
        self._said.put(None)


def _last(printed: list[str]) -> str:
    """Of a traceback the last line says what was wrong."""
    lines = [line for line in printed if line.strip()]
    return lines[-1][:SAID_MAX_CHARS] if lines else NOT_PIPER


def _models(folder: Path) -> dict[str, _Model]:
    """By name, in the order of the names. Raises StartError."""
    found: dict[str, _Model] = {}
    problem = ""
    for path in sorted(folder.glob("*.onnx")):
        try:
            facts: dict[str, Any] = json.loads(Path(f"{path}.json").read_bytes())
            found[path.stem] = _Model(path.resolve(), _language(path.stem, facts), int(facts.get("num_speakers") or 1))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            problem = f"{path}.json: {error}"
    if not found:
        raise StartError(f"speech.voices_dir: no voice of piper's can be read: {problem or folder}")
    return found


def _language(name: str, facts: dict[str, Any]) -> str:
    """As the file says, else as voices are named: en_US-joe-medium."""
    language = facts.get("language") or {}
    return base_code(language.get("family") or language.get("code") or name.partition("-")[0])


def open_speaker(speech: Speech) -> PiperSpeaker:
    program = piper_program()
    assert program is not None
    assert speech.voices_dir is not None  # both were looked for before
    return PiperSpeaker(program, speech.voices_dir)
