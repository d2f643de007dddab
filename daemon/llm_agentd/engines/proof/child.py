"""The process in which a binding is proven and timed, a child of whoever opens an engine (`children`).

Started as `python -m llm_agentd.engines.proof.child ORDER`, in JSON. It loads the model, waits for its turn, which is a
line on stdin: what it is compared with, or null. Its last line on stdout is the answer. A library that crashes, hangs
or does not get on with another in one process ends this one alone.
"""

from __future__ import annotations

import os
import sys
from array import array
from base64 import b64decode, b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.engines import open_binding
from llm_agentd.engines.llama.binding import Binding
from llm_agentd.engines.proof.probe import GREEDY, LENGTH, Probe, Reference, crowd_of
from llm_agentd.errors import StartError

CONTEXT_TOKENS = LENGTH + GREEDY  # of each sequence


def main() -> None:
    order = orjson.loads(sys.argv[1])
    try:
        binding = load(order)
        turn = sys.stdin.buffer.readline()
        answer = measure(binding, order["widths"], orjson.loads(turn)) if turn else {}
    except StartError as error:
        answer = {"fault": str(error)}
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS) + b"\n")
    sys.stdout.flush()
    os._exit(0)  # to free what the kernel takes back anyway would keep the next one waiting


def load(order: dict[str, Any]) -> Binding:
    """`order`: engine, path, threads, widths, kv_type."""
    binding = open_binding(order["engine"])(Path(order["path"]), gpu_layers=0)
    binding.open_context(
        context_tokens=CONTEXT_TOKENS,
        max_num_seqs=crowd_of(order["widths"]),
        threads=order["threads"],
        batch_tokens=max(LENGTH, *order["widths"]),
        kv_type=order["kv_type"],
    )
    return binding


def measure(binding: Binding, widths: list[int], reference: dict[str, Any] | None) -> dict[str, Any]:
    findings, reference_found = Probe(binding, widths).run(_reference(reference) if reference else None)
    return asdict(findings) | {"reference": reference_found and _fields(reference_found)}


def _fields(reference: Reference) -> dict[str, Any]:
    scores = {before: b64encode(scores.tobytes()).decode() for before, scores in reference.scores.items()}
    return {"tokens": reference.tokens, "greedy": reference.greedy, "scores": scores, "range": reference.range}


def _reference(fields: dict[str, Any]) -> Reference:
    scores = {int(before): array("f", b64decode(text)) for before, text in fields["scores"].items()}
    return Reference(tuple(fields["tokens"]), tuple(fields["greedy"]), scores, fields["range"])


if __name__ == "__main__":
    main()
