"""The corpus of the embedded model: its gold replies pass its own checker, and wrong ones do not."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from itertools import islice

import pytest

from hearthling import evaluate
from hearthling.corpus import Sample, Verdict, check, names, patterns, samples
from hearthling.corpus.checker import right_action, right_params
from hearthling.corpus.generator import combination_is_heldout
from hearthling.corpus.topics import BUILDERS, TOPICS
from hearthling.corpus.topics.offers import ACTIONS
from llm_agentd.roles import Roles

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
    """The first training sample whose answer is of `scene`; in the JSON form only for scenes that have no other."""
    in_json = scene.startswith("j_")
    return next(s for s in samples(7, "train") if s.expect.scene == scene and s.expect.json == in_json)


def test_samples_of_the_same_seed_are_the_same(trained: list[Sample]) -> None:
    assert list(islice(samples(1, "train"), 50)) == trained[:50]
    assert list(islice(samples(2, "train"), 50)) != trained[:50]


@pytest.mark.parametrize("split", ["trained", "heldout"])
def test_gold_reply_passes_its_own_check(split: str, request: pytest.FixtureRequest) -> None:
    wrong = [s.reply for s in request.getfixturevalue(split) if not right(check(s.expect, s.reply))]
    assert len(wrong) <= COUNT * 0.005, wrong


def test_reply_of_another_scene_fails_the_check(heldout: list[Sample]) -> None:
    shuffled = heldout[:]
    random.Random(1).shuffle(shuffled)
    pairs = [(a, b) for a, b in zip(heldout, shuffled, strict=True) if a.expect.scene != b.expect.scene]
    passed = [(a.expect.scene, b.reply) for a, b in pairs if right(check(a.expect, b.reply))]
    assert len(pairs) > COUNT * 0.8
    assert len(passed) <= len(pairs) * 0.05, passed


def test_another_line_of_the_same_scene_passes_the_check() -> None:
    """The checker asks for a fitting reply, not for the gold one."""
    sample = first("thanks")
    speaker = sample.messages[-1].content.splitlines()[-1].split(":")[0]
    others = {
        pattern.text
        for pattern in patterns.PATTERNS["thanks"]
        if not pattern.roles | pattern.moods | pattern.times | pattern.weathers
    }
    assert len(others) > 5
    for text in others:
        assert right(check(sample.expect, text.replace("{speaker}", speaker))), text


def test_reply_with_a_misspelt_name_fails_names(trained: list[Sample]) -> None:
    named = [sample for sample in trained if sample.expect.names and not sample.expect.json]
    for sample in named:
        name = sample.expect.names[0]
        bad = re.sub(re.escape(name), name + "q", sample.reply, flags=re.IGNORECASE)
        assert check(sample.expect, bad).names_ok is False, bad


def test_reply_that_calls_the_speaker_by_the_npcs_name_fails_names() -> None:
    sample = first("thanks")
    own = sample.messages[0].content.split("You are ")[1].split(",")[0]
    assert check(sample.expect, f"You are welcome, {own}.").names_ok is False


def test_reply_with_another_number_or_item_fails_numbers_or_items() -> None:
    sample = first("quest")
    count, item = sample.expect.numbers[0], sample.expect.items[0]
    many = names.plural(item)
    assert check(sample.expect, sample.reply.replace(str(count), "77777")).numbers_ok is False
    bad = sample.reply.replace(many, "zorbles").replace(item, "zorble").replace(many.capitalize(), "Zorbles")
    assert check(sample.expect, bad).items_ok is False


def test_reply_without_a_last_mark_is_unfinished() -> None:
    sample = first("greeting")
    assert not check(sample.expect, sample.reply[:-1]).finished


def test_haggled_price_beyond_the_asked_price_fails_numbers() -> None:
    sample = first("j_haggle")
    low, high = sample.expect.number_range or (0, 0)
    gold = json.loads(sample.reply)
    agreed = gold["do"]["price"]
    assert low <= agreed <= high
    gold["do"]["price"] = high + 1
    assert check(sample.expect, json.dumps(gold)).numbers_ok is False


def test_json_reply_has_say_and_do_with_parameters_in_the_schemas_order(trained: list[Sample]) -> None:
    acting = [sample for sample in trained if sample.expect.json]
    assert COUNT * 0.45 < len(acting) < COUNT * 0.7
    for sample in acting:
        data = json.loads(sample.reply)
        assert sample.reply == json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        assert list(data) == ["say", "do"]
        action = data["do"]["action"]
        assert list(data["do"])[1:] == list(sample.expect.offered.get(action, ()))


def test_gold_action_is_valid_under_the_schema_it_is_offered_with(trained: list[Sample], heldout: list[Sample]) -> None:
    acting = [sample for sample in trained + heldout if sample.expect.json]
    for answer in (evaluate.grade(sample, sample.reply, True) for sample in acting):
        assert evaluate.is_valid(answer), (answer.reply, answer.sample.actions)
        assert right_action(evaluate.chosen_action(answer), answer.sample.expect)
        assert right_params(evaluate.chosen_action(answer), answer.sample.expect) is not False


def test_actions_stand_mostly_in_the_order_of_the_mod(trained: list[Sample]) -> None:
    """The mod sorts its actions and says in which order parameters stand; another client may send them in any."""
    many = [sample.actions for sample in trained if len(sample.actions) > 3]
    ordered = [
        [action.name for action in actions] == sorted(action.name for action in actions)
        and all(list(action.params["properties"]) == known_params(action.name) for action in actions)
        for actions in many
    ]
    assert len(many) * 0.7 < sum(ordered) < len(many) * 0.95


def known_params(name: str) -> list[str]:
    return list(ACTIONS[name].parameters) if name in ACTIONS else []


def test_plain_talk_with_actions_on_offer_chooses_nothing(trained: list[Sample]) -> None:
    talk = [sample for sample in trained if evaluate.kind_of(sample) == evaluate.TALK]
    assert len(talk) > COUNT * 0.1
    assert sum(len(sample.actions) for sample in talk) > 4 * len(talk)
    assert {(sample.expect.decision or {})["action"] for sample in talk} == {"nothing"}


def test_action_with_goods_or_prices_out_of_bounds_is_invalid() -> None:
    sample = first("j_offer_trade")
    offered = next(action for action in sample.actions if action.name == "offer_trade").params["properties"]
    stock = next(line for line in sample.messages[-1].content.splitlines() if "stock " in line)
    assert all(item in stock for item in offered["item"]["enum"])
    assert f" {offered['count']['maximum']}" in stock
    answer = evaluate.grade(sample, sample.reply, True)
    do = evaluate.chosen_action(answer) or {}
    wrongs = ({"item": "zorble"}, {"count": 0}, {"count": 10**6}, {"price": 10**6}, {"price": "5"}, {"action": "fly"})
    for wrong in wrongs:
        reply = json.dumps({"say": "Here.", "do": do | wrong})
        assert not evaluate.is_valid(evaluate.grade(sample, reply, True)), reply
    for reply in ("Here.", '{"say":"Here."}', '{"say":"Here.","do":{"action":"nothing","item":"apple"}}'):
        assert not evaluate.is_valid(evaluate.grade(sample, reply, True)), reply


def test_reply_with_an_action_that_is_not_on_offer_is_unfinished() -> None:
    sample = first("j_no_door")
    assert "open_door" not in sample.expect.offered
    assert not check(sample.expect, sample.reply.replace('"nothing"', '"open_door"')).finished


def test_flank_that_an_ally_has_taken_does_not_fit() -> None:
    found = (s for s in samples(7, "train") if s.expect.scene == "j_flank" and len(s.expect.sides) == 1)
    sample = next(found)
    free = sample.expect.sides[0]
    taken = {"left": "right", "right": "left"}[free]
    assert f"flanks {taken}" in sample.messages[-1].content
    assert not check(sample.expect, sample.reply.replace(f'"side":"{free}"', f'"side":"{taken}"')).fits


def test_samples_hold_lists_memories_and_long_talks_as_the_game_sends_them() -> None:
    """Several enemies, several things remembered, talks of five exchanges, actions of other mods."""
    some = list(islice(samples(9, "train"), 1500))
    facts = [sample.messages[-1].content.splitlines()[0] for sample in some]
    assert any(re.search(r"enemy [^;]+, [^;]+;", line) for line in facts)
    assert any(re.search(r"memory [^;\]]* beat me", line) for line in facts)
    assert any(re.search(r"memory [^;\]]+ refused my price of \d+ coins", line) for line in facts)
    assert {len(sample.messages) for sample in some} >= {2, 4, 6, 8, 10, 12}
    assert any((sample.expect.decision or {}).get("action") not in (None, "nothing", *ACTIONS) for sample in some)


@pytest.mark.parametrize("reply", ["Hello.", '{"say":"Hello."}', '{"say":"Hi.","do":{"action":"fly"}}', '{"say":"Hi'])
def test_reply_of_another_json_shape_is_unfinished(reply: str) -> None:
    assert not check(first("j_offer_trade").expect, reply).finished


def test_heldout_combinations_and_words_are_not_in_training(trained: list[Sample], heldout: list[Sample]) -> None:
    for split, due in ((trained, False), (heldout, True)):
        for sample in split:
            e = sample.expect
            assert combination_is_heldout(e.role, e.topic, e.mood, e.facts.get("time")) is due
    rng = random.Random(3)
    listed = {name.lower() for name in names.LISTS.people}
    made = [names.item(rng, heldout=False) for _ in range(200)]
    assert not any(names.is_heldout(word) for word in made if word not in names.LISTS.items)
    coined = [names.person(rng, heldout=True) for _ in range(200)]
    assert all(names.is_heldout(name) for name in coined if " " not in name and name.lower() not in listed)


def test_replies_are_short_and_nearly_all_distinct(trained: list[Sample], heldout: list[Sample]) -> None:
    replies = [sample.reply for sample in trained + heldout]
    assert len(set(replies)) > len(replies) * 0.9
    assert max(len(reply.split()) for reply in replies) <= 40


def test_every_scene_with_replies_is_drawn() -> None:
    assert sum(map(len, patterns.PATTERNS.values())) > 1000
    assert sum(map(len, patterns.PLAYER_LINES.values())) > 500
    assert len(TOPICS) > 30
    seen = {sample.expect.scene for sample in islice(samples(5, "train"), 4000)}
    assert set(patterns.PATTERNS) - seen == set()


def test_every_topic_has_a_scene_or_a_builder() -> None:
    assert {name for name, topic in TOPICS.items() if topic.scene is None} == set(BUILDERS)


def test_every_shipped_role_has_lines_in_twenty_scenes() -> None:
    for role in Roles.load().names():
        scenes = [scene for scene, lines in patterns.PATTERNS.items() if any(role in p.roles for p in lines)]
        assert len(scenes) >= 20, role


def test_good_morning_in_the_evening_does_not_fit() -> None:
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
