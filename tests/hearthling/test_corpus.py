"""The corpus of the embedded model: as large as it claims, and its samples are what the daemon serves."""

from __future__ import annotations

import json
import random
import re
from itertools import islice

import pytest

from hearthling.corpus import Sample, lines, moments, samples
from hearthling.corpus.patterns import PATTERNS, choose
from hearthling.data import load
from llm_agentd.prompt.moment import ALWAYS
from llm_agentd.prompt.placeholders import CHARS, NAMES, readable

COUNT = 3000
MARKUP = re.compile(r"[*_#`<>\[\]{}|]|\.\.\.\.|https?:")


@pytest.fixture(scope="module")
def drawn() -> list[Sample]:
    return list(islice(samples(1), COUNT))


def prompt_of(sample: Sample) -> list[str]:
    (message,) = sample.messages
    return message.content.split("\n")


def is_json(sample: Sample) -> bool:
    return prompt_of(sample)[-1].startswith("do: ")


def words_of(sample: Sample) -> str:
    return str(json.loads(sample.reply)["say"]) if is_json(sample) else sample.reply


def test_corpus_has_ten_thousand_player_lines_and_ten_thousand_replies() -> None:
    data = load()
    player = {line.lower() for scene in data.scenes.values() for line in scene.player}
    replies = {pattern.text for patterns in PATTERNS.values() for pattern in patterns}
    assert len(player) >= 10_000
    assert len(replies) >= 10_000


def test_samples_of_the_same_seed_are_the_same(drawn: list[Sample]) -> None:
    assert list(islice(samples(1), 50)) == drawn[:50]
    assert list(islice(samples(2), 50)) != drawn[:50]


def test_reply_is_json_exactly_where_actions_are_on_offer(drawn: list[Sample]) -> None:
    assert any(map(is_json, drawn))
    for sample in drawn:
        assert sample.reply.startswith("{") == is_json(sample), sample
        if is_json(sample):
            reply = json.loads(sample.reply)
            assert list(reply) == ["say", "do"]
            offered = prompt_of(sample)[-1].removeprefix("do: ").split()
            action = reply["do"]["action"]
            assert "act" in offered if action == CHARS["act"] else action in (*offered, "nothing")


def test_reply_holds_no_placeholder_that_its_prompt_does_not_list(drawn: list[Sample]) -> None:
    for sample in drawn:
        listed = {NAMES[char] for char in prompt_of(sample)[2] if char in NAMES}
        used = {NAMES[char] for char in sample.reply if char in NAMES}
        assert used <= listed | ALWAYS, readable(f"{sample.messages[0].content} → {sample.reply}")


def test_replies_are_plain_words_without_markup(drawn: list[Sample]) -> None:
    for sample in drawn:
        words = words_of(sample)
        assert words
        assert not MARKUP.search(words), words
        assert words.rstrip("'\"")[-1] in ".!?" or words[-1] in NAMES, words


def test_every_topic_is_drawn_or_can_be() -> None:
    """A topic whose cases never hold, or whose replies need what never has a value, would be answered by chance."""
    seen = {sample.topic for sample in islice(samples(3), 60_000)}
    assert sorted(set(moments.NAMES) - seen) == []


def test_action_is_chosen_wherever_the_first_case_that_holds_has_it(drawn: list[Sample]) -> None:
    follow = [sample for sample in islice(samples(5), 40_000) if sample.topic == "follow" and is_json(sample)]
    assert len(follow) > 20
    for sample in follow:
        assert json.loads(sample.reply)["do"] == {"action": "follow", "target": CHARS["speaker"]}


def test_bare_question_is_told_what_was_said_before_it(drawn: list[Sample]) -> None:
    asked = [sample for sample in drawn if sample.topic.startswith("then_")]
    assert len(asked) > 50
    assert sum(prompt_of(sample)[3].startswith("said: ") for sample in asked if len(prompt_of(sample)) > 3) > 0.9 * len(
        asked
    )


def test_reply_of_known_sentence_is_taken_where_one_has_a_value() -> None:
    rng = random.Random(1)
    topic = load().topics["ask_fears"]
    found = [choose(rng, topic.cases[0].scenes, "guard", "", (), {*ALWAYS, "speaker", "known"}) for _ in range(200)]
    assert sum("known" in pattern.slots for pattern in found if pattern) > 150


def test_player_lines_are_told_apart_by_topic() -> None:
    """The same words in two topics teach the classifier nothing but doubt."""
    homes: dict[str, set[str]] = {}
    for topic, group in lines.topic_lines().items():
        for line in group:
            homes.setdefault(re.sub(r"[^a-z0-9{} ]", "", line.lower()).strip(), set()).add(topic)
    twice = {line: topics for line, topics in homes.items() if len(topics) > 1 and len(line) > 3}
    assert len(twice) <= 0.01 * len(homes), dict(islice(twice.items(), 20))


def test_noise_changes_how_a_line_is_typed_and_fills_its_placeholders() -> None:
    rng = random.Random(4)
    made = [lines.noisy("How much is {a_item}, {npc}?", rng) for _ in range(200)]
    assert len(set(made)) > 150
    assert not any("{" in line for line in made)
