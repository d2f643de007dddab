"""Moderation: what the word list finds and what it lets be, what the daemon does with it, and the audit log."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.cache import open_cache
from llm_agentd.config import load_config
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import StartError
from llm_agentd.moderation.audit_log import AuditLog, append, entries, forget_player, prune
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.moderation.safe_lines import evasion, rebuke
from llm_agentd.moderation.word_list import WordList
from llm_agentd.ops import moderation as command
from llm_agentd.types import ModerationContext, Npc, Think, Turn
from tests.support.daemon_in_process import InProcess

VECTORS = Path(__file__).parents[1] / "vectors"
NPC = {"id": "1", "name": "Mira", "role": "healer"}
# Of lines that were not looked at while the lists were made: what got through when they were first tried.
HELD_OUT_LEAKS_MAX = 1  # of 96: no list knows all
HELD_OUT_FALSE_ALARMS_MAX = 0  # of 65


def lines(file: str, split: str, kind: str | None = None) -> list[str]:
    found = json.loads((VECTORS / file).read_text(encoding="utf-8"))["lines"]
    return [one["text"] for one in found if one["split"] == split and kind in (None, one.get("kind"))]


class Heard:
    """An audit log that is a list."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def write(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)


@pytest.fixture(scope="module")
def words() -> WordList:
    return WordList()


# --- the word list ---------------------------------------------------------------------------------------------


def test_the_lists_are_as_large_as_they_say() -> None:
    attacks = json.loads((VECTORS / "attacks.json").read_text(encoding="utf-8"))["lines"]
    harmless = json.loads((VECTORS / "harmless.json").read_text(encoding="utf-8"))["lines"]
    assert len({one["text"] for one in attacks}) == len(attacks) >= 200
    assert len({one["text"] for one in harmless}) == len(harmless) >= 200
    assert {one["lang"] for one in harmless} == {"en", "de", "es", "fr", "ru"}


@pytest.mark.parametrize("text", lines("attacks.json", "tuned", "words"))
def test_foul_words_are_found_however_they_are_written(words: WordList, text: str) -> None:
    assert words.find(text)


def test_no_harmless_line_is_taken_for_a_foul_one(words: WordList) -> None:
    assert {text: hit for text in lines("harmless.json", "tuned") if (hit := words.find(text))} == {}


def test_lines_that_the_lists_were_not_made_for(words: WordList) -> None:
    leaks = [text for text in lines("attacks.json", "held_out", "words") if not words.find(text)]
    alarms = {text: hit for text in lines("harmless.json", "held_out") if (hit := words.find(text))}
    assert len(leaks) <= HELD_OUT_LEAKS_MAX
    assert len(alarms) <= HELD_OUT_FALSE_ALARMS_MAX, alarms


def test_what_the_embedded_model_learnt_from_passes(words: WordList) -> None:
    from itertools import islice

    from hearthling.corpus import samples

    said = {sample.reply for sample in islice(samples(3, "heldout"), 1500)}
    assert {text: hit for text in said if (hit := words.find(text))} == {}


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("Go to hell, damn it!", {"everyone"}),
        ("What a pile of shit", {"everyone", "teen"}),
        ("Du Arschloch", {"everyone", "teen"}),
        ("show me your tits", {"everyone", "teen", "mature"}),
        ("you nigger", {"everyone", "teen", "mature"}),
        ("kill yourself", {"everyone", "teen", "mature"}),
        ("kill the wolf", set()),
    ],
)
def test_the_age_decides_what_passes(text: str, ages: set[str]) -> None:
    found = {age for age in ("everyone", "teen", "mature") if WordList(age).find(text)}
    assert found == ages


def test_strict_blocks_doubtful_words_too() -> None:
    assert WordList().find("The cock crows.") is None
    assert WordList(strict=True).find("The cock crows.")


def test_an_admins_own_words_go_over_the_lists() -> None:
    own = WordList(blocked=("creeper lover", "Noob"), allowed=("bastard",))
    assert own.find("you noob!") == ("own", "noob")
    assert own.find("Creeper lover.")
    assert own.find("a noobish question") is None
    assert own.find("The bastard sword is sharp.") is None
    assert own.find("bastard shit")


# --- the daemon ------------------------------------------------------------------------------------------------


def said(*pieces: str) -> Any:
    return lambda: StubEngine(script=lambda _: [piece.encode() for piece in pieces])


