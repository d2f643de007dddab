"""`bench hearing`: how well players are understood, by engine, voice, noise and speed, and how long it takes.

Lines that a player would say (lines.yaml), spoken by machines (spoken.py), with noise (noise.py), go through each
engine that is installed, with the hints that a game gives: names near by and plain orders. Word errors are edits over
the words that were said. Machines speak more plainly than people, so these figures flatter every engine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from llm_agentd.bench.hearing.noise import KINDS, made, mixed
from llm_agentd.bench.hearing.score import names_in, word_errors, words_of
from llm_agentd.bench.hearing.spoken import PACES, SOURCES, sayers
from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.speech import recognizers
from llm_agentd.speech.recognizers.names import put_right
from llm_agentd.speech.sound_file import RATE_HZ
from llm_agentd.speech.types import Recognizer, Sound

RATIOS_DB = (20, 10, 5)
ORDERS = ("follow me", "come here", "come with me", "stay here", "wait here", "stop", "stop following me", "go home")
NOISE_S = (1.0, 3.0, 6.0)  # of noise alone, in which nobody speaks
FLATTERY = (
    "All of these are machines' voices, which speak more plainly than people do: real players are understood less well."
    " hibari is the voice of our own NPCs and flatters most; flite's are made of recordings of people."
)


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    is_command: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A line as it is heard. `ratio_db`: None is clean."""

    line: Line
    source: str
    pace: float
    kind: str
    ratio_db: int | None
    sound: Sound


@dataclass(frozen=True, slots=True)
class Heard:
    """`bare`: as the engine heard it, without its names put right."""

    case: Case
    text: str
    bare: str
    took_s: float

    @property
    def errors(self) -> int:
        return word_errors(self.case.line.text, self.text)

    @property
    def words(self) -> int:
        return len(words_of(self.case.line.text))


def measure(config: Config, options: Options) -> Result:
    lines, names = read_lines(options.lines)
    hints = (*names, *ORDERS)
    cases = list(_cases(lines))
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    figures: dict[str, float] = {}
    rates: dict[str, float] = {}
    for engine in _installed(config):
        began_s = time.perf_counter()
        recognizer = recognizers.choose(config.speech.model_copy(update={"stt": engine}))
        load_s = time.perf_counter() - began_s
        heard = [_hear(recognizer, case, hints) for case in cases]
        made_up = _made_up(recognizer, hints, [case.sound for case in cases if case.ratio_db is None])
        recognizer.close()
        rows += _rows(engine, heard)
        rates[engine] = rate(heard)
        own = _figures(heard, names) | {"load_s": load_s, "made_up": made_up}
        figures |= {f"{engine}_{key}": value for key, value in own.items()}
        notes += _notes(engine, heard, own)
    return Result(
        title=f"Words wrong of 100, {len(lines)} lines at paces of {', '.join(map(str, PACES))}",
        columns=("", "clean", *(f"{ratio} dB" for ratio in RATIOS_DB)),
        rows=tuple(rows),
        ratios=_ratios(rates),
        figures=figures,
        notes=(*notes, FLATTERY),
    )


def read_lines(count: int = 0) -> tuple[list[Line], tuple[str, ...]]:
    """`count` lines of all kinds, 0: all; and the names of NPCs near by."""
    file = yaml.safe_load((Path(__file__).parent / "lines.yaml").read_text(encoding="utf-8"))
    kinds = ("commands", "questions", "trade")
    lines = [Line(text, kind == "commands") for group in zip(*(file[kind] for kind in kinds), strict=True)
             for kind, text in zip(kinds, group, strict=True)]  # fmt: skip
    return lines[: count or None], tuple(file["names"])


def _installed(config: Config) -> list[str]:
    """Those that hear words on this machine, and a server where one is configured."""
    found = [name for name, problem in recognizers.available(config.speech) if problem is None and name != "stub"]
    if not found:
        raise StartError("bench: hearing wants an engine that listens: pip install 'llm-agentd[hearing]'")
    return found


