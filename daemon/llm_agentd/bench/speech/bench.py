"""`bench speech`: runs the three parts and reports them. Main thread."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from llm_agentd.bench.plots import pyplot
from llm_agentd.bench.result import Options, Result
from llm_agentd.bench.speech import beside, engine_cost, first_sound
from llm_agentd.bench.speech.beside import Round
from llm_agentd.bench.speech.engine_cost import Cost
from llm_agentd.bench.speech.first_sound import Reply
from llm_agentd.bench.speech.lines import sentences
from llm_agentd.bench.speech.mouth import Mouth
from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon, model_sets

MIB = 2**20


def measure(config: Config, _options: Options) -> Result:
    """Raises StartError where no engine is installed."""
    engines = engine_cost.installed(config)
    if not engines:
        raise StartError(
            "bench speech: no engine is installed; pip install 'llm-agentd[speech]', or apt-get install espeak-ng"
        )
    lines = sentences()
    costs = [engine_cost.measure(config, engine, lines) for engine in engines]
    with daemon(model_sets(config), http=True) as running:
        mouth = Mouth(running)
        voice = mouth.say(next(lines)).engine  # the child has started, its words are loaded
        replies = first_sound.measure(mouth, lines)
        pairs = beside.measure(running, lines)
    ratios = {
        "first_sound": first_sound.ratio(replies),
        "tokens_per_s_with_speech": _paired([(b.tokens_per_s, a.tokens_per_s) for a, b in pairs]),
        "spoken_first_text_with_speech": _paired([(b.spoken_first_s, a.spoken_first_s) for a, b in pairs]),
    }
    return Result(
        title=f"Speech: each engine alone, then {voice} beside the model",
        columns=("", *(cost.engine for cost in costs)),
        rows=tuple(_rows(costs)),
        ratios=ratios,
        figures=dict(_figures(costs, replies, pairs)),
        notes=tuple(_notes(voice, replies, pairs, ratios)),
        plot=lambda path: _plot(replies, pairs, path),
    )


def _paired(values: Sequence[tuple[float, float]]) -> float:
    return statistics.median(ours / other for ours, other in values)


def _rows(costs: Sequence[Cost]) -> Iterator[tuple[str, ...]]:
    yield ("start and first sentence, s", *(f"{cost.start_s:.2f}" for cost in costs))
    yield ("ms for a second of sound", *(f"{cost.render_ms_a_second:.1f}" for cost in costs))
    yield ("a sentence, ms", *(f"{cost.sentence_ms:.0f}" for cost in costs))
    yield ("a sentence that was said before, ms", *(f"{cost.hit_ms:.2f}" for cost in costs))
    yield ("KiB of Ogg for a second", *(f"{cost.ogg_bytes_a_second / 1024:.1f}" for cost in costs))
    yield ("memory of its process, MiB", *(f"{cost.rss_bytes / MIB:.0f}" for cost in costs))


def _figures(
    costs: Sequence[Cost], replies: Sequence[Reply], pairs: Sequence[tuple[Round, Round]]
) -> Iterator[tuple[str, float]]:
    for cost in costs:
        yield f"{cost.engine}_start_s", cost.start_s
        yield f"{cost.engine}_render_ms_a_second", cost.render_ms_a_second
        yield f"{cost.engine}_sentence_ms", cost.sentence_ms
        yield f"{cost.engine}_hit_ms", cost.hit_ms
        yield f"{cost.engine}_ogg_bytes_a_second", cost.ogg_bytes_a_second
        yield f"{cost.engine}_rss_bytes", cost.rss_bytes
    yield "first_sound_ms", statistics.median(reply.first_s for reply in replies) * 1000
    yield "whole_reply_ms", statistics.median(reply.whole_s for reply in replies) * 1000
    for name, side in (("without", 0), ("with", 1)):
        yield f"tokens_per_s_{name}_speech", statistics.median(pair[side].tokens_per_s for pair in pairs)
        yield f"spoken_first_text_{name}_speech_s", statistics.median(pair[side].spoken_first_s for pair in pairs)
    yield "sound_s_a_second", statistics.median(pair[1].said_s for pair in pairs)


def _notes(
    voice: str, replies: Sequence[Reply], pairs: Sequence[tuple[Round, Round]], ratios: dict[str, float]
) -> Iterator[str]:
    figures = dict(_figures((), replies, pairs))
    first = ratios["first_sound"]
    yield (
        f"{'met' if first <= first_sound.GOAL else 'missed'}: first sound of a reply of {first_sound.SENTENCES}"
        f" sentences within {first_sound.GOAL:g} of rendering all of it: {first:.2f} ({figures['first_sound_ms']:.0f}"
        f" of {figures['whole_reply_ms']:.0f} ms, {voice})"
    )
    yield (
        f"beside the model, {figures['sound_s_a_second']:.0f} s of sound rendered each second: tokens/s"
        f" {figures['tokens_per_s_without_speech']:.0f} without, {figures['tokens_per_s_with_speech']:.0f} with"
        f" ({ratios['tokens_per_s_with_speech']:.2f}); first text of who waits"
        f" {figures['spoken_first_text_without_speech_s'] * 1000:.0f} ms without,"
        f" {figures['spoken_first_text_with_speech_s'] * 1000:.0f} with ({ratios['spoken_first_text_with_speech']:.2f})"
    )


def _plot(replies: Sequence[Reply], pairs: Sequence[tuple[Round, Round]], path: Path) -> None:
    figure, (sound, tokens) = pyplot().subplots(1, 2, figsize=(11, 4))
    places = range(len(replies))
    sound.bar(places, [reply.whole_s * 1000 for reply in replies], label="the whole reply", color="#c0c8d8")
    sound.bar(places, [reply.first_s * 1000 for reply in replies], label="its first sentence", color="#4c72b0")
    sound.set(title="until something is heard", xlabel="reply", ylabel="milliseconds")
    for side, label in ((0, "without speech"), (1, "with speech at full")):
        tokens.plot([pair[side].tokens_per_s for pair in pairs], "o-", label=label)
    tokens.set(title="the model beside it", xlabel="round", ylabel="tokens/s", ylim=(0, None))
    for axes in (sound, tokens):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
