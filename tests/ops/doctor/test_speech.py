"""The doctor on speech: what each finding says, and one word really spoken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm_agentd.config import Config
from llm_agentd.config.speech import Speech
from llm_agentd.ops.doctor import daemon, speech
from llm_agentd.ops.doctor.speech import Facts

SPEAKS = Facts("auto", "auto", "hibari+espeak-ng", "whisper", start_s=0.8, word_s=0.05)


def judged(facts: Facts) -> dict[str, tuple[str, str, str]]:
    return {check.name: (check.state, check.found, check.cure) for check in speech.judge(facts)}


def test_engine_that_speaks_is_told_with_its_times() -> None:
    state, found, _ = judged(SPEAKS)["voice"]
    assert (state, found) == ("ok", "hibari+espeak-ng says a word in 50 ms, the first one 0.8 s after its start")
    assert judged(SPEAKS)["ears"][0] == "ok"


@pytest.mark.parametrize(
    ("facts", "name", "state", "says"),
    [
        (replace(SPEAKS, word_s=2.0), "voice", "warn", "Slow: "),
        (replace(SPEAKS, wanted_tts="off", tts=""), "voice", "ok", "speech.tts: off"),
        (replace(SPEAKS, tts="", tts_problem="pip install x"), "voice", "ok", "pip install x"),
        (replace(SPEAKS, wanted_tts="piper", tts="piper", tts_problem="no voice"), "voice", "fail", "no voice"),
        (replace(SPEAKS, wanted_stt="off"), "ears", "ok", "speech.stt: off"),
        (replace(SPEAKS, stt="", stt_problem="pip install y"), "ears", "ok", "pip install y"),
        (replace(SPEAKS, wanted_stt="whisper", stt_problem="no folder"), "ears", "fail", "no folder"),
    ],
)
def test_each_finding_has_its_state_and_a_cure_where_something_is_wrong(
    facts: Facts, name: str, state: str, says: str
) -> None:
    found = judged(facts)[name]
    assert found[0] == state
    assert says in found[1]
    assert bool(found[2]) == (state != "ok")


@pytest.mark.slow
def test_word_is_really_spoken_and_an_engine_that_is_missing_told() -> None:
    facts = speech.look(Config(speech=Speech(tts="stub", stt="stub")), speaks=True)
    assert (facts.tts, facts.tts_problem) == ("stub", "")
    assert facts.start_s is not None
    assert facts.word_s is not None
    assert 0 < facts.word_s < facts.start_s
    missing = speech.look(Config(speech=Speech(tts="piper", stt="off")), speaks=True)
    assert judged(missing)["voice"][0] == "fail"
    assert "speech.voices_dir" in judged(missing)["voice"][1] or "piper" in judged(missing)["voice"][1]


def test_words_of_a_roles_voice_that_mean_nothing_are_told() -> None:
    roles = {"roles": [{"name": "smith", "voice": "depe man"}, {"name": "bard", "voice": "old man"}], "problems": []}
    (check,) = [check for check in daemon._judge_roles(roles) if check.name == "voice"]
    assert check.state == "warn"
    assert "smith" in check.found
    assert "deep" in check.found