def _cases(lines: Sequence[Line]) -> Iterator[Case]:
    """Each line by each source, clean and at each ratio; voice, pace and kind of noise take turns."""
    says = sayers()
    clean = [
        Case(line, source, pace, "", None, says[source](line.text, number, pace))
        for number, line in enumerate(lines)
        for source, pace in ((source, PACES[(number + at) % len(PACES)]) for at, source in enumerate(SOURCES))
    ]
    yield from clean
    sounds = [case.sound for case in clean]
    for number, case in enumerate(clean):
        for at, ratio in enumerate(RATIOS_DB):
            kind = KINDS[(number + number // len(KINDS) + at) % len(KINDS)]
            noisy = mixed(case.sound, kind, ratio, sounds, seed=number)
            yield Case(case.line, case.source, case.pace, kind, ratio, noisy)


def _hear(recognizer: Recognizer, case: Case, hints: Sequence[str]) -> Heard:
    began_s = time.perf_counter()
    bare = recognizer.recognize(case.sound, "en", hints).text
    text = put_right(bare, hints)
    return Heard(case, text, bare, time.perf_counter() - began_s)


def _made_up(recognizer: Recognizer, hints: Sequence[str], others: Sequence[Sound]) -> float:
    """The share of sounds in which nobody speaks that became words all the same."""
    chance = np.random.default_rng(1)
    sounds = [Sound(np.zeros(int(seconds * RATE_HZ), np.float32), RATE_HZ) for seconds in NOISE_S]
    for kind in ("white", "fan"):
        sounds += [
            Sound(level * made(kind, int(seconds * RATE_HZ), others, chance), RATE_HZ)
            for seconds in NOISE_S
            for level in (0.003, 0.1)
        ]
    return sum(bool(recognizer.recognize(sound, "en", hints).text) for sound in sounds) / len(sounds)


def rate(heard: Iterable[Heard]) -> float:
    """Word errors over words; nan where there are none."""
    heard = list(heard)
    words = sum(one.words for one in heard)
    return sum(one.errors for one in heard) / words if words else math.nan


def _rows(engine: str, heard: Sequence[Heard]) -> list[tuple[str, ...]]:
    rows = []
    for source in (*SOURCES, "all"):
        of_source = [one for one in heard if source in (one.case.source, "all")]
        cells = (rate(one for one in of_source if one.case.ratio_db == ratio) for ratio in (None, *RATIOS_DB))
        rows.append((f"{engine}, {source}", *(_percent(cell) for cell in cells)))
    return rows


def _figures(heard: Sequence[Heard], names: Sequence[str]) -> dict[str, float]:
    clean = [one for one in heard if one.case.ratio_db is None]
    commands = [one for one in heard if one.case.line.is_command]
    figures = {f"wer_{source}": rate(one for one in clean if one.case.source == source) for source in SOURCES}
    for ratio in RATIOS_DB:
        figures[f"wer_{ratio}_db"] = rate(one for one in heard if one.case.ratio_db == ratio)
    for kind in KINDS:
        figures[f"wer_{kind}"] = rate(one for one in heard if one.case.kind == kind)
    for pace in PACES:
        figures[f"wer_pace_{pace}"] = rate(one for one in clean if one.case.pace == pace)
    figures["commands_right"] = _share(commands, lambda one: one.errors == 0)
    figures["commands_right_clean"] = _share([one for one in commands if one in clean], lambda one: one.errors == 0)
    named = [one for one in heard if names_in(one.case.line.text, names)]
    figures["names_right"] = _share(named, lambda one: _has_names(one.case.line.text, one.text, names))
    figures["names_right_bare"] = _share(named, lambda one: _has_names(one.case.line.text, one.bare, names))
    figures["spoiled"] = _share(heard, lambda one: one.errors > word_errors(one.case.line.text, one.bare))
    figures["mended"] = _share(heard, lambda one: one.errors < word_errors(one.case.line.text, one.bare))
    figures["s_per_s"] = sum(one.took_s for one in heard) / sum(one.case.sound.seconds for one in heard)
    return figures


def _has_names(said: str, heard: str, names: Sequence[str]) -> bool:
    return names_in(said, names) == names_in(heard, names)


def _share(heard: Sequence[Heard], is_so: Callable[[Heard], bool]) -> float:
    return sum(map(is_so, heard)) / len(heard) if heard else math.nan


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _notes(engine: str, heard: Sequence[Heard], own: dict[str, float]) -> list[str]:
    def of(key: str) -> str:
        return _percent(own[key])

    noises = ", ".join(f"{kind} {of(f'wer_{kind}')}" for kind in KINDS)
    paces = ", ".join(f"{pace} {of(f'wer_pace_{pace}')}" for pace in PACES)
    return [
        f"{engine}: commands right {of('commands_right')} % (clean {of('commands_right_clean')} %); names right"
        f" {of('names_right')} %, {of('names_right_bare')} % before they are put right, which mended"
        f" {of('mended')} % of all lines and spoiled {of('spoiled')} %",
        f"{engine}: words wrong of 100 by noise (20 to 5 dB): {noises}; by pace (clean): {paces}; words made up of"
        f" silence and noise: {of('made_up')} %",
        f"{engine}: {own['s_per_s']:.2f} s a second of sound, loaded in {own['load_s']:.1f} s",
    ]


def _ratios(rates: dict[str, float]) -> dict[str, float]:
    """Of the words that each engine gets wrong, over the best one's."""
    best = min(rates.values(), default=0.0)
    return {f"{engine}_wer_vs_best": value / best for engine, value in rates.items()} if best else {}