def test_foul_words_of_a_player_never_reach_the_model(tmp_path: Path) -> None:
    heard = Heard()
    with InProcess(f"ipc://{tmp_path}/in", moderator=Moderator(heard)) as daemon, daemon.client() as client:
        answer = client.ask(op="think", id="a", npc=NPC, player="Ana", utterance="fuck you", lang="de")
        assert answer["event"] == "error"
        assert (answer["code"], answer["by"]) == ("filtered", "player")
        assert answer["text"] == rebuke("de", "1 fuck you")
        assert "fuck" not in answer["message"]
        assert heard.entries == [
            {
                "direction": "in",
                "player": "Ana",
                "npc": "Mira",
                "category": "crude",
                "match": "fuck",
                "text": "fuck you",
                "taken": "not sent to the model",
            }
        ]
        metrics = client.ask(op="metrics", id="m")["text"]
        assert 'llm_agentd_requests_total{op="think",outcome="filtered"} 1.0' in metrics
        assert "llm_agentd_tokens_total{" not in metrics or 'kind="prompt"} 0' in metrics


def stream(client: Any, **fields: Any) -> list[dict[str, Any]]:
    client.send({"op": "think", "id": "s", "npc": NPC, "player": "Ana", "utterance": "Hi!", "stream": True, **fields})
    found: list[dict[str, Any]] = client.events("s")
    return found


@pytest.mark.parametrize(
    "pieces",
    [
        ("Well met. You are a ", "bas", "tard", " and a thief."),
        ("Well met, you f", "u", "c", "k", "er."),
        ("Well met, hijo ", "de ", "puta", ", my friend."),
        ("Well met ", "s", "h", "1", "t"),
    ],
)
def test_a_streamed_reply_stops_before_the_foul_word(tmp_path: Path, pieces: tuple[str, ...]) -> None:
    heard = Heard()
    with (
        InProcess(f"ipc://{tmp_path}/out", engine=said(*pieces), moderator=Moderator(heard)) as daemon,
        daemon.client() as client,
    ):
        *deltas, last = stream(client)
    shown = "".join(delta["text"] for delta in deltas)
    assert "Well met" in shown
    assert WordList().find(shown) is None
    assert not any(part in shown for part in ("bas", "fu", "puta", "sh"))
    assert (last["code"], last["by"]) == ("filtered", "model")
    assert WordList().find(last["text"]) is None
    assert [entry["direction"] for entry in heard.entries] == ["out"]


def test_words_of_an_action_count_too(tmp_path: Path) -> None:
    form = '{"say":"Look here.","do":{"action":"write_sign","words":"all bastards"}}'
    sign = {
        "name": "write_sign",
        "params": {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]},
    }
    with (
        InProcess(f"ipc://{tmp_path}/act", engine=said(form), moderator=Moderator(Heard())) as daemon,
        daemon.client() as client,
    ):
        *_, last = stream(client, actions=[sign])
        assert last["code"] == "filtered"
    with (
        InProcess(f"ipc://{tmp_path}/act2", engine=said(form), moderator=Moderator(Heard(), "mature")) as daemon,
        daemon.client() as client,
    ):
        *_, last = stream(client, actions=[sign])
        assert last["action"] == {"name": "write_sign", "params": {"words": "all bastards"}}


def test_the_cache_never_serves_what_other_rules_let_pass(tmp_path: Path) -> None:
    def ask(endpoint: str, moderator: Moderator | None) -> dict[str, Any]:
        cache = open_cache(True, tmp_path / "cache", 60, 2**20)
        engine = said("Damn, what a bastard!")
        with (
            InProcess(f"ipc://{tmp_path}/{endpoint}", engine=engine, cache=cache, moderator=moderator) as daemon,
            daemon.client() as client,
        ):
            answer = client.ask(op="think", id="a", npc=NPC, player="Ana", utterance="Hi!", seed=1)
            cache.flush()
        cache.close()
        return answer

    assert ask("c1", None)["cache"] == "miss"
    assert ask("c2", Moderator(Heard()))["code"] == "filtered"
    assert ask("c3", Moderator(Heard()))["code"] == "filtered"  # what was held back was not kept either
    assert ask("c4", Moderator(Heard(), "mature"))["cache"] == "miss"
    assert ask("c5", Moderator(Heard(), "mature"))["cache"] == "hit"
    assert ask("c6", None)["cache"] == "hit"


def test_infer_is_a_programs_own_text_and_stays_as_it_is(tmp_path: Path) -> None:
    with (
        InProcess(f"ipc://{tmp_path}/raw", engine=said("shit"), moderator=Moderator(Heard())) as daemon,
        daemon.client() as client,
    ):
        assert client.ask(op="infer", id="a", prompt="fuck")["text"] == "shit"


