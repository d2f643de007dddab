"""`bench mind`: its files, its scores on good and bad replies, the grading sheet, and a run on the stub engine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from llm_agentd.bench import runner
from llm_agentd.bench.mind import bench, scoring, sheet, words
from llm_agentd.bench.mind.bulk import bulk_cases
from llm_agentd.bench.mind.cases import FOLDER, SETS, Case, load, parse
from llm_agentd.bench.mind.scoring import Answer
from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.protocol import schema
from llm_agentd.roles import Roles

ALL = tuple(case for name in SETS for case in load(name))


def case(**more: Any) -> Case:
    npc = {"id": "facts-001", "name": "Vael Tharun", "role": "merchant"}
    think = {"npc": npc, "player": "Torvik", "context": {"place": "Ysgarrod", "price": {"squidhide": 37}}}
    return Case("facts-001", more.pop("set", "facts"), "how much", {**think, **more.pop("think", {})}, **more)


# -- the files ---------------------------------------------------------------------------------------


def test_sets_have_as_many_situations_as_their_files_say() -> None:
    counts = Counter((one.set, one.is_unknown or one.is_small_talk) for one in ALL)
    assert counts == {
        ("talk", False): 200,
        ("facts", False): 100,
        ("facts", True): 20,
        ("names", False): 60,
        ("orders", False): 120,
        ("orders", True): 20,
        ("memory", False): 60,
        ("memory", True): 10,
    }


def test_no_two_situations_are_the_same() -> None:
    assert len({(one.npc, one.player, one.say, str(one.think.get("history"))) for one in ALL}) == len(ALL)


def test_daemon_takes_each_situation() -> None:
    builder = PromptBuilder(Roles.load())
    for one in ALL:
        record = {"op": "think", "id": one.id, "utterance": one.say, **one.think}
        messages = builder.build(schema.validate(schema.ThinkRecord, record)).messages
        assert one.say.split()[0] in messages[-1].content, one.id


def test_what_is_wanted_is_a_text_or_that_it_is_not_known() -> None:
    for one in (*load("facts"), *load("names"), *load("memory")):
        assert bool(one.want) != one.is_unknown, one.id
        assert all(map(all, one.want)), one.id
    for one in load("memory"):
        assert (
            len(one.between) == 5 if one.told else len(one.happened) == 3 if one.is_unknown else len(one.happened) > 3
        )
        assert not any("{" in text for text in one.happened)


def test_each_right_order_is_on_offer() -> None:
    for one in load("orders"):
        assert one.orders, one.id
        offered = {action["name"]: action["params"] for action in one.think["actions"]}
        for name, params in (pair for order in one.orders for pair in order.items()):
            shapes = offered[name].get("properties", {})
            for param, value in params.items():
                enum = shapes[param].get("enum")
                assert value in enum if enum else str(value).split("..")[0].isdecimal(), one.id


def test_all_shipped_roles_and_strange_ones_are_in_talk() -> None:
    roles = {one.think["npc"]["role"] for one in load("talk")}
    assert set(Roles.load().names()) <= roles
    assert len(roles) >= 24


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {npc: A, role: guard, lines: [[B, hi, {wnat: [x]}]]}", "wnat"),
        ("- {npc: A, role: nobody, lines: [[B, hi]]}", "nobody.*persona"),
        ("- {npc: A, role: guard, lines: []}", "lines"),
        ("- {npc: A, role: guard, lines: [[B, hi, {actions: {follow: {target: x}}}]]}", "a list of texts"),
        ("- [", "talk.yaml"),
    ],
)
def test_bad_file_is_refused_with_the_field(text: str, problem: str) -> None:
    with pytest.raises(StartError, match=problem):
        parse("talk", text)


def test_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StartError, match="known: talk, facts"):
        load("talks")


# -- words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It costs 37 coins.", {37}),
        ("Thirty-seven, and two more.", {37, 2}),
        ("two hundred and three", {203}),
        ("Two dozen, or five.", {24, 5}),
        ("five six", {5, 6}),
        ("twenty-five hundred", {2500}),
        ("xX_Sn1per_Xx has none", set()),
    ],
)
def test_numbers_in_digits_and_words(text: str, found: set[int]) -> None:
    assert words.numbers(text) == found


@pytest.mark.parametrize(
    ("text", "alternative", "is_there"),
    [
        ("It is raining.", "rain", True),
        ("Go north.", "no", False),
        ("No, never.", "no", True),
        ("Eight of them.", "8", True),
        ("Eighty of them.", "8", False),
        ("I don’t know.", "don't", True),
    ],
)
def test_alternative_is_found_as_a_word(text: str, alternative: str, is_there: bool) -> None:
    assert words.holds(text, alternative) is is_there


@pytest.mark.parametrize(
    ("text", "alternative", "is_there"),
    [
        ("Welcome, Torvik!", "Torvik", True),
        ("Torvik's axe.", "Torvik", True),
        ("torvik", "Torvik", False),
        ("Glimmerroots, please.", "glimmerroot", True),
        ("glimmeroot", "glimmerroot", False),
        ("xX_Sn1per_Xx, come in.", "xX_Sn1per_Xx", True),
        ("Zsófia.", "Zsófia", True),
        ("Zsofia.", "Zsófia", False),
        ("37 coins", "37", True),
    ],
)
def test_exact_means_letter_by_letter(text: str, alternative: str, is_there: bool) -> None:
    assert words.holds_exactly(text, alternative) is is_there


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("Welcome, Torvik.", []),
        ("Good day, Targvik.", ["Targvik"]),
        ("Good day, torvik.", ["torvik"]),
        ("Vael Tharun's wares, Torvik.", []),
        ("Squidhides only, Torvik.", []),
        ("Only squiddhide here.", ["squiddhide"]),
        ("I know you, mke.", ["mke"]),
        ("The road to Ashgrund is long.", []),
        ("There is nothing to trade. Even less in the evening.", []),
    ],
)
def test_misspelt_names_are_found(text: str, missed: list[str]) -> None:
    assert scoring.misspelt(Answer(case(), text)) == missed


def test_clipped_word_is_no_name() -> None:
    assert words.Situation("Ulli and Ilve").misspelt("I'll go, I've said so.") == []
    assert words.Situation("Wouldrin").misspelt("I wouldn't.") == []


def test_in_names_every_foreign_name_counts() -> None:
    text = "I know Ashgrund and Berta, my friend. God bless, Torvik."
    assert sorted(scoring.misspelt(Answer(case(set="names"), text))) == ["Ashgrund", "Berta"]


# -- scores ------------------------------------------------------------------------------------------


def test_fact_is_right_with_all_that_is_wanted_and_nothing_wrong() -> None:
    one = case(want=(("37", "a lot"), ("coin",)), wrong=("free",))
    assert scoring.is_right(Answer(one, "Thirty-seven coins."))
    assert not scoring.is_right(Answer(one, "Thirty-seven."))
    assert not scoring.is_right(Answer(one, "37 coins, but free for you."))
    assert not scoring.is_right(Answer(one, "37 coins.", error="engine_failed: broken"))
    can_swim = case(want=(("no", "not", "cannot"),))
    assert scoring.is_right(Answer(can_swim, "I cannot swim."))
    assert not scoring.is_right(Answer(can_swim, "I do not know. I cannot say."))


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("I do not know, Torvik.", True),
        ("I couldn't say.", True),
        ("No idea. Ask the elder.", True),
        ("Nobody told me, and I have not asked.", True),
        ("It is behind the mill.", False),
        ("I don't know, 45 perhaps.", False),
        ("I know it well.", False),
    ],
)
def test_what_is_not_in_the_prompt_is_right_only_as_not_known(text: str, is_right: bool) -> None:
    assert scoring.is_right(Answer(case(is_unknown=True), text)) is is_right


def test_foreign_number_is_not_exact_but_a_price_for_two_is() -> None:
    assert scoring.is_exact(Answer(case(), "Two cost seventy-four."))
    assert not scoring.is_exact(Answer(case(), "It costs 36."))


OFFER = ({"name": "sell", "params": {"properties": {"count": {"type": "integer", "minimum": 1, "maximum": 9}}}},)


@pytest.mark.parametrize(
    ("orders", "action", "is_right", "is_invalid"),
    [
        (({"sell": {"count": 2}},), {"name": "sell", "params": {"count": 2}}, True, False),
        (({"sell": {"count": 2}},), {"name": "sell", "params": {"count": 3}}, False, False),
        (({"sell": {"count": "1..3"}},), {"name": "sell", "params": {"count": 3}}, True, False),
        (({"sell": {}}, {}), None, True, False),
        (({"sell": {}},), None, False, False),
        (({},), None, True, False),
        (({},), {"name": "sell", "params": {"count": 1}}, False, False),
        (({},), {"name": "sell", "params": {"count": 10}}, False, True),
        (({},), {"name": "steal", "params": {}}, False, True),
    ],
)
def test_order_is_right_by_name_and_parameters(
    orders: Any, action: dict[str, Any] | None, is_right: bool, is_invalid: bool
) -> None:
    answer = Answer(case(set="orders", orders=orders, think={"actions": OFFER}), "Aye.", action=action)
    assert scoring.is_order_right(answer) is is_right
    assert scoring.is_order_invalid(answer) is is_invalid


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(case(), "Well met.", "Well met."), []),
        (Answer(case(), "“Well met!”", "“Well met!” "), []),
        (Answer(case(), "Well met"), ["unfinished"]),
        (Answer(case(), "Well met.", finish="length"), ["unfinished"]),
        (Answer(case(), '{"say":"Well'), ["unfinished", "markup"]),
        (Answer(case(), "Well met.", '{"say":"Well met.'), ["markup", "differs"]),
        (Answer(case(), "*bows* Well met."), ["markup"]),
        (Answer(case(), "Vael Tharun: Well met."), ["speaker"]),
        (Answer(case(), "user: Well met."), ["speaker"]),
        (Answer(case(), "Lena: Well met."), ["speaker"]),
        (Answer(case(), "Listen: the wolves."), []),
        (Answer(case(), ""), ["empty"]),
        (Answer(case(), "", action={"name": "stay", "params": {}}), []),
        (Answer(case(), error="unavailable: gone"), ["failed"]),
    ],
)
def test_flaws_are_named(answer: Answer, found: list[str]) -> None:
    assert scoring.flaws(answer) == found


def test_bulk_is_the_same_each_time_and_new_each_number() -> None:
    cases = bulk_cases(300)
    assert cases == bulk_cases(300)
    assert len({(one.npc, one.player, one.say) for one in cases}) > 290
    assert 60 < sum("actions" in one.think for one in cases) < 140
    for one in cases:
        schema.validate(schema.ThinkRecord, {"op": "think", "id": "1", "utterance": one.say, **one.think})


# -- the sheet ---------------------------------------------------------------------------------------


def result(model: str) -> Result:
    return Result(f"Mind of {model}: 2 held-out situations", (), (), {"facts_right": 0.5}, {"replies": 2.0})


def answers(text: str) -> list[Answer]:
    return [Answer(one, f"{text} {one.id}.") for one in load("talk")[:2]]


def test_sheet_hides_the_models_and_gives_their_grades_back(tmp_path: Path) -> None:
    path = tmp_path / "sheet.md"
    sheet.add(path, result("alpha (llama)"), answers("Well met,"))
    graded = path.read_text(encoding="utf-8").replace("\nGrade:", "\nGrade: A", 1)
    path.write_text(graded, encoding="utf-8")
    sheet.add(path, result("beta (llama)"), answers("Go away,"))
    text = path.read_text(encoding="utf-8")
    assert text.count("Grade: A") == 1, "the grade that was there stays"
    assert "alpha" not in text
    assert text.count("what happend to ur eye??") >= 2
    path.write_text(text.replace("\nGrade:\n", "\nGrade: c\n"), encoding="utf-8")
    report = sheet.report(path)
    assert report.ratios["alpha (llama) grade_a"] == 0.5
    assert report.ratios["beta (llama) grade_c"] == 1.0
    assert report.ratios["alpha (llama) facts_right"] == 0.5
    assert report.figures["beta (llama) graded"] == 2


def test_sheet_numbers_a_model_that_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "sheet.md"
    for text in ("Well met,", "Go away,", "Good day,"):
        sheet.add(path, result("alpha (llama)"), answers(text))
    names = orjson.loads(sheet.key_file(path).read_bytes())["models"]
    assert list(names) == ["alpha (llama)", "alpha (llama) #2", "alpha (llama) #3"]
    assert path.read_text(encoding="utf-8").count("\nGrade:") == 6


def test_bad_sheet_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "sheet.md"
    sheet.add(path, result("alpha (llama)"), answers("Well met,"))
    path.write_text(path.read_text(encoding="utf-8").replace("\nGrade:", "\nGrade: D", 1), encoding="utf-8")
    with pytest.raises(StartError, match=r"line \d+.*want A, B or C"):
        sheet.report(path)
    with pytest.raises(StartError, match="add --only talk"):
        bench.measure(Config(), Options(sheet=path, only=("facts",)))
    sheet.key_file(path).unlink()
    with pytest.raises(StartError, match="has to stay there"):
        bench.measure(Config(), Options(sheet=path))


def test_rubric_says_what_the_grades_mean() -> None:
    text = (FOLDER / "RUBRIC.md").read_text(encoding="utf-8")
    assert all(f"\n## {grade}: " in text for grade in sheet.GRADES)


# -- a run -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_run_on_the_stub_engine_reports_all_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = {name: load(name)[:: len(load(name)) // 2 - 1] for name in SETS}
    monkeypatch.setattr(bench, "load", some.__getitem__)
    written, paper = tmp_path / "mind.json", tmp_path / "sheet.md"
    config = Config.model_validate({"model": {"engine": "stub"}})
    assert runner.run("mind", config, Options(sheet=paper), json_file=written) == 0
    report = orjson.loads(written.read_bytes())
    assert report["bench"] == "mind"
    assert {
        "facts_right",
        "names_exact",
        "orders_right",
        "orders_invalid",
        "memory_used",
        "unfinished",
        "markup",
    } <= set(report["ratios"])
    assert report["ratios"]["failed"] == 0
    assert report["figures"]["replies"] == sum(map(len, some.values()))
    assert paper.read_text(encoding="utf-8").count("\nGrade:") == len(some["talk"])


def test_upstream_is_sent_the_daemons_prompts_and_read_as_the_daemon_reads(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[dict[str, Any]] = []

    def complete(request: Request) -> Response:
        bodies.append(orjson.loads(request.data))
        form = '{"say": "Gladly.", "do": {"action": "stay"}}'
        text = form if "response_format" in bodies[-1] else "Gunther: I remember Vessbrook well."
        return Response(orjson.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}))

    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "big"}]})
    httpserver.expect_request("/v1/chat/completions", headers={"Authorization": "Bearer k"}).respond_with_handler(
        complete
    )
    monkeypatch.setenv(bench.API_KEY_ENV, "k")
    monkeypatch.setattr(bench, "load", {"orders": load("orders")[2:3], "memory": load("memory")[:2]}.__getitem__)
    found = bench.measure(Config(), Options(upstream=httpserver.url_for("/v1"), only=("orders", "memory")))
    assert found.ratios["orders_right"] == 1
    assert found.ratios["memory_used"] == 0.5
    assert found.ratios["failed"] == found.ratios["speaker"] == found.ratios["markup"] == 0
    between = len(load("memory")[0].between)
    assert len(bodies) == 1 + 2 * (2 + between), "told, what lies between, and asked"
    asked = next(body for body in bodies if body["messages"][-1]["content"].endswith("what is my cat called?"))
    assert any("cat is called Sir Pounce" in message["content"] for message in asked["messages"][1:])


def test_upstream_that_is_not_there_is_refused_with_its_address(free_port: int) -> None:
    with pytest.raises(StartError, match=f"{free_port}: /v1/models"):
        bench.measure(Config(), Options(upstream=f"http://127.0.0.1:{free_port}", only=("names",)))


@pytest.mark.slow
def test_bulk_run_looks_for_flaws_alone(tmp_path: Path) -> None:
    written = tmp_path / "mind.json"
    config = Config.model_validate({"model": {"engine": "stub"}})
    assert runner.run("mind", config, Options(bulk=20), json_file=written) == 0
    report = orjson.loads(written.read_bytes())
    assert report["figures"]["replies"] == 20
    assert set(report["ratios"]) == {*bench.FLAWS, "all_exact", "filtered"}
