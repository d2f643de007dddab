"""The corpus of the embedded model: its gold replies pass its own checker, and wrong ones do not."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from itertools import islice

import pytest

from llm_agentd.agents.roles import Roles
from llm_agentd.models.corpus import Sample, Verdict, bank, check, names, samples
from llm_agentd.models.corpus.generator import combination_is_heldout
from llm_agentd.models.corpus.topics import TOPICS

COUNT = 300


@pytest.fixture(scope="module")
def trained() -> list[Sample]:
    return list(islice(samples(1, "train"), COUNT))


@pytest.fixture(scope="module")
def heldout() -> list[Sample]:
    return list(islice(samples(1, "heldout"), COUNT))


def right(verdict: Verdict) -> bool:
    measures = (verdict.names_ok, verdict.items_ok, verdict.numbers_ok)
    return verdict.fits and verdict.finished and False not in measures


def first(scene: str) -> Sample:
    """The first training sample whose answer is of `scene`."""
    return next(sample for sample in samples(7, "train") if sample.expect.scene == scene)


def test_same_seed_gives_the_same_samples(trained: list[Sample]) -> None:
    assert list(islice(samples(1, "train"), 50)) == trained[:50]
    assert list(islice(samples(2, "train"), 50)) != trained[:50]


@pytest.mark.parametrize("split", ["trained", "heldout"])
def test_gold_replies_pass(split: str, request: pytest.FixtureRequest) -> None:
    wrong = [s.reply for s in request.getfixturevalue(split) if not right(check(s.expect, s.reply))]
    assert len(wrong) <= COUNT * 0.005, wrong


def test_replies_of_other_topics_fail(heldout: list[Sample]) -> None:
    shuffled = heldout[:]
    random.Random(1).shuffle(shuffled)
    pairs = [(a, b) for a, b in zip(heldout, shuffled, strict=True) if a.expect.scene != b.expect.scene]
    passed = [(a.expect.scene, b.reply) for a, b in pairs if right(check(a.expect, b.reply))]
    assert len(pairs) > COUNT * 0.8
    assert len(passed) <= len(pairs) * 0.05, passed


def test_another_line_of_the_same_scene_passes() -> None:
    """The checker asks for a fitting reply, not for the gold one."""
    sample = first("thanks")
    speaker = sample.messages[-1].content.splitlines()[-1].split(":")[0]
    others = {pattern.text for pattern in bank.BANK["thanks"] if not pattern.roles | pattern.moods | pattern.facts}
    assert len(others) > 5
    for text in others:
        assert right(check(sample.expect, text.replace("{speaker}", speaker))), text


def test_misspelt_name_is_caught(trained: list[Sample]) -> None:
    named = [sample for sample in trained if sample.expect.names and not sample.expect.json]
    for sample in named:
        name = sample.expect.names[0]
        bad = re.sub(re.escape(name), name + "q", sample.reply, flags=re.IGNORECASE)
        assert check(sample.expect, bad).names_ok is False, bad


def test_own_name_for_the_speaker_is_caught() -> None:
    sample = first("thanks")
    own = sample.messages[0].content.split("You are ")[1].split(",")[0]
    assert check(sample.expect, f"You are welcome, {own}.").names_ok is False


def test_wrong_number_and_item_are_caught() -> None:
    sample = first("quest")
    count, item = sample.expect.numbers[0], sample.expect.items[0]
    many = names.plural(item)
    assert check(sample.expect, sample.reply.replace(str(count), "77777")).numbers_ok is False
    bad = sample.reply.replace(many, "zorbles").replace(item, "zorble").replace(many.capitalize(), "Zorbles")
    assert check(sample.expect, bad).items_ok is False


def test_unfinished_reply_is_caught() -> None:
    sample = first("greeting")
    assert not check(sample.expect, sample.reply[:-1]).finished


def test_haggling_stays_between_offer_and_price() -> None:
    sample = first("j_haggle")
    low, high = sample.expect.number_range or (0, 0)
    gold = json.loads(sample.reply)
    agreed = gold["do"]["price"]
    assert low <= agreed <= high
    gold["do"]["price"] = high + 1
    assert check(sample.expect, json.dumps(gold)).numbers_ok is False


def test_json_form_is_exact(trained: list[Sample]) -> None:
    acting = [sample for sample in trained if sample.expect.json]
    assert COUNT * 0.2 < len(acting) < COUNT * 0.36
    for sample in acting:
        data = json.loads(sample.reply)
        assert sample.reply == json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        assert list(data) == ["say", "do"]
        action = data["do"]["action"]
        assert list(data["do"])[1:] == list(sample.expect.listed.get(action, ()))


@pytest.mark.parametrize("reply", ["Hello.", '{"say":"Hello."}', '{"say":"Hi.","do":{"action":"fly"}}', '{"say":"Hi'])
def test_wrong_json_is_unfinished(reply: str) -> None:
    assert not check(first("j_offer_trade").expect, reply).finished


def test_heldout_combinations_and_words_are_never_trained(trained: list[Sample], heldout: list[Sample]) -> None:
    for split, due in ((trained, False), (heldout, True)):
        for sample in split:
            e = sample.expect
            assert combination_is_heldout(e.role, e.topic, e.mood, e.facts.get("time")) is due
    rng = random.Random(3)
    listed = {name.lower() for name in names.PEOPLE}
    made = [names.item(rng, heldout=False) for _ in range(200)]
    assert not any(names.is_heldout(word) for word in made if word not in names.ITEMS)
    coined = [names.person(rng, heldout=True) for _ in range(200)]
    assert all(names.is_heldout(name) for name in coined if " " not in name and name.lower() not in listed)


def test_replies_are_short_and_various(trained: list[Sample], heldout: list[Sample]) -> None:
    replies = [sample.reply for sample in trained + heldout]
    assert len(set(replies)) > len(replies) * 0.9
    assert max(len(reply.split()) for reply in replies) <= 40


def test_bank_is_wide_and_every_scene_is_reachable() -> None:
    assert sum(map(len, bank.BANK.values())) > 1000
    assert sum(map(len, bank.SAID.values())) > 500
    assert len(TOPICS) > 30
    seen = {sample.expect.scene for sample in islice(samples(5, "train"), 4000)}
    assert set(bank.BANK) - seen == set()


def test_all_shipped_roles_have_lines_of_their_own() -> None:
    for role in Roles.load().names():
        scenes = [scene for scene, patterns in bank.BANK.items() if any(role in p.roles for p in patterns)]
        assert len(scenes) >= 20, role


def test_facts_decide_the_verdict() -> None:
    """The same words fit in the morning and not in the evening."""
    sample = first("greeting")
    speaker = _speaker(sample)
    morning = replace(sample.expect, facts={"time": "morning"}, values=(speaker, "Good morning"))
    evening = replace(sample.expect, facts={"time": "evening"}, values=(speaker, "Good evening"))
    reply = f"Good morning, {speaker}. What brings you here?"
    assert check(morning, reply).fits
    assert not check(evening, reply).fits


def _speaker(sample: Sample) -> str:
    last = sample.messages[-1].content.splitlines()[-1]
    return last.removeprefix("(").split(" comes near")[0].split(":")[0]
