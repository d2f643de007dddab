"""`llm-agentd model quantize`: a smaller file of a model, through llama.cpp's own routine. Main thread of a command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from rich.console import Console

from llm_agentd.engines.gguf import read_header
from llm_agentd.engines.model_shape import FILE_TYPES, FLOAT_TYPES
from llm_agentd.errors import StartError
from llm_agentd.ops.exit_status import how_it_ended
from llm_agentd.ops.models.model_file import ModelFile, read_model
from llm_agentd.ops.models.store import RESERVE_BYTES
from llm_agentd.ops.models.words import size_words
from llm_agentd.util.did_you_mean import did_you_mean

# Bits a weight, roughly, of the types that are worth making; the most exact first.
BITS = {
    **{"F16": 16.0, "BF16": 16.0, "Q8_0": 8.5, "Q6_K": 6.6, "Q5_K_M": 5.7, "Q5_K_S": 5.5, "Q5_0": 5.5},
    **{"Q4_K_M": 4.9, "Q4_1": 5.0, "Q4_K_S": 4.6, "Q4_0": 4.6, "IQ4_XS": 4.3, "Q3_K_M": 3.9, "Q2_K": 3.0},
}
LOSSY = ("Q3_K_M", "Q2_K")
NUMBERS = {name: number for number, name in FILE_TYPES.items()}


def quantize(
    source: Path, kind: str, *, target: Path | None, requantize: bool, threads: int = 0, out: TextIO | None = None
) -> Path:
    """Writes and checks the file; returns its path. Raises StartError with the cure."""
    out = out or sys.stdout
    kind = _known_kind(kind)
    model = read_model(source)
    _check_source(model, kind, requantize)
    target = target or _target(model, kind)
    if target.exists():
        raise StartError(f"{target} is there already; delete it, or name another file with --output")
    _check_room(target, model, kind)
    partial = target.with_name(f".{target.name}.part")
    try:
        _run(model.path, partial, kind, requantize, threads)
        made = read_header(partial)
        if made.parameters != model.parameters:
            raise StartError(
                f"{target}: what came out has {made.parameters:,} weights, not {model.parameters:,}; try again"
            )
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    print(
        f"{target}\n{size_words(model.bytes)} {model.quantization} → {size_words(target.stat().st_size)} {kind}",
        file=out,
    )
    if kind in LOSSY:
        print("so few bits are heard: compare its answers with those of Q4_K_M", file=out)
    print(f"next: llm-agentd model use {target}", file=out)
    return target


def _known_kind(kind: str) -> str:
    if kind.upper() in BITS:
        return kind.upper()
    raise StartError(f"{kind}: no such type{did_you_mean(kind.upper(), BITS)}; want one of {', '.join(BITS)}")


def _check_source(model: ModelFile, kind: str, requantize: bool) -> None:
    if model.quantization == kind:
        raise StartError(f"{model.path} is {kind} already")
    if model.quantization not in FLOAT_TYPES and not requantize:
        raise StartError(
            f"{model.path} is quantized already ({model.quantization}), and doing it twice costs quality: take the"
            " F16 or BF16 file of the same model, or say --requantize"
        )


def _target(model: ModelFile, kind: str) -> Path:
    """Beside the source, with the new type in its name in place of the old one."""
    stem = model.path.stem
    for old in {model.quantization, model.quantization.lower()}:
        stem = stem.removesuffix(f"-{old}").removesuffix(f".{old}").removesuffix(f"_{old}")
    return model.path.with_name(f"{stem}-{kind}.gguf")


def _check_room(target: Path, model: ModelFile, kind: str) -> None:
    if not target.parent.is_dir():
        raise StartError(f"{target.parent}: there is no such folder; make it, or name another file with --output")
    if not os.access(target.parent, os.W_OK):
        raise StartError(f"{target.parent} cannot be written; name another file with --output")
    wanted = int(model.parameters * BITS[kind] / 8) + RESERVE_BYTES
    free = shutil.disk_usage(target.parent).free
    if wanted > free:
        raise StartError(
            f"no room for about {size_words(wanted)}: the disk of {target.parent} has {size_words(free)}; make room,"
            " or name another file with --output"
        )


def _run(source: Path, target: Path, kind: str, requantize: bool, threads: int) -> None:
    command = [sys.executable, "-m", "llm_agentd.engines.llama.quantize", str(source), str(target)]
    command += [str(NUMBERS[kind]), str(threads), "yes" if requantize else "no"]
    console = Console(stderr=True)
    with console.status(f"llama.cpp writes {kind} …"):
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [how_it_ended(done.returncode)]
        why = lines[-1].removeprefix("error: ") if done.returncode == 1 else how_it_ended(done.returncode)
        raise StartError(f"{source}: llama.cpp cannot make {kind} of it: {why}; try another type")
