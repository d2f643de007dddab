"""The self-test in words that an admin understands, and its verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from llm_agentd.config import Config
from llm_agentd.ops.models.describe import BASE_MODEL
from llm_agentd.ops.models.model_file import ModelFile
from llm_agentd.ops.models.self_test.run import SelfTest
from llm_agentd.ops.models.words import size_words

Verdict = Literal["good", "with limits", "not fit"]
LANGUAGE_NAMES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "ru": "Russian"}
ANSWER_CHARS = 90  # of an answer that is shown
FIRST_TEXT_S = 1.5  # what a player waits for without wondering
BUSY_SHARE = 0.2  # of the processors: with less the figures hold
REPLIES_PER_MIN = 20  # a village with a few players asks so often


def verdict(test: SelfTest, model: ModelFile, config: Config) -> tuple[Verdict, list[str]]:
    """With the reasons, the weightiest first."""
    unfit = list(_unfit(test, model))
    limits = list(_limits(test, config))
    if unfit:
        return "not fit", unfit + limits
    return ("with limits", limits) if limits else ("good", [])


def lines(test: SelfTest, model: ModelFile, config: Config, npcs: int) -> Iterator[str]:
    """All that is shown, the verdict last."""
    yield f"self-test of {model.title}, engine {test.engine}"
    for answer in test.answers:
        shown = " ".join(answer.text.split())
        shown = shown if len(shown) <= ANSWER_CHARS else shown[: ANSWER_CHARS - 1] + "…"
        yield f"  {answer.question}"
        yield f"    {shown or '-'}" + (f"  [{answer.problem}]" if answer.problem else "")
    known, asked = test.told
    yield f"answers    {test.whole} of {len(test.answers)} whole; {known} of {asked} use what the NPC was told"
    yield f"form       {_form(test)}"
    yield f"languages  {_languages(test)}"
    yield f"speed      {_speed(test)}"
    if test.others_share > BUSY_SHARE:
        yield f"           other programs took {test.others_share:.0%} of the processors meanwhile: alone it is faster"
    yield f"memory     {_memory(test, model, config, npcs)}; ready after {test.ready_s:.1f} s"
    word, reasons = verdict(test, model, config)
    yield f"verdict    {_VERDICTS[word]}"
    yield from (f"  - {reason}" for reason in reasons)


_VERDICTS = {
    "good": "good: nothing speaks against it",
    "with limits": "it works, with limits:",
    "not fit": "not fit for players:",
}


def _form(test: SelfTest) -> str:
    right, valid, orders = test.orders
    held, asked = test.json
    if "actions" in test.left_out:
        return "not asked: no time left"
    if not orders:
        return "this engine holds no grammar: actions are checked, not enforced"
    return f"{valid} of {orders} actions valid, {right} of {orders} the right one; JSON held in {held} of {asked}"


def _languages(test: SelfTest) -> str:
    if not test.languages:
        return "none of those that can be told apart here (English, German, French, Spanish, Russian)"
    return ", ".join(f"{LANGUAGE_NAMES[code]} {'yes' if ok else 'no'}" for code, ok in test.languages.items())


def _speed(test: SelfTest) -> str:
    words = f"first words after {test.first_s:.2g} s, whole answer after {test.done_s:.2g} s"
    words += f", {test.tokens_per_s:.0f} tokens/s"
    if test.replies_per_min:
        words += f"; {test.at_once} at once: {test.replies_per_min:.0f} answers a minute"
    return words


def _memory(test: SelfTest, model: ModelFile, config: Config, npcs: int) -> str:
    now = f"the daemon takes {size_words(test.memory_bytes)} now"
    if not model.kv_values_per_token:
        return now
    return f"{now}; with {npcs} NPCs about {size_words(model.memory_needed(npcs, config).total)} in all, computed"


def _unfit(test: SelfTest, model: ModelFile) -> Iterator[str]:
    if model.is_base:
        yield BASE_MODEL
    if 2 * test.whole < len(test.answers):
        faults = sorted({answer.problem for answer in test.answers if answer.problem})
        yield f"most of its answers cannot be shown: it {', '.join(faults)}"
    _, valid, orders = test.orders
    if valid < orders or test.json[0] < test.json[1]:
        yield "it does not keep to a form that is enforced: tell the makers of llm-agentd, the engine is at fault"


def _limits(test: SelfTest, config: Config) -> Iterator[str]:
    busy = " (but other programs took the processors meanwhile)" if test.others_share > BUSY_SHARE else ""
    limit_s = config.inference.timeout_ms / 1000
    if test.done_s > limit_s:
        yield (
            f"too slow for inference.timeout_ms = {config.inference.timeout_ms}: an answer takes {test.done_s:.1f} s"
            f"{busy}; take a smaller model, or raise it (and llm_agent.deadline_ms in the game)"
        )
    elif test.first_s > FIRST_TEXT_S:
        yield f"first words come after {test.first_s:.1f} s: players notice{busy}"
    if test.left_out:
        yield f"there was no time to ask for {', '.join(test.left_out)}{busy}"
    elif test.replies_per_min < REPLIES_PER_MIN:
        yield f"{test.replies_per_min:.0f} answers a minute are few for a village; a smaller model gives more{busy}"
    known, asked = test.told
    if 2 * known < asked:
        yield f"it rarely uses what it is told ({known} of {asked}): ways, prices and names will be wrong"
    if test.whole < len(test.answers) and 2 * test.whole >= len(test.answers):
        yield f"{len(test.answers) - test.whole} of {len(test.answers)} answers are not as players should see them"
    right, _, orders = test.orders
    if orders and 2 * right < orders:
        yield f"it rarely does what it is asked to do ({right} of {orders})"
    missing = [LANGUAGE_NAMES[code] for code, ok in test.languages.items() if not ok]
    if missing:
        yield f"it did not answer in {', '.join(missing)}"
