"""The process in which a client's grammars are compiled on trial, a child of the daemon (`trial.py`).

Started as `python -m llm_agentd.engines.llama.grammar.trial_child ENGINE`.

Lines of JSON: one `{"ready": true}` when the library is loaded, then for each `{"grammar": …}` or `{"json_schema": …}`
one `{"error": …}`, "" for a good one. No model is loaded, as llama.cpp needs none to compile a grammar: 40 MB in all.
A grammar on which llama.cpp hangs or dies ends this process alone, by the limits it sets itself or by its parent.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

import orjson

from llm_agentd.engines.llama.grammar.gbnf_walk import too_many_ways
from llm_agentd.engines.llama.grammar.grammars import Grammars
from llm_agentd.errors import AgentdError
from llm_agentd.types import Sampling

# Of one grammar, then the process is killed. The walk of the worst good one takes one, on a slow CPU four.
CPU_MAX_S = 4  # the kernel counts whole seconds
GROWTH_MAX_BYTES = 256 * 1024 * 1024  # of address space, over what the loaded library takes
# A good grammar takes this at most, as it is compiled again for each sequence, on the engine's thread.
SLOW_S = 0.25
NICENESS = 5  # the game and the model go first


def main(engine: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the daemon, which closes our stdin
    with suppress(AttributeError, OSError):
        os.nice(NICENESS)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # where memory runs out, this process is to go first
    grammars = Grammars(_compiler(engine))
    grammars.text(Sampling(grammar='root ::= "a"'))
    _limit_memory()
    serve(grammars, sys.stdin.buffer, sys.stdout.buffer)


def serve(grammars: Grammars, lines: BinaryIO, answers: BinaryIO) -> None:
    """Until there are no more lines."""
    _answer(answers, {"ready": True})
    for line in lines:
        _limit_cpu()
        _answer(answers, {"error": _verdict(grammars, line)})


def _verdict(grammars: Grammars, line: bytes) -> str:
    asked = orjson.loads(line)
    began_s = time.process_time()
    try:
        text = grammars.text(Sampling(grammar=asked.get("grammar"), json_schema=asked.get("json_schema")))
    except AgentdError as error:
        return str(error)
    took_s = time.process_time() - began_s
    name = "grammar" if "grammar" in asked else "json_schema"
    if took_s > SLOW_S:
        return f"{name}: it takes {took_s:.1f} s to compile, at most {SLOW_S}; simplify it"
    reason = too_many_ways(text or "")
    return reason and f"{name}: {reason}"


def _answer(answers: BinaryIO, fields: dict[str, object]) -> None:
    answers.write(orjson.dumps(fields) + b"\n")
    answers.flush()


def _compiler(engine: str) -> Callable[[str], str]:
    """Of the very library that the daemon's engine uses."""
    if engine == "llama":
        from llm_agentd.engines.llama import cyllama_binding

        return cyllama_binding.grammar_error
    if engine == "llama_ik":
        from llm_agentd.engines.llama.ik import binding as ik_binding

        return ik_binding.grammar_error
    from llm_agentd.engines.llama import native_binding

    return native_binding.grammar_error


def _limit_memory() -> None:
    """Where the system can: an allocation beyond it fails, which llama.cpp reports or dies of."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/statm", encoding="ascii") as file:
            used_bytes = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used_bytes + GROWTH_MAX_BYTES,) * 2)


def _limit_cpu() -> None:
    """So much more from now on, where the system can; the parent's clock is behind it."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + CPU_MAX_S, hard))


if __name__ == "__main__":
    main(sys.argv[1])
