"""What every engine owes a reply with actions, {"say":…,"do":…}; the test module of each engine runs this.

Case and taken apart as the daemon does it: `output_format` before, `JsonAssembler` and `parse_action` after. Moments
of the corpus through the shipped model, with the actions of their moment and with others that the prompt
knows nothing of; and through random weights, which write whatever they may.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any

import pytest

from hearthling.corpus import Sample, samples
from hearthling.data import load
from llm_agentd.engines.base import Engine
from llm_agentd.prompt import actions, json_schema
from llm_agentd.prompt.builder import output_format
from llm_agentd.scheduler.reply_json import JsonAssembler
from llm_agentd.types import Action, Message, OutputFormat, Sampling
from tests.engines.contract import talk

SITUATIONS = 20
WORDS = Sampling(max_tokens=48)  # of the words alone; sampled, as NPCs do
HOT = replace(WORDS, temperature=1.5, top_k=0, top_p=1.0)
RANDOM_ROOM_TOKENS = 600  # random weights write spaces and halves of characters wherever they may
CUT_SHARE_MAX = 0.1  # of replies that had no room for their action: what a token holds is an estimate
NAMES = ("apple", 'an "old" sword', "back\\slash", "naïve café", "木の剣", "7", "a/b", "line\nend", "🌙", "Ana")


@dataclass(frozen=True)
class Case:
    messages: Sequence[Message]
    offered: tuple[Action, ...]
    sampling: Sampling
    output_format: OutputFormat


@dataclass(frozen=True)
class Reply:
    """`action` as the daemon proposes it; `spoken` as a player reads it."""

    case: Case
    text: str
    tokens: int
    finish: str
    spoken: str

    @property
    def action(self) -> dict[str, Any] | None:
        return actions.parse_action(self.text, self.case.offered)


@cache
def held_out() -> list[tuple[Sequence[Message], tuple[Action, ...]]]:
    """Moments of the corpus with what is on offer there; parameters are placeholders, as the model writes them."""
    found = ((sample.messages, offered_in(sample)) for sample in samples(2024))
    return list(islice((pair for pair in found if pair[1]), SITUATIONS))


def offered_in(sample: Sample) -> tuple[Action, ...]:
    last = sample.messages[-1].content.split("\n")[-1]
    names = last.removeprefix("do: ").split() if last.startswith("do: ") else []
    deeds = [case.do for case in load().topics[sample.topic].cases if case.do and case.do["action"] in names]
    shapes: dict[str, dict[str, Any]] = {}
    for deed in deeds:
        shape = shapes.setdefault(deed["action"], {})
        for name, source in deed.items():
            if name != "action":
                shape.setdefault(name, {"enum": []})["enum"].append(actions.literal(source))
    return tuple(Action(name, params={"properties": shape}) for name, shape in shapes.items() if name != "act")


def invented(seed: int) -> tuple[Action, ...]:
    """One to five actions with parameters of all kinds; the last has none."""
    rng = random.Random(seed)

    def one() -> dict[str, Any]:
        low = rng.randrange(-50, 50)
        choice = {"enum": rng.sample(NAMES, rng.randrange(1, len(NAMES)))}
        return rng.choice(
            [
                choice,
                {"type": "integer", "minimum": low, "maximum": low + rng.choice([0, 3, 700])},
                {"type": "boolean"},
                {"const": rng.choice(NAMES)},
                {"type": "string", "minLength": 1, "maxLength": 5},
                {"type": "array", "items": choice, "maxItems": 2},
            ]
        )

    shapes = [{f"p{place}": one() for place in range(rng.randrange(1, 4))} for _ in range(rng.randrange(5))]
    return (*(Action(f"do_{n}", params={"properties": shape}) for n, shape in enumerate(shapes)), Action("do_it"))


def case_of(engine: Engine, messages: Sequence[Message], offers: tuple[Action, ...], words: Sampling = WORDS) -> Case:
    offered = actions.bounded(offers)
    sampling, form = output_format(offered, words, engine.info.features)
    return Case(messages, offered, sampling, form)


def replies(engine: Engine, cases: Sequence[Case]) -> list[Reply]:
    """One each, as many at once as the engine takes; each with its own seed."""
    waiting, free = list(enumerate(cases)), list(range(engine.info.max_num_seqs))
    busy: dict[int, tuple[Case, JsonAssembler, int]] = {}
    found: list[Reply] = []
    while waiting or busy:
        while waiting and free:
            number, one = waiting.pop()
            sampling = replace(one.sampling, seed=number)
            seq = free.pop()
            engine.start(seq, engine.encode(None, one.messages, sampling), sampling)
            words_max, chars_max = one.output_format.words_max_tokens, one.output_format.words_max_chars
            busy[seq] = (one, JsonAssembler(whole_sentences=True, max_tokens=words_max, max_chars=chars_max), 0)
        for piece in engine.step():
            one, assembler, tokens = busy[piece.seq]
            assembler.feed(piece.data, piece.tokens)
            busy[piece.seq] = one, assembler, tokens + piece.tokens
            if piece.finish:
                assert piece.finish in ("stop", "length"), piece.error
                assembler.end(piece.finish)
                found.append(Reply(one, assembler.raw, tokens + piece.tokens, piece.finish, assembler.text))
                del busy[piece.seq]
                free.append(piece.seq)
    return found


def is_offered(reply: Reply) -> bool:
    """No action, or one of those on offer with parameters that fit."""
    action = reply.action
    return action is None or any(
        one.name == action["name"] and json_schema.is_valid(one.params, action["params"]) for one in reply.case.offered
    )


def check_output_format(reply: Reply) -> None:
    """The whole text is the form and nothing else; its action is on offer, with all its parameters.

    Bytes that are no UTF-8 are one character to a grammar and up to four here: only such a string may be too long, and
    is then no action.
    """
    no_utf8 = "\ufffd" in reply.text
    value = json.loads(reply.text)
    assert list(value) == ["say", "do"], "the words come first, so that they can be spoken before the action is known"
    assert isinstance(value["say"], str)
    assert no_utf8 or len(value["say"]) <= reply.case.output_format.words_max_chars
    assert value["say"].lstrip().startswith(reply.spoken.removesuffix("…").rstrip())
    name = value["do"].pop("action")
    if name == actions.NOTHING:
        assert (value["do"], reply.action) == ({}, None)
        return
    action = next(action for action in reply.case.offered if action.name == name)
    assert list(value["do"]) == list(action.params["properties"])
    fits = json_schema.is_valid(action.params, value["do"])
    assert fits or no_utf8
    assert reply.action == ({"name": name, "params": value["do"]} if fits else None)


class OutputFormatContract:
    """Fixtures `speaking`, an engine with the shipped model, and `unruly`, one with random weights, come from the
    backend's class."""

    @pytest.mark.slow
    def test_shipped_model_chooses_offered_actions_and_speaks(self, speaking: Engine) -> None:
        cases = [case_of(speaking, messages, offers) for messages, offers in held_out()]
        found = replies(speaking, cases)
        self.check(speaking, found)
        assert all(reply.spoken.strip() for reply in found)
        assert len({reply.action["name"] for reply in found if reply.action}) >= 3

    @pytest.mark.slow
    def test_actions_the_prompt_does_not_know_are_chosen_only_from_the_offer(self, speaking: Engine) -> None:
        cases = [case_of(speaking, messages, invented(seed), HOT) for seed, (messages, _) in enumerate(held_out())]
        found = replies(speaking, cases)
        self.check(speaking, found)
        assert all(reply.spoken.strip() for reply in found)

    def test_random_weights_stay_in_the_output_format(self, unruly: Engine) -> None:
        """Nor choose what does not fit; where their room ends first, nothing is chosen."""
        few = Sampling(max_tokens=1, temperature=4.0, top_k=0, top_p=1.0)
        cases = [case_of(unruly, talk("Hi"), invented(seed), few) for seed in range(2 * SITUATIONS)]
        with_room = [replace(one.sampling, max_tokens=RANDOM_ROOM_TOKENS) for one in cases]
        cases = [replace(one, sampling=room) for one, room in zip(cases, with_room, strict=True)]
        found = replies(unruly, cases)
        assert all(map(is_offered, found))
        if "json_schema" in unruly.info.features:
            whole = [reply for reply in found if reply.finish == "stop"]
            for reply in whole:
                check_output_format(reply)
            assert len({str(reply.action) for reply in whole if reply.action and reply.action["params"]}) >= 4

    def check(self, engine: Engine, found: list[Reply]) -> None:
        assert len(found) == SITUATIONS
        for reply in found:
            extra = actions.extra_tokens(reply.case.offered)
            assert reply.tokens <= WORDS.max_tokens + extra, reply.text
            assert is_offered(reply), reply.text
            if "json_schema" in engine.info.features and reply.finish == "stop":
                check_output_format(reply)
        cut = [reply.text for reply in found if reply.finish == "length"]
        assert len(cut) <= CUT_SHARE_MAX * len(found), cut
