"""Grammars and schemas that are small to send and endless to compile or to follow: each is answered, others are served.

With the embedded model, as the stub has no grammars.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.errors import AgentdError
from tests.faults.campaign import Tally, size
from tests.faults.host import Host, Watch, pinging

pytestmark = [pytest.mark.faults, pytest.mark.slow]

DEADLINE_MS = 4000
LATE_S = 12.0  # behind the deadline, for an answer on a busy machine
PING_MAX_S = 3.0
OTHER_MAX_S = 12.0  # another player's reply: a bomb may cost a queue, but not for ever
GROWN_MAX_MIB = 300.0
ALLOWED = ("bad_request", "bad_json", "too_large", "deadline_exceeded", "engine_failed", "overloaded", "unavailable")


def nested(open_: str, close: str, depth: int) -> str:
    return open_ * depth + "x" + close * depth


GRAMMARS: dict[str, str] = {
    "repeat_of_more_than_it_may": 'root ::= "a"{5,2}',
    "endless_repeat": 'root ::= ("a"*)*',
    "nested_repeats": 'root ::= (((("a"{0,100}){0,100}){0,100}){0,100}){0,100}',
    "large_repeat": 'root ::= "a"{1000000000}',
    "large_optional_repeat": 'root ::= "a"{0,4000000000}',
    "repeat_beyond_64_bits": 'root ::= "a"{99999999999999999999999}',
    "left_recursion": 'root ::= root "a" | "a"',
    "hidden_left_recursion": 'root ::= x y\nx ::= "a"*\ny ::= x root',
    "mutual_left_recursion": "root ::= a\na ::= b\nb ::= a",
    "empty_alternatives": "root ::= (" + " | ".join(['""'] * 2000) + ")*",
    "doubling": "\n".join(f"{'root' if n == 0 else f'r{n}'} ::= r{n + 1} r{n + 1}" for n in range(40))
    + '\nr40 ::= "a"',
    "ambiguous": 'root ::= s\ns ::= s2 s2 | s2\ns2 ::= ("a" | "a" | "a" | [a-z])+ s2?',
    "deep_parentheses": "root ::= " + nested("(", ")", 50_000).replace("x", '"a"'),
    "many_rules": "\n".join(f'{"root" if n == 0 else f"r{n}"} ::= "a" r{n + 1}?' for n in range(5000))
    + '\nr5000 ::= "z"',
    "long_class": "root ::= [" + "".join(chr(0x4E00 + n) for n in range(8000)) + "]+",
    "unfinished": 'root ::= "a',
    "no_root": 'leaf ::= "a"',
    "nothing": "",
    "nul_and_surrogates": 'root ::= "\\x00\\uD800"',
}


def optional(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(count)}}


def deep(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    return schema


SCHEMAS: dict[str, Any] = {
    "600_optional_properties": optional(600),
    "deep": deep(28),
    "deeper_than_json_may_be": deep(40),
    "ref_to_itself": {"$ref": "#"},
    "ref_loop": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "ref_tree": {
        "$ref": "#/$defs/t",
        "$defs": {"t": {"type": "object", "properties": {c: {"$ref": "#/$defs/t"} for c in "abcdefgh"}}},
    },
    "doubling_refs": {
        "$ref": "#/$defs/d0",
        "$defs": {
            **{f"d{n}": {"type": "array", "prefixItems": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)},
            "d30": {"type": "null"},
        },
    },
    "large_bounds": {"type": "array", "items": {"type": "string"}, "minItems": 10**9, "maxItems": 10**9},
    "large_length": {"type": "string", "minLength": 10**9, "maxLength": 10**12},
    "large_number": {"type": "integer", "minimum": -(10**18), "maximum": 10**18},
    "many_alternatives": {"anyOf": [{"const": f"w{n}"} for n in range(3000)]},
    "nested_alternatives": {"anyOf": [{"anyOf": [optional(20)] * 20}] * 20},
    "catastrophic_pattern": {"type": "string", "pattern": "^(a+)+$"},
    "pattern_with_large_repeat": {"type": "string", "pattern": "^(a{1,1000}){1,1000}$"},
    "ref_elsewhere": {"$ref": "http://127.0.0.1:9/schema.json"},
    "no_schema": {"type": 7, "properties": [1, 2], "required": "all"},
}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path, "model.engine=auto", "cache.enabled=false") as host:
        yield host


def test_grammar_and_schema_bombs(tally: Tally, host: Host) -> None:
    """Each alone, answered in time; then all at once. Someone else asks, and pings, all the while."""
    bombs: list[tuple[str, dict[str, Any]]] = [
        *((name, {"grammar": grammar}) for name, grammar in GRAMMARS.items()),
        *((name, {"json_schema": schema}) for name, schema in SCHEMAS.items()),
    ]
    if size(short=True, long=False):
        bombs = tally.random.sample(bombs, 8)
        bombs.insert(0, ("repeat_of_more_than_it_may", {"grammar": GRAMMARS["repeat_of_more_than_it_may"]}))
    daemon = host.ready("daemon")
    numbers = itertools.count()
    with (
        host.client(60) as other,
        pinging(host, daemon.pid) as pings,
        Watch(lambda: other.infer(f"Hello {next(numbers)}", max_tokens=4, deadline_ms=30_000), every_s=0.3) as others,
    ):
        for name, options in bombs:
            throw(tally, host, name, options)
        with host.client(90) as client:
            throw_all(tally, client, bombs)
    for what, watch, most_s in (("a ping", pings, PING_MAX_S), ("another's reply", others, OTHER_MAX_S)):
        tally.passed(watch.count)
        tally.check(watch.worst_s < most_s, f"{what} took {watch.worst_s:.1f} s")
        for failure in watch.failures:
            tally.check(False, f"{what}: {failure}")
    tally.check(pings.grown_mib < GROWN_MAX_MIB, f"the daemon grew by {pings.grown_mib:.0f} MiB")
    tally.check(daemon.is_running(), f"the daemon has ended: {daemon.errors()[-700:]}")
    tally.check("Traceback" not in daemon.errors(), daemon.errors()[-1500:])
    tally.figure(worst_ping_s=pings.worst_s, worst_reply_s=others.worst_s, grown_mib=pings.grown_mib)
    tally.check(daemon.stop() == 0, f"exit code {daemon.popen.returncode}")


def throw(tally: Tally, host: Host, name: str, options: dict[str, Any]) -> None:
    begun_s = time.monotonic()
    with host.client(90) as client:
        try:
            client.infer("Say something", max_tokens=24, deadline_ms=DEADLINE_MS, **options)
            tally.passed(1)
        except AgentdError as error:
            tally.check(error.code in ALLOWED, f"{name}: {error.code}: {error}")
    took_s = time.monotonic() - begun_s
    tally.check(took_s < DEADLINE_MS / 1000 + LATE_S, f"{name}: answered after {took_s:.1f} s")


def throw_all(tally: Tally, client: Any, bombs: list[tuple[str, dict[str, Any]]]) -> None:
    def one(bomb: tuple[str, dict[str, Any]]) -> str | None:
        try:
            client.infer(f"Say {bomb[0]}", max_tokens=24, deadline_ms=2 * DEADLINE_MS, **bomb[1])
        except AgentdError as error:
            return None if error.code in ALLOWED else f"{bomb[0]}: {error.code}: {error}"
        return None

    with ThreadPoolExecutor(len(bombs)) as pool:
        for wrong in pool.map(one, bombs):
            tally.check(wrong is None, f"all at once: {wrong}")
