"""The probe finds what is planted in a fake binding, and what ik_llama.cpp's Q4_1 kernel really does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from llm_agentd.engines.llama.binding import BatchRow
from llm_agentd.engines.proof.child import load
from llm_agentd.engines.proof.probe import LENGTH, Findings, Probe, Reference, crowd_of
from tests.engines.proof.fake_binding import FakeBinding

WIDTHS = (1, 2, 4, 8)
Q4_1 = "3"  # llama_ftype


def found(fault: str = "", at: int = 0, *, against: Reference | None = None) -> Findings:
    return Probe(FakeBinding(fault, at), WIDTHS).run(against)[0]


@pytest.fixture(scope="module")
def reference() -> Reference:
    result = Probe(FakeBinding(), WIDTHS).run(None)[1]
    assert result is not None
    return result


def test_sound_binding_is_proven_for_all_parts(reference: Reference) -> None:
    findings = found(against=reference)
    assert (findings.rows_max, findings.fault, findings.difference) == (LENGTH, "", 0.0)
    assert findings.prompt_s > 0
    assert list(findings.step_s) == list(WIDTHS)


def test_rounding_is_no_fault(reference: Reference) -> None:
    findings = found("rounding", against=reference)
    assert (findings.rows_max, findings.fault) == (LENGTH, "")
    assert 0 < findings.difference < 0.08


@pytest.mark.parametrize("fault", ["rows", "one score", "nan"])
@pytest.mark.parametrize(
    ("at", "rows_max"), [(2, 1), (9, 8), (17, 16), (20, 17), (32, 31), (40, 33), (48, 47), (64, 47), (96, 47)]
)
@pytest.mark.parametrize("is_first", [True, False])
def test_binding_that_is_wrong_from_some_rows_on_is_held_to_fewer(
    fault: str, at: int, rows_max: int, is_first: bool, reference: Reference
) -> None:
    findings = found(fault, at, against=None if is_first else reference)
    assert findings.rows_max == rows_max < at
    assert findings.fault == ""


def test_wrong_longest_part_alone_is_found() -> None:
    assert found("rows", 96).rows_max < 96


@pytest.mark.parametrize(("at", "rows_max"), [(2, 1), (3, 2), (8, 4)])
@pytest.mark.parametrize("widths", [(1, 2, 4, 8), (1, 8)])
def test_wrong_step_of_several_sequences_holds_to_narrower_ones(
    at: int, rows_max: int, widths: tuple[int, ...]
) -> None:
    findings = Probe(FakeBinding("batch", at), widths).run(None)[0]
    assert findings.rows_max == rows_max == max(findings.step_s)


def test_sound_binding_with_another_to_compare_with_computes_less(reference: Reference) -> None:
    """So that a first start waits for little: each row is 3 ms of a small model on a slow machine."""

    def rows(reference: Reference | None) -> int:
        binding = FakeBinding()
        Probe(binding, (1, 8)).run(reference)
        return binding.rows

    assert rows(None) < 400
    assert rows(reference) < 270


def test_steps_are_timed_beside_as_much_as_a_village_holds() -> None:
    """Where all prompts lie in one cache each row is compared with them all: with few it is quick, and not in use."""
    held: list[int] = []

    class Watched(FakeBinding):
        def decode(self, rows: Sequence[BatchRow]) -> None:
            super().decode(rows)
            if len(rows) == 8 and len({seq for _, _, seq, _ in rows}) == 8:
                held.append(len(self._held))

    Probe(Watched(), (1, 8)).run(None)
    assert set(held) == {24} == {crowd_of((1, 8))}
    assert crowd_of((1, 8, 32)) == 64
    assert crowd_of((1, 128)) == 128


@pytest.mark.parametrize("is_first", [True, False])
def test_what_others_hold_must_not_matter(is_first: bool, reference: Reference) -> None:
    findings = found("company", against=None if is_first else reference)
    assert findings.rows_max == 0
    assert "its scores differ by" in findings.fault


@pytest.mark.parametrize("is_first", [True, False])
def test_state_that_comes_back_otherwise_is_a_fault(is_first: bool, reference: Reference) -> None:
    findings = found("state", against=None if is_first else reference)
    assert (findings.rows_max, findings.fault) == (0, "a state that is saved and restored gives other scores")


def test_scores_of_another_model_are_a_fault(reference: Reference) -> None:
    findings = found("other model", against=reference)
    assert findings.rows_max == 0
    assert "from another library's" in findings.fault


def test_other_tokens_for_a_text_are_a_fault(reference: Reference) -> None:
    assert found("tokens", against=reference).fault == "it reads a text as other tokens"


def test_library_that_refuses_to_compute_is_a_fault_and_no_exception() -> None:
    assert found("refuses", 1).fault == "llama_decode failed with -3"


@pytest.fixture(scope="module")
def q4_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model in the format that ik_llama.cpp's wheel computes wrongly, in parts of 32 rows and more."""
    folder = tmp_path_factory.mktemp("q4_1")
    made, wanted = folder / "random.gguf", folder / "q4_1.gguf"
    for command in (
        ["llm_agentd.bench.random_model", str(made), "--shape", "tiny"],
        ["llm_agentd.engines.llama.quantize", str(made), str(wanted), Q4_1, "1", "yes"],
    ):
        subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    return wanted


EXTRAS = {"llama_native": "llama_cpp", "llama_ik": "ik_llama_cpp"}
ROWS_MAX = {"llama": LENGTH, "llama_native": LENGTH, "llama_ik": 31}
THERE = ["llama", *(name for name, module in EXTRAS.items() if find_spec(module))]


@pytest.mark.parametrize("name", THERE)
def test_q4_1_is_right_everywhere_but_from_32_rows_on_in_ik(name: str, q4_1: Path) -> None:
    def run(name: str, reference: Reference | None) -> tuple[Findings, Reference | None]:
        order = {"engine": name, "path": str(q4_1), "threads": 1, "widths": WIDTHS, "kv_type": "f16"}
        binding = load(order)
        try:
            return Probe(binding, WIDTHS).run(reference)
        finally:
            binding.close()

    findings, _ = run(name, run("llama", None)[1])
    assert (findings.rows_max, findings.fault) == (ROWS_MAX[name], "")
