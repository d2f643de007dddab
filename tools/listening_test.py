"""Voices to listen to: `python tools/listening_test.py [FOLDER]`, else into build/listening/.

Ogg files of every shipped role, each as three NPCs, and of every word for a voice, by the engine of `speech.tts`
(`LLM_AGENT_SPEECH__TTS=espeak-ng` for another); index.html plays them beside what they are. To be judged by ear: the
tests say that words are understood and pitches right, not that a smith sounds like one.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import soundfile

from llm_agentd.config import load_config
from llm_agentd.roles import Roles
from llm_agentd.speech import speakers
from llm_agentd.speech.types import Voice
from llm_agentd.speech.voices import WORDS, voice_of

FOLDER = Path(__file__).resolve().parents[1] / "build" / "listening"
LINE = "Good evening, traveller. The bridge fell in the flood last spring, so we all go round by the mill."
NAMES = ("Mira", "Bram", "Kai")  # a woman, a man, and one whose name does not tell


class Take(NamedTuple):
    """One sound: what it is of, who speaks it."""

    group: str
    words: str
    npc: str
    voice: Voice

    @property
    def file(self) -> str:
        return f"{self.group}-{self.npc}.ogg".replace(" ", "_").lower()


def takes() -> Iterator[Take]:
    for role in Roles.load().listing()["roles"]:
        for name in NAMES:
            words = role.get("voice", "")
            yield Take(role["name"], words, name, voice_of(words, f"{role['name']}_{name}", name=name))
    for word in WORDS:
        yield Take(f"word {word}", word, "Kai", voice_of(word, "kai", name="Kai"))


def main(folder: Path) -> None:
    speaker = speakers.choose(load_config().speech)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for take in takes():
        sound = speaker.speak(LINE, "en", take.voice)
        soundfile.write(folder / take.file, sound.samples, sound.rate_hz, format="OGG", subtype="VORBIS")
        rows.append(_row(take))
    (folder / "index.html").write_text(_page(speaker.name, rows), encoding="utf-8")
    speaker.close()
    print(f"{len(rows)} sounds by {speaker.name}; open {folder / 'index.html'}")


def _row(take: Take) -> str:
    voice = take.voice
    facts = (take.group, take.words, take.npc, f"{voice.semitones:+.1f}", f"{voice.formant:.2f}", f"{voice.pace:.2f}")
    cells = "".join(f"<td>{html.escape(fact)}</td>" for fact in facts)
    return f'<tr>{cells}<td><audio controls preload="none" src="{html.escape(take.file)}"></audio></td></tr>'


def _page(engine: str, rows: list[str]) -> str:
    heads = "".join(
        f"<th>{head}</th>" for head in ("of", "voice", "NPC", "semitones", "formant", "pace", html.escape(engine))
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Voices</title>'
        "<style>body{font:16px sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:left}</style>"
        f"<h1>Voices</h1><p>{html.escape(LINE)}</p><table><tr>{heads}</tr>{''.join(rows)}</table></html>\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
