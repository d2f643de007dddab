"""PocketSphinx with its English model: commands and names by a grammar, all else by its language model.

Runs in the child process that listens, on one thread. Its dictionary has no names of a game: they get the sounds of
their spelling. A grammar finds a command in any sound at all, so what it finds counts only where the language model
heard nearly the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from llm_agentd.errors import SpeechError, StartError
from llm_agentd.speech.recognizers.grammar import jsgf, tokens_of, whole
from llm_agentd.speech.recognizers.phonetics import distance, pronounce
from llm_agentd.speech.sound_file import INSTALL, RATE_HZ
from llm_agentd.speech.types import Sound, Transcript

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from llm_agentd.config.speech import Speech

log = logging.getLogger(__name__)

QUIET = 0.003  # of full scale, at the loudest: below, there is nothing, and the model makes a word of it
# How far what the grammar found may be from what the language model heard, as sounds: farther where the language model
# is unsure itself (below UNSURE). Of 57 sounds of 8 lines, by machines, clean and with noise, none that was no
# command came within these; the nearest was at 0.57.
AGREE_MAX, UNSURE_MAX, UNSURE = 0.35, 0.56, 0.2
WORDS_ADDED_MAX = 5_000  # names of all games since the start; then the dictionary is loaded anew
LANGUAGE_MODEL = "_default"  # the search that a decoder has by itself
GRAMMAR = "players"


class PocketsphinxRecognizer:
    name = "pocketsphinx"
    languages = ("en",)

    def __init__(self) -> None:
        self._open()
        self._left_out: set[str] = set()  # phrases that the log has told of

    def _open(self) -> None:
        from pocketsphinx import Decoder

        try:
            self._decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
        except (RuntimeError, ValueError) as error:
            raise StartError(f"speech.stt: pocketsphinx cannot load its model: {error}; {INSTALL}") from None
        self._words_added = 0
        self._phrases: tuple[str, ...] | None = None  # of the grammar that is loaded

    def recognize(self, sound: Sound, lang: str, phrases: Sequence[str]) -> Transcript:
        if not len(sound.samples) or abs(sound.samples).max() < QUIET:
            return Transcript("", 0.0)
        try:
            data = _pcm(sound.samples)
            heard, confidence = self._search(LANGUAGE_MODEL, data)
            if not heard:
                return Transcript("", 0.0)
            self._load_grammar(tuple(phrases))
            found, _ = self._search(GRAMMAR, data)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"pocketsphinx failed on this sound: {error}") from None
        far = distance(self._sounds(heard), self._sounds(found))
        agrees = far <= (UNSURE_MAX if confidence < UNSURE else AGREE_MAX)
        if agrees and self._whole.fullmatch(found):
            return Transcript(found, 1.0 - far)
        return Transcript(heard, confidence)

    def close(self) -> None:
        del self._decoder

    def _search(self, name: str, data: bytes) -> tuple[str, float]:
        """Words, and how likely they are by the search's own account: a mean over the words."""
        decoder = self._decoder
        decoder.activate_search(name)
        decoder.start_utt()
        decoder.process_raw(data, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None or not found.hypstr:
            return "", 0.0
        words = [segment for segment in decoder.seg() if segment.word[0] not in "<["]
        return found.hypstr, sum(word.prob for word in words) / max(1, len(words))

    def _load_grammar(self, phrases: tuple[str, ...]) -> None:
        if phrases == self._phrases:
            return
        if self._words_added > WORDS_ADDED_MAX:
            self._open()
        usable = [phrase for phrase in phrases if self._knows(phrase)]
        self._decoder.add_jsgf_string(GRAMMAR, jsgf(usable))
        self._whole = whole(usable)
        self._phrases = phrases

    def _knows(self, phrase: str) -> bool:
        """Whether its words are in the dictionary; those that can be are added."""
        tokens = tokens_of(phrase)
        if not tokens:
            if phrase not in self._left_out:
                log.warning(
                    "pocketsphinx knows no sounds for %r, which is not of Latin letters: it is left out", phrase
                )
                self._left_out.add(phrase)
            return False
        for token in tokens:
            if self._decoder.lookup_word(token) is None:
                self._decoder.add_word(token, " ".join(pronounce(token)), False)
                self._words_added += 1
        return True

    def _sounds(self, text: str) -> tuple[str, ...]:
        return tuple(sound for word in text.split() for sound in (self._decoder.lookup_word(word) or "").split())


def _pcm(samples: NDArray[float32]) -> bytes:
    import numpy as np

    data: bytes = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    return data


def problem(speech: Speech) -> str | None:
    return f"pocketsphinx is not installed: {INSTALL}" if find_spec("pocketsphinx") is None else None


def open_recognizer(speech: Speech) -> PocketsphinxRecognizer:
    return PocketsphinxRecognizer()
