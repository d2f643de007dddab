"""Which binding is taken: the fastest that is right, measured once; and what becomes of a process that crashes."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from llm_agentd import engines
from llm_agentd.engines.base import Candidate
from llm_agentd.engines.proof import children
from llm_agentd.engines.proof import choice as choosing
from llm_agentd.engines.proof.children import PROGRAM, Answer, Order, Turn, start_child
from llm_agentd.engines.proof.choice import FILE, Choice, choose, in_words, pick

SLOW = Candidate("llama", "cyllama 1", 100.0, 100.0, 96)
FAST = Candidate("llama_ik", "ik 1", 200.0, 200.0, 96)
WRONG = Candidate("llama_native", "native 1", 0.0, 0.0, 0, "passed over: it crashed")
SETTINGS: dict[str, Any] = {"threads": 2, "max_num_seqs": 8, "kv_type": "f16"}


def test_the_fastest_is_taken_and_the_others_are_told_behind_it() -> None:
    assert pick([SLOW, WRONG, FAST]) == Choice("llama_ik", None, (FAST, SLOW, WRONG))


def test_the_usual_one_is_taken_where_another_is_faster_by_noise_alone() -> None:
    assert pick([SLOW, replace(FAST, prompt_tokens_per_s=103.0, reply_tokens_per_s=103.0)]).engine == "llama"


@pytest.mark.parametrize(
    ("prompt", "reply", "taken"), [(40.0, 150.0, "llama"), (300.0, 80.0, "llama_ik"), (95.0, 200.0, "llama_ik")]
)
def test_prompts_and_replies_both_count(prompt: float, reply: float, taken: str) -> None:
    assert pick([SLOW, replace(FAST, prompt_tokens_per_s=prompt, reply_tokens_per_s=reply)]).engine == taken


def test_one_that_is_right_in_short_parts_alone_is_held_to_them() -> None:
    assert pick([SLOW, replace(FAST, rows_max=31)]).rows_max == 31


def test_what_is_wanted_is_taken_though_it_is_slower_but_not_where_it_is_wrong() -> None:
    assert pick([FAST, SLOW], wanted="llama").engine == "llama"
    assert pick([SLOW, WRONG], wanted="llama_native").engine == "llama"


def test_where_all_are_wrong_the_usual_one_is_taken() -> None:
    assert pick([replace(WRONG, engine="llama"), WRONG]).engine == "llama"


# -- measured once -------------------------------------------------------------------------------------


class Asked:
    """Answers as the child does. `answers`: by engine, over what a sound one says."""

    def __init__(self, **answers: Answer) -> None:
        self.orders: list[Order] = []
        self.references: list[Any] = []
        self.happened: list[str] = []
        self._answers = answers

    def __call__(self, order: Order) -> Turn:
        self.orders.append(order)
        self.happened.append(f"{order['engine']} loads")
        return lambda reference: self._turn(order["engine"], reference)

    def _turn(self, name: str, reference: dict[str, Any] | None) -> Answer:
        self.references.append(reference)
        self.happened.append(f"{name} computes")
        sound = {"rows_max": 96, "fault": "", "prompt_s": 0.01, "step_s": {"1": 0.01, "8": 0.04}}
        return sound | {"reference": {"of": name}} | self._answers.get(name, {})

    @property
    def names(self) -> list[str]:
        return [order["engine"] for order in self.orders]


NAMES = ["llama_native", "llama", "llama_ik"]


@pytest.fixture
def model(models: SimpleNamespace) -> Path:
    return Path(models.chain)


def test_each_is_asked_once_for_a_file_a_machine_and_its_settings(model: Path, tmp_path: Path) -> None:
    asked = Asked(llama_ik={"step_s": {"1": 0.005, "8": 0.02}, "prompt_s": 0.005})
    first = choose(NAMES, model, tmp_path, start=asked, **SETTINGS)
    assert asked.names == ["llama", "llama_native", "llama_ik"]
    assert (first.engine, first.candidates[0].reply_tokens_per_s) == ("llama_ik", 400.0)
    assert choose(NAMES, model, tmp_path, start=asked, **SETTINGS) == replace(first, took_s=0.0)
    assert len(asked.orders) == 3
    choose(NAMES, model, tmp_path, start=asked, **SETTINGS | {"threads": 1})
    assert len(asked.orders) == 6


def test_others_are_compared_with_the_first_that_is_right(model: Path, tmp_path: Path) -> None:
    asked = Asked(llama={"fault": "it crashed", "rows_max": 0, "reference": None})
    choose(NAMES, model, tmp_path, start=asked, **SETTINGS)
    assert asked.references == [None, None, {"of": "llama_native"}]


def test_steps_are_timed_at_the_widths_that_will_be_used(model: Path, tmp_path: Path) -> None:
    asked = Asked()
    choose(NAMES, model, tmp_path, start=asked, **SETTINGS | {"max_num_seqs": 6})
    assert asked.orders[0]["widths"] == [1, 6]
    choose(NAMES, model, None, start=asked, **SETTINGS | {"max_num_seqs": 32})
    assert asked.orders[-1]["widths"] == [1, 32]


@pytest.mark.parametrize("bytes_max", [0, 2**30])
def test_small_models_are_loaded_by_all_at_once_and_larger_ones_by_one_after_the_other(
    bytes_max: int, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "LOADED_AT_ONCE_MAX_BYTES", bytes_max)
    asked = Asked()
    choose(["llama", "llama_ik"], model, None, start=asked, **SETTINGS)
    if bytes_max:
        assert asked.happened == ["llama loads", "llama_ik loads", "llama computes", "llama_ik computes"]
    else:
        assert asked.happened == ["llama loads", "llama computes", "llama_ik loads", "llama_ik computes"]


def test_changed_file_and_new_version_of_a_library_are_measured_again_with_all_others(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(model.read_bytes())
    asked = Asked()
    choose(NAMES, file, tmp_path, start=asked, **SETTINGS)
    file.write_bytes(model.read_bytes()[:-1] + b"x")
    choose(NAMES, file, tmp_path, start=asked, **SETTINGS)
    assert len(asked.orders) == 6
    monkeypatch.setattr(choosing, "version", lambda package: "99" if package == "cyllama" else "1")
    choose(NAMES, file, tmp_path, start=asked, **SETTINGS)
    choose(NAMES, file, tmp_path, start=asked, **SETTINGS)
    assert len(asked.orders) == 9


def test_what_a_busy_machine_gave_no_time_for_is_measured_again_at_the_next_start(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    late = {"rows_max": 0, "fault": "it took more than 60 s to prove itself", "reference": None}
    busy = Asked(llama=late | {"is_busy": True})
    assert choose(NAMES, model, tmp_path, start=busy, **SETTINGS).engine == "llama_native"
    assert "too busy to time them" in caplog.text
    slow = Asked(llama=late | {"is_busy": False})
    for _ in range(2):
        choose(NAMES, model, tmp_path, start=slow, **SETTINGS)
    assert len(slow.orders) == 3


def damage(field: str, value: Any) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        rows = orjson.loads(path.read_bytes())
        next(iter(rows.values()))[field] = value
        path.write_bytes(orjson.dumps(rows))

    return write


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("{"),
        lambda path: path.write_bytes(bytes(100)),
        lambda path: path.write_text("[1, 2]"),
        damage("rows_max", "many"),
        damage("prompt_tokens_per_s", None),
        damage("reply_tokens_per_s", 0.0),
        damage("more", 1),
    ],
)
def test_damaged_file_is_measured_again(spoil: Callable[[Path], object], model: Path, tmp_path: Path) -> None:
    asked = Asked()
    first = choose(NAMES, model, tmp_path, start=asked, **SETTINGS)
    spoil(tmp_path / FILE)
    for _ in range(2):
        assert choose(NAMES, model, tmp_path, start=asked, **SETTINGS).candidates == first.candidates
    assert len(asked.orders) == 6


def test_one_line_says_that_it_takes_a_while_and_one_for_each_what_it_gives(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = {"rows_max": 31, "step_s": {"8": 0.02}}
    with caplog.at_level(logging.INFO):
        choose(
            NAMES, model, tmp_path, start=Asked(llama_ik=held, llama={"rows_max": 0, "fault": "a bad one"}), **SETTINGS
        )
        lines = [record.getMessage() for record in caplog.records]
        choose(NAMES, model, tmp_path, start=Asked(), **SETTINGS)
    assert lines[0] == "proving and timing llama_native, llama, llama_ik with this model, once: some seconds"
    assert len(lines) == 5 == len(caplog.records)
    assert re.fullmatch(r"engine llama_ik is taken, after \d+\.\d s; what each gives:", lines[1])
    assert lines[2].startswith("engine llama_ik (ik-llama-cpp-python ")
    assert lines[2].endswith("100 prompt tokens/s, 400 reply tokens/s; longer parts than 31 tokens would be wrong")
    assert lines[4].endswith("; passed over: a bad one")


def test_named_engine_that_is_wrong_is_passed_over_with_a_warning(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked(llama_ik={"rows_max": 0, "fault": "its scores differ"})
    choice = choose(["llama", "llama_ik"], model, tmp_path, wanted="llama_ik", start=asked, **SETTINGS)
    assert choice.engine == "llama"
    assert "model.engine llama_ik is not used, engine llama is: " in caplog.text
    assert "its scores differ" in caplog.text


# -- the process ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed .* ended with -11"),
        ("raise SystemExit(3)", "crashed .* ended with 3"),
        ("print('no JSON')", "said what nobody understands"),
        ("", "crashed"),
        ("import time; time.sleep(60)", "took more than 1 s"),
    ],
)
def test_process_that_crashes_or_hangs_is_a_fault_of_its_engine(code: str, fault: str) -> None:
    answer = start_child({}, program=[sys.executable, "-c", code], limit_s=1.0)(None)
    assert "rows_max" not in answer
    assert re.search(fault, answer["fault"])


@pytest.mark.parametrize(("cpu_s", "is_busy"), [(0.4, True), (1.6, False)])
def test_process_that_had_no_cpu_met_a_busy_machine(
    cpu_s: float, is_busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "cpu_s", lambda pid: cpu_s)
    program = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert start_child({"threads": 2}, program=program, limit_s=1.0)(None)["is_busy"] == is_busy


EXTRAS = {"llama_native": "llama_cpp", "llama_ik": "ik_llama_cpp"}
THERE = ["llama", *(name for name, module in EXTRAS.items() if find_spec(module))]


@pytest.mark.slow
def test_real_processes_prove_what_is_installed_on_the_embedded_model(tmp_path: Path) -> None:
    choice = choose(THERE, engines.EMBEDDED_MODEL, tmp_path, **SETTINGS | {"threads": 1})
    assert {candidate.engine for candidate in choice.candidates} == set(THERE)
    for candidate in choice.candidates:
        assert candidate.rows_max == 96, in_words(candidate)
        assert candidate.prompt_tokens_per_s > 0 < candidate.reply_tokens_per_s


@pytest.mark.slow
def test_real_process_says_why_a_file_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF" + bytes(200))
    order = {"engine": "llama", "path": str(tmp_path / "no.gguf"), "threads": 1, "widths": [1], "kv_type": "f16"}
    assert "no.gguf" in start_child(order)(None)["fault"]


@pytest.mark.slow
def test_process_whose_turn_never_comes_ends_with_whoever_started_it(models: SimpleNamespace) -> None:
    order = {"engine": "llama", "path": str(models.chain), "threads": 1, "widths": [1], "kv_type": "f16"}
    command = [*PROGRAM, orjson.dumps(order).decode()]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    assert ran.stdout.splitlines()[-1] == b"{}"