def test_foul_lines_of_earlier_turns_are_left_out() -> None:
    think = Think(Npc("1", "Mira", "healer"), "Ana", "Hi!", history=(Turn("Bo", "fuck you"), Turn("Bo", "Good day.")))
    checked = Moderator(None).check_asked(think, ModerationContext("1", "Mira", "Ana"))
    assert checked.history == (Turn("Bo", "Good day."),)


def test_the_safe_lines_are_safe_in_every_language(words: WordList) -> None:
    everyone = WordList("everyone", strict=True)
    for language in ("en", "de", "fr", "es", "ru", "de_AT", "xx"):
        for occasion in map(str, range(30)):
            for line in (rebuke(language, occasion), evasion(language, occasion)):
                assert everyone.find(line) is None, line
    assert rebuke("xx", "1") == rebuke("en", "1")


# --- the audit log ---------------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def entry(player: str, days_ago: float, text: str = "x") -> dict[str, Any]:
    return {"time": (NOW - timedelta(days=days_ago)).isoformat(), "player": player, "text": text}


def test_the_log_is_json_lines_only_its_owner_can_read_and_forgets_what_is_old(tmp_path: Path) -> None:
    path = tmp_path / "state" / "moderation.jsonl"
    for one in (entry("Ana", 40), entry("Bo", 2), entry("Ana", 1)):
        append(path, one)
    assert path.stat().st_mode & 0o777 == 0o600
    log = AuditLog(path, 30, now=lambda: NOW)
    log.start()
    log.write({"player": "Cy", "text": "новое"})
    log.stop()
    assert [one["player"] for one in entries(path)] == ["Bo", "Ana", "Cy"]
    assert list(entries(path))[-1]["time"] == "2026-01-31T12:00:00.000Z"


def test_a_player_can_be_forgotten_and_damaged_lines_harm_nobody(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    assert forget_player(path, "Ana") == 0
    append(path, entry("Ana", 3))
    append(path, entry("Bo", 2))
    with path.open("ab") as damaged:
        damaged.write(b'{"player":"An\n[1]\n')
    assert [one["player"] for one in entries(path)] == ["Ana", "Bo"]
    assert forget_player(path, "Ana") == 3
    assert [one["player"] for one in entries(path)] == ["Bo"]
    assert prune(path, NOW) == 1


def test_a_log_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    log = AuditLog(tmp_path / "file" / "moderation.jsonl", 30)
    log.start()
    log.write({"player": "Ana"})
    log.write({"player": "Ana"})
    log.stop()
    assert len([record for record in caplog.records if "audit" in record.message]) == 1


def test_the_command_shows_whom_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "moderation.jsonl"
    for one in (entry("Ana", 3, "old [red]word"), entry("Bo", 2), entry("Ana", 0.5, "new")):
        append(path, one)

    def shown(**wanted: Any) -> str:
        out = io.StringIO()
        assert command.show_log(path, **{"player": None, "after": None, "as_json": True} | wanted, out=out) == 0
        return out.getvalue()

    assert len(shown().splitlines()) == 3
    assert [json.loads(line)["text"] for line in shown(player="Ana").splitlines()] == ["old [red]word", "new"]
    assert len(shown(after=command.since("1d", NOW)).splitlines()) == 1
    assert len(shown(after=command.since("2026-01-29", NOW)).splitlines()) == 2
    assert "[red]word" in shown(as_json=False)
    assert "nothing was held back" in shown(player="Cy", as_json=False)
    with pytest.raises(ValueError, match="yesterday"):
        command.since("yesterday", NOW)


# --- configuration ---------------------------------------------------------------------------------------------


def test_settings_and_their_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("agents:\n  moderation: off\n  age: mature\n  block_words: [noob]\n")
    agents = load_config(file, environ={}).agents
    assert (agents.moderation, agents.age, agents.block_words) == ("off", "mature", ("noob",))
    default = load_config(environ={"STATE_DIRECTORY": "/x"}).agents
    assert (default.moderation, default.age, default.audit_days) == ("on", "teen", 30)
    assert default.audit_path == Path("/x/moderation.jsonl")
    assert load_config(sets=["agents.allow_words=bastard, cock"], environ={}).agents.allow_words == ("bastard", "cock")
    for wrong, wanted in (
        ("moderation=maybe", "'on', 'off' or 'strict'"),
        ("age=12", "'everyone', 'teen' or 'mature'"),
    ):
        with pytest.raises(StartError, match=wanted):
            load_config(sets=[f"agents.{wrong}"], environ={})
