"""The process in which a binding is proven and timed, a child of whoever opens an engine (`choice`).

Started as `python -m llm_agentd.engines.proof.child`, with an order as one line of JSON on stdin; its last line on
stdout is the answer. A library that crashes, hangs or does not get on with another in one process ends this one alone.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.engines import open_binding
from llm_agentd.engines.proof.probe import LENGTH, TIMED_ROWS, Probe, Reference
from llm_agentd.errors import StartError

CONTEXT_TOKENS = LENGTH + TIMED_ROWS  # of each sequence


def main() -> None:
    order = orjson.loads(sys.stdin.buffer.readline())
    try:
        answer = measure(order)
    except StartError as error:
        answer = {"fault": str(error)}
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS) + b"\n")


def measure(order: dict[str, Any]) -> dict[str, Any]:
    """`order`: engine, path, threads, widths, kv_type, reference (of another engine's answer, or none)."""
    binding = open_binding(order["engine"])(Path(order["path"]), gpu_layers=0)
    binding.open_context(
        context_tokens=CONTEXT_TOKENS,
        max_num_seqs=max(order["widths"]),
        threads=order["threads"],
        batch_tokens=max(LENGTH, *order["widths"]),
        kv_type=order["kv_type"],
    )
    findings, reference = Probe(binding, order["widths"]).run(_reference(order["reference"]))
    binding.close()
    return asdict(findings) | {"reference": reference and asdict(reference), "version": binding.version}


def _reference(fields: dict[str, Any] | None) -> Reference | None:
    if fields is None:
        return None
    scores = tuple(tuple((token, score) for token, score in place) for place in fields["scores"])
    return Reference(tuple(fields["tokens"]), tuple(fields["greedy"]), scores, fields["range"])


if __name__ == "__main__":
    main()
