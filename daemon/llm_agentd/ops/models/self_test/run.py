"""The self-test: a real daemon with the model, as a child process, is asked what players ask.

A child, because a model may crash native code; on ports of its own, so that it runs beside the daemon that serves. Main
thread of a command.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psutil

from llm_agentd.client import Client
from llm_agentd.config import Config
from llm_agentd.errors import AgentdError, StartError
from llm_agentd.ops import harness
from llm_agentd.ops.models.model_file import ModelFile
from llm_agentd.ops.models.self_test import questions as asked

ANSWER_MS = 60_000  # a slow answer is measured, not refused
# What is still to be asked after so long is left out: who has a machine that slow knows enough by then.
BUDGET_S = 180.0
FIRST_CONTACT_S = 30.0
AT_ONCE_MAX = 8
SEED = 1
NO_ANSWER = "gives no answer ({})"
TOO_LARGE = NO_ANSWER.format("too_large")


@dataclass(frozen=True, slots=True)
class Answer:
    """`problem`: what is wrong with it; empty if nothing. `told`: whether it uses what the prompt says, where asked."""

    question: str
    text: str
    problem: str = ""
    told: bool | None = None
    first_s: float = 0.0
    done_s: float = 0.0
    tokens: int = 0
    decode_s: float = 0.0


@dataclass(slots=True)
class SelfTest:
    """What came of it. Times are medians; `orders` are (right, valid, asked), `json` (held, asked)."""

    ready_s: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    orders: tuple[int, int, int] = (0, 0, 0)
    json: tuple[int, int] = (0, 0)
    languages: dict[str, bool] = field(default_factory=dict)
    at_once: int = 0
    replies_per_min: float = 0.0
    memory_bytes: int = 0
    others_share: float = 0.0  # of the processors' time, taken by other programs meanwhile
    left_out: list[str] = field(default_factory=list)  # what there was no time for
    engine: str = ""

    @property
    def whole(self) -> int:
        return sum(not answer.problem for answer in self.answers)

    @property
    def told(self) -> tuple[int, int]:
        known = [answer.told for answer in self.answers if answer.told is not None]
        return sum(known), len(known)

    @property
    def first_s(self) -> float:
        return statistics.median(answer.first_s for answer in self.answers)

    @property
    def done_s(self) -> float:
        return statistics.median(answer.done_s for answer in self.answers)

    @property
    def tokens_per_s(self) -> float:
        seconds = sum(answer.decode_s for answer in self.answers)
        return sum(answer.tokens for answer in self.answers) / seconds if seconds else 0.0


def run(model: ModelFile, config: Config, say: Callable[[str], None]) -> SelfTest:
    """Raises StartError where the daemon does not start with this model or dies of it; says what it does meanwhile."""
    languages = config.model.languages or model.languages
    sets = {
        **harness.model_sets(config),
        "model.path": str(model.path),
        "model.languages": ",".join(languages),
        "batch.size": config.batch.size,
        "cache.kv_max_bytes": int(config.cache.kv_max_bytes),
        "inference.timeout_ms": ANSWER_MS,
        "agents.remember_turns": 0,
    }
    say("starting the engine")
    began_s = time.monotonic()
    busy_s = _busy_s()
    with harness.daemon(sets, http=False) as running:
        test = SelfTest(ready_s=time.monotonic() - began_s)
        try:
            with Client(running.endpoint, timeout_s=ANSWER_MS / 1000, connect_timeout_s=FIRST_CONTACT_S) as client:
                _ask_all(client, test, languages, config, say)
            process = psutil.Process(running.process.pid)
            test.memory_bytes = process.memory_info().rss
            own_s = sum(process.cpu_times()[:2])
            had_s = (time.monotonic() - began_s) * (psutil.cpu_count() or 1)
            test.others_share = max(0.0, _busy_s() - busy_s - own_s) / had_s
            _require_an_answer(test)
        except (AgentdError, psutil.Error) as error:
            if running.process.poll() is None and isinstance(error, AgentdError):
                raise StartError(f"the daemon does not answer with this model: {error.message}") from None
            raise StartError(f"the daemon died while it answered: {harness.ending(running.process.wait())}") from None
    return test


def _require_an_answer(test: SelfTest) -> None:
    if any(answer.text for answer in test.answers):
        return
    why = test.answers[0].problem
    if why == TOO_LARGE:
        raise StartError("its context is too short for an NPC's prompt: take another, or model.context_tokens up")
    others = f"other programs took {test.others_share:.0%} of the processors meanwhile"
    raise StartError(f"the model gave no answer ({why}; {others}); end some of them, or take a smaller model")


def _busy_s() -> float:
    """Seconds for which this machine's processors have worked, all together."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _ask_all(
    client: Client, test: SelfTest, languages: tuple[str, ...], config: Config, say: Callable[[str], None]
) -> None:
    """In the order of what an admin most wants to know, until the budget is used up."""
    info = client.info()
    test.engine = str(info["engine"])
    test.at_once = min(AT_ONCE_MAX, config.batch.size)
    parts = [
        (f"question {number}", partial(_add_answer, test, client, one)) for number, one in enumerate(asked.QUESTIONS, 1)
    ]
    if "grammar" in info.get("features", ()):
        parts += [("actions", partial(_order, test, client)), ("JSON", partial(_ask_json, test, client))]
    parts += [(f"language {code}", partial(_try_language, test, client, code)) for code in _spoken(languages)]
    parts.append((f"{test.at_once} at once", partial(_measure_at_once, test, client)))
    ends_s = time.monotonic() + BUDGET_S
    for name, part in parts:
        if time.monotonic() > ends_s:
            test.left_out.append(name)
        else:
            say(name)
            part()


