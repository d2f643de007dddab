"""How `bench exchanges` judges what is given; tests/game/test_bench_exchanges.py plays in a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_agentd.bench.exchanges import bench, rules, transcript, village
from llm_agentd.bench.exchanges.number_words import numbers, other_goods
from llm_agentd.bench.exchanges.play import Played, read
from llm_agentd.bench.exchanges.script import Exchange, Scene, for_the_game, load, parse
from llm_agentd.errors import StartError

ITEMS = {"default:cobble": {"en": "Cobblestone", "de": "Bruchstein"}, "farming:bread": {"en": "Bread", "de": "Brot"}}
SMITH = {"Otto": {"role": "smith", "at": [0, 5]}, "Ida": {"role": "farmer", "at": [5, 5]}}
QUEST = {"kind": "fetch", "item": "default:cobble", "count": 8, "progress": 0, "reward": {"llm_agent:coin": 14}}

Event = dict[str, Any]


def say(npc: str, text: str, to: str | None = "Robin", t: float = 1.0, **more: Any) -> Event:
    return {"kind": "say", "npc": npc, "text": text, "to": to, "t": t, **more}


def does(npc: str, name: str, *, ok: bool = True, **params: Any) -> Event:
    return {"kind": "action", "npc": npc, "player": "Robin", "name": name, "params": params, "ok": ok, "t": 1.0}


def quest(state: str) -> Event:
    return {"kind": "quest", "npc": "Otto", "player": "Robin", "state": state, "quest": QUEST, "t": 1.0}


def play(
    expected: dict[str, Any], *events: Event, after: dict[str, Any] | None = None, hour: float = 10.0, goods: Any = None
) -> Played:
    scene = Scene.model_validate({"scene": "test", "people": SMITH, "lines": [expected]})
    before = {"Robin": [0, 0], "Otto": [0, 6], "Ida": [5, 5], "wolf": [0, -9]}
    record = {"scene": 1, "step": 1, "events": list(events), "before": before, "after": before | (after or {})}
    return read([scene], [record | {"goods": goods, "hour": hour, "ms": 1000}])[0]


def wrong(played: Played) -> list[str]:
    found = [finding.kind for finding in rules.judge(played, ITEMS) if not finding.ok]
    return [kind for kind in found if kind != rules.WORDS_OF_DEEDS]


def scene_wrong(*played: Played) -> list[str]:
    return [finding.kind for _, finding in village.judge(played) if not finding.ok]


FOLLOW = {"say": "otto follow me", "to": "Otto", "does": "follow Robin"}
WORK = {"say": "any work?", "to": "Otto", "quest": "offered"}


@pytest.mark.parametrize(
    ("expected", "events", "kinds"),
    [
        (FOLLOW, [say("Otto", "I come with you."), does("Otto", "follow", target="Robin")], []),
        (FOLLOW, [say("Otto", "I cannot leave the gate."), does("Otto", "follow", target="Robin")], ["word and deed"]),
        (FOLLOW, [say("Otto", "The bread is fresh."), does("Otto", "follow", target="Robin")], ["word and deed"]),
        (FOLLOW, [say("Otto", "Aye, gladly."), does("Otto", "follow", target="Ida")], ["deed"]),
        (FOLLOW, [say("Otto", "I'll come with you.")], ["deed", "word and deed"]),
        (FOLLOW, [say("Otto", "I cannot leave the gate.")], ["deed"]),
        (
            FOLLOW,
            [say("Otto", "I follow."), does("Otto", "follow", target="Robin"), say("Ida", "Me too?")],
            ["addressee"],
        ),
        (FOLLOW, [], ["addressee", "deed"]),
        ({"say": "ida what does otto do", "to": "Ida"}, [say("Ida", "He works."), does("Otto", "follow")], ["deed"]),
        (
            {"say": "wave", "to": "Otto", "does": "emote wave"},
            [say("Otto", "Farewell!"), does("Otto", "emote", kind="wave")],
            ["word and deed"],
        ),
        ({"say": "who else", "either": True, "to": ["Otto", "Ida"]}, [say("Ida", "Only me.")], []),
        (
            {"say": "hi", "to": "Otto"},
            [say("Otto", "Hi."), {"kind": "form", "name": "f", "text": "", "t": 1.0}],
            ["forms"],
        ),
        (
            {"command": "trade Otto", "form": "bread"},
            [{"kind": "form", "name": "f", "text": "Bread", "t": 1.0}],
            [],
        ),
        ({"say": "what is this place", "to": "Otto", "fact": ["oak"]}, [say("Otto", "This is Oakford.")], []),
        ({"say": "what is this place", "to": "Otto", "fact": ["oak"]}, [say("Otto", "A village.")], ["facts"]),
        ({"say": "who is here", "to": "Otto", "near": True}, [say("Otto", "Only Ida.")], []),
        ({"say": "who is here", "to": "Otto", "near": True}, [say("Otto", "Nobody.")], ["facts"]),
    ],
)
def test_words_deeds_and_addressee_are_judged(expected: dict[str, Any], events: list[Event], kinds: list[str]) -> None:
    assert wrong(play(expected, *events, after={"Otto": [0, 3]})) == kinds


def test_who_says_it_comes_and_stands_there_has_not_done_it() -> None:
    events = [say("Otto", "I come with you."), does("Otto", "follow", target="Robin")]
    assert wrong(play(FOLLOW, *events)) == ["deed"]


@pytest.mark.parametrize(
    ("state", "line", "is_right"),
    [
        ("offered", "Bring me 8 cobblestones, and 14 coins are yours.", True),
        ("offered", "Bring me eight cobblestones, and 14 coins are yours.", True),
        ("offered", "8 Xt from the fire.", False),
        ("offered", "Bring me 8 cobblestones.", False),
        ("offered", "Bring me 9 cobblestones, and 14 coins are yours.", False),
        ("offered", "Bring me 8 cobblestones and bread, and 14 coins are yours.", False),
        ("paid", "Well done. Here are your 14 coins.", True),
        ("paid", "I have no kind.", False),
        ("paid", "Well done. Here are your 12 coins.", False),
        ("accepted", "Good. I count on you.", True),
        ("accepted", "I don't understand, Robin. What do you mean?", False),
    ],
)
def test_quest_words_are_the_quests(state: str, line: str, is_right: bool) -> None:
    assert ("quest words" not in wrong(play(WORK | {"quest": state}, say("Otto", line), quest(state)))) is is_right


def test_quest_that_nobody_asked_for_is_found() -> None:
    nonsense = {"say": "asdfgh qwerty zzz", "to": "Otto"}
    line = say("Otto", "Bring me 8 cobblestones for 14 coins.")
    assert wrong(play(nonsense, line, quest("offered"))) == ["quest"]


def test_task_in_words_alone_is_found() -> None:
    assert wrong(play(WORK, say("Otto", "I need 8 cobblestones and pay 14 coins."))) == ["word and deed", "quest"]
    nobody_asked = {"say": "who is ida", "to": "Otto"}
    assert wrong(play(nobody_asked, say("Otto", "I need 1 delivery to Ida. Why do you ask?"))) == ["quest words"]


def test_what_is_missing_is_told_with_its_number() -> None:
    expected = {"say": "here", "to": "Otto", "missing": "3 default:cobble"}
    assert wrong(play(expected, say("Otto", "Three cobblestones are still missing."))) == []
    assert wrong(play(expected, say("Otto", "You promised 8 cobblestones."))) == ["quest words"]


@pytest.mark.parametrize(
    ("line", "is_right"),
    [
        ("Three loaves of bread? 2 coins each.", True),
        ("That makes 6 coins.", True),
        ("Bread costs 5 coins.", False),
        ("The weather is fine.", False),
    ],
)
def test_words_of_an_offer_are_the_offers(line: str, is_right: bool) -> None:
    expected = {"say": "how much for 3 bread", "to": "Otto", "does": "offer_trade bread"}
    message = "Otto asks 2 coins for each: 3 × Bread."  # what holds; the model may have named another price
    offer = does("Otto", "offer_trade", item="bread", count=3.0, price=3.0) | {"message": message}
    assert ("word and deed" not in wrong(play(expected, say("Otto", line), offer))) is is_right


def test_price_of_the_chat_is_the_price_of_the_line() -> None:
    expected = {"say": "i give you 1 coin for it", "to": "Otto"}
    told = {"kind": "told", "text": "Otto asks 4 coins for each: 2 × Apple.", "t": 1.0}
    assert wrong(play(expected, say("Otto", "I do not buy that."), told)) == ["word and deed"]
    assert wrong(play(expected, say("Otto", "Four coins, and not one less."), told)) == []


def test_goods_that_it_lacks_are_no_answer_to_what_it_sells() -> None:
    expected = {"say": "what do u sell", "to": "Otto", "sells": True}
    goods = {"Otto": {"farming:bread": 3.0}}
    assert wrong(play(expected, say("Otto", "Bread, fresh bread!"), goods=goods)) == []
    assert wrong(play(expected, say("Otto", "Bread and swords."), goods=goods)) == ["facts"]


def test_scene_shows_hours_cries_gossip_and_lines_said_by_two() -> None:
    evening = play({"say": "hi"}, say("Otto", "Good morning, Robin."), hour=20.0)
    assert scene_wrong(evening) == ["greetings fit the hour"]
    died = play({"slay": "wolf"}, {"kind": "death", "name": "wolf", "t": 1.0}, say("Otto", "Take that!", None, 2.0))
    assert scene_wrong(died) == ["cries after a death"]
    told = {"kind": "told", "text": "<Otto> Any news?", "t": 1.0}
    small_talk = say("Otto", "Any news?", "Ida", priority="ambient")
    assert scene_wrong(play({"wait": 1}, small_talk, told)) == ["gossip in chat"]
    assert scene_wrong(play({"wait": 1}, small_talk)) == []
    assert scene_wrong(play({"say": "hi"}, say("Otto", "Hello."), say("Ida", "Hello!"))) == ["same line by two"]


def test_public_line_in_a_dialog_is_found() -> None:
    opened = play({"click": "Otto"})
    private = play({"type": "hi"}, {"kind": "told", "text": "<Otto> Hi.", "t": 1.0})
    assert scene_wrong(opened, private) == ["public lines in a dialog"]


def test_numbers_and_goods_are_read_in_five_languages() -> None:
    assert numbers("Bring 8 stones, drei Brote, cinq pommes, siete y пять, once more") == {8, 3, 5, 7}
    assert numbers("ein Brot, one bread") == set()
    assert other_goods("Schwert und Brot", ["farming:bread"]) == {"sword"}


def test_table_and_transcript_name_what_fails() -> None:
    played = play(FOLLOW, say("Otto", "I cannot leave the gate."), does("Otto", "follow", target="Robin"))
    verdicts = bench.judge_all([played], ITEMS)
    result = bench.report([played], verdicts)
    cells = {row[0]: row[1:] for row in result.rows}
    assert cells["word and deed agree"] == ("1", "0", "0.0%", "98% MISSED")
    assert cells["addressee right"] == ("1", "1", "100.0%", "98% met")
    assert result.figures["exchanges"] == 1
    text = transcript.write([played], verdicts)
    assert "1. ✗ say: otto follow me" in text
    assert "✗ word and deed: Otto: it does follow and refuses" in text
    assert result.notes == (text,)


def test_script_has_two_hundred_exchanges_with_all_shipped_roles_and_five_languages() -> None:
    scenes = load()
    assert sum(exchange.is_counted for scene in scenes for exchange in scene.lines) >= 200
    roles = {person.role for scene in scenes for person in scene.people.values()}
    shipped = {path.stem for path in (Path(bench.__file__).parents[2] / "roles" / "shipped").glob("*.yaml")}
    assert roles == shipped | {"villager"}
    assert {scene.player.language for scene in scenes} == {"en", "de", "fr", "es", "ru"}
    assert len({scene.scene for scene in scenes}) == len(scenes)
    for scene in scenes:
        for exchange in scene.lines:
            named = {*exchange.meant, *exchange.doers, exchange.click, exchange.hit, exchange.offer} - {None}
            assert named <= {*scene.people}, (scene.scene, exchange.words)


def test_game_gets_what_is_done_and_not_what_is_expected() -> None:
    step = for_the_game(load(["Two by the well"])[0])["steps"][0]
    assert step == {"deeds": [("say", "hi ida, follow me pls")], "movers": ["Ida"], "watch_s": 5}


def test_unknown_scene_and_field_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no scene 'nowhere'"):
        load(["nowhere"])
    (tmp_path / "bad.yaml").write_text("- {scene: a, people: {}, lines: [{shout: hi}]}", encoding="utf-8")
    with pytest.raises(StartError, match=r"bad\.yaml"):
        parse(tmp_path / "bad.yaml")


def test_what_is_not_said_is_no_exchange() -> None:
    assert not Exchange(slay="wolf").is_counted
    assert Exchange(say="hi").is_counted
    assert not Exchange(say="hi", setup=True).is_counted


def test_greeting_in_a_fight_and_the_players_words_said_back_are_found() -> None:
    blow = {"kind": "blow", "npc": "Otto", "to": "Robin", "hp": 16, "t": 1.0}
    assert scene_wrong(play({"hit": "Otto"}, blow, say("Otto", "Hello, Robin.", t=2.0))) == [
        "greetings and gossip in a fight",
        "warnings",
    ]
    assert scene_wrong(play({"hit": "Otto"}, say("Otto", "Stop!"), blow, say("Otto", "Take that!", t=2.0))) == []
    asked = {"say": "erzähl mir von otto"}
    assert scene_wrong(play(asked, say("Ida", "You are an erzähl mir von otto."))) == ["no echoes"]
    assert scene_wrong(play(asked, say("Ida", "Otto ist der Schmied."))) == []
