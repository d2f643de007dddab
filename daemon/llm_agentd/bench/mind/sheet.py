"""The grading sheet: replies of one or several models to the `talk` set, mixed, without names, for a person to grade.

`SHEET.md` is what the grader reads and writes. `SHEET.md.key.json`, beside it, says which reply is whose and keeps each
model's figures; graders do not open it. Each run with the same `--sheet` adds a model; grades that are there stay.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.bench.mind.cases import Case
from llm_agentd.bench.mind.scoring import Answer
from llm_agentd.bench.result import Result
from llm_agentd.errors import StartError
from llm_agentd.prompt.messages import fact_line

GRADED_SET = "talk"
GRADES = ("A", "B", "C")
ID_CHARS = 8
HEAD = """# Replies to grade

Read RUBRIC.md first. Write A, B or C behind each `Grade:`; leave it empty where you cannot say. You wrote neither these
lines nor what any of these models was trained with, and you do not know whose reply is whose.
"""

_ENTRY = re.compile(r"^## ([0-9a-f]{8})$")
_GRADE = re.compile(r"^Grade:[ \t]*(.*?)[ \t]*$")

Key = dict[str, Any]


def key_file(path: Path) -> Path:
    return path.with_name(path.name + ".key.json")


def require_usable(path: Path, cases: Sequence[Case]) -> None:
    """Before minutes of measuring, not after. Raises StartError where there would be nothing to grade, and for a sheet
    whose key is missing or broken.
    """
    if not any(case.set == GRADED_SET for case in cases):
        raise StartError(f"--sheet: people grade the set {GRADED_SET}: add --only {GRADED_SET}, or leave out --sheet")
    if path.exists():
        _load(path)


def add(path: Path, result: Result, answers: Sequence[Answer]) -> None:
    """Adds one model's replies; a name that is there already gets a number, as models are made anew and asked again."""
    key = _load(path) if path.exists() else {"models": {}, "entries": []}
    model = result.title.removeprefix("Mind of ").split(": ")[0]
    if model in key["models"]:
        model += f" #{sum(name.startswith(model) for name in key['models']) + 1}"
    key["models"][model] = {"ratios": result.ratios, "figures": result.figures}
    key["entries"] += [_entry(model, answer) for answer in answers if answer.case.set == GRADED_SET]
    key["entries"].sort(key=lambda entry: entry["id"])  # a hash: neither by model nor by case
    grades = read_grades(path) if path.exists() else {}
    path.write_text(HEAD + "".join(_shown(entry, grades) for entry in key["entries"]), encoding="utf-8")
    key_file(path).write_bytes(orjson.dumps(key, option=orjson.OPT_INDENT_2))


def _entry(model: str, answer: Answer) -> Key:
    case = answer.case
    digest = hashlib.sha256(f"{model}\0{case.id}\0{answer.text}".encode()).hexdigest()
    return {
        "id": digest[:ID_CHARS],
        "model": model,
        "case": case.id,
        "think": case.think,
        "say": case.say,
        "reply": answer.text or (f"({answer.error})" if answer.error else ""),
    }


def _shown(entry: Key, grades: dict[str, str]) -> str:
    think = entry["think"]
    npc = think["npc"]
    facts = think["context"] | ({"mood": npc["mood"]} if "mood" in npc else {})
    lines = [f"\n## {entry['id']}\n", f"{npc['name']}, {npc['role']}. {npc.get('persona', '')}  ", fact_line(facts), ""]
    lines += [f"> {turn['speaker']}: {turn['text']}  " for turn in think.get("history", ())]
    lines += [f"> **{think['player']}**: {entry['say']}  ", f"> **{npc['name']}**: {entry['reply']}", ""]
    return "\n".join([*lines, f"Grade: {grades.get(entry['id'], '')}".rstrip(), ""])


def read_grades(path: Path) -> dict[str, str]:
    """id → grade, of those that have one. Raises StartError for any other letter, with its line."""
    grades: dict[str, str] = {}
    entry = ""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if match := _ENTRY.match(line):
            entry = match[1]
        elif (match := _GRADE.match(line)) and match[1]:
            grade = match[1].upper()
            if grade not in GRADES or not entry:
                raise StartError(f"{path}, line {number}: {line!r}: want A, B or C behind Grade:, below a reply")
            grades[entry] = grade
    return grades


def report(path: Path) -> Result:
    """The shares of each grade, model by model, beside what each run measured."""
    key, grades = _load(path), read_grades(path)
    rows: list[tuple[str, ...]] = []
    ratios: dict[str, float] = {}
    figures: dict[str, float] = {}
    for model, measured in key["models"].items():
        given = [grades[entry["id"]] for entry in key["entries"] if entry["model"] == model and entry["id"] in grades]
        counts = {grade: given.count(grade) for grade in GRADES}
        shares = {grade: count / len(given) if given else 0.0 for grade, count in counts.items()}
        prefix = f"{model} " if len(key["models"]) > 1 else ""
        ratios |= {f"{prefix}grade_{grade.lower()}": share for grade, share in shares.items()}
        ratios |= {f"{prefix}{name}": value for name, value in measured["ratios"].items()}
        figures |= {f"{prefix}{name}": value for name, value in measured["figures"].items()}
        figures[f"{prefix}graded"] = len(given)
        rows.append((model, str(len(given)), *(f"{counts[grade]} ({shares[grade]:.0%})" for grade in GRADES)))
    return Result(
        title=f"Grades in {path.name}",
        columns=("model", "graded", *GRADES),
        rows=tuple(rows),
        ratios=ratios,
        figures=figures,
    )


def _load(path: Path) -> Key:
    try:
        key: Key = orjson.loads(key_file(path).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise StartError(f"{key_file(path)}: {error}; it is written beside the sheet and has to stay there") from None
    return key


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path}: {error}") from None