def _ask(client: Client, question: asked.Question) -> Answer:
    began_s, first_s = time.monotonic(), 0.0
    try:
        with client.stream(npc=asked.NPC, utterance=question.text, **_options()) as stream:
            for _ in stream:
                first_s = first_s or time.monotonic() - began_s
        reply = stream.reply
    except AgentdError as error:
        return Answer(question.text, "", NO_ANSWER.format(error.code), done_s=time.monotonic() - began_s)
    done_s = time.monotonic() - began_s
    return Answer(
        question.text,
        reply.text,
        asked.problem_of(reply.text, question.text, reply.finish),
        asked.uses(reply.text, question.told) if question.told else None,
        first_s or done_s,
        done_s,
        reply.usage.completion_tokens,
        reply.timing_ms.decode / 1000,
    )


def _add_answer(test: SelfTest, client: Client, question: asked.Question) -> None:
    test.answers.append(_ask(client, question))


def _order(test: SelfTest, client: Client) -> None:
    """An action that was not offered, or with other parameters, is not valid; none at all is."""
    right = valid = 0
    for text, wanted in asked.ORDERS:
        with suppress(AgentdError):
            reply = client.think(asked.NPC, text, actions=asked.ACTIONS, **_options())
            valid += reply.action is None or asked.is_offered(reply.action)
            right += reply.action is not None and reply.action.get("name") == wanted
    test.orders = right, valid, len(asked.ORDERS)


def _ask_json(test: SelfTest, client: Client) -> None:
    held = 0
    prompts = ("How do you feel, and how many coins have you?", "Say anything at all.")
    for number, prompt in enumerate(prompts):
        with suppress(AgentdError, ValueError):
            chat = [{"role": "user", "content": prompt}]
            reply = client.infer(
                chat,
                json_schema=asked.SCHEMA,
                seed=SEED + number,
                deadline_ms=ANSWER_MS,
                cache="off",
            )
            held += asked.fits_schema(json.loads(reply.text))
    test.json = held, len(prompts)


def _spoken(languages: tuple[str, ...]) -> Iterator[str]:
    """Those of the languages that can be told apart here; all where the model says nothing of its own."""
    codes = {code.replace("-", "_").partition("_")[0].lower() for code in languages}
    return (code for code in asked.GREETINGS if not codes or code in codes)


def _try_language(test: SelfTest, client: Client, code: str) -> None:
    test.languages[code] = False
    with suppress(AgentdError):
        reply = client.think(asked.NPC, asked.GREETINGS[code], lang=code, **_options())
        test.languages[code] = asked.language_of(reply.text) == code


def _measure_at_once(test: SelfTest, client: Client) -> None:
    """So many players ask at the same time."""

    def ask(number: int) -> bool:
        with suppress(AgentdError):
            npc = {**asked.NPC, "id": f"self-test-{number}"}
            client.think(npc, f"{asked.QUESTIONS[number % len(asked.QUESTIONS)].text} ({number})", **_options())
            return True
        return False

    began_s = time.monotonic()
    with ThreadPoolExecutor(test.at_once) as pool:
        done = sum(pool.map(ask, range(test.at_once)))
    test.replies_per_min = done * 60 / (time.monotonic() - began_s)


def _options() -> dict[str, Any]:
    return {
        "player": asked.PLAYER,
        "draft": asked.ROLE,
        "seed": SEED,
        "deadline_ms": ANSWER_MS,
        "cache": "off",
        "priority": "spoken",
    }
