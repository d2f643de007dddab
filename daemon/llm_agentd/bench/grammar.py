"""`bench grammar`: what a grammar costs: tokens/s of replies with and without one, and the first use of a schema.

The engine alone, so that nothing else is in the figures: the same prompts and seeds with and without the schema of a
merchant's four actions, at 1, 4 and 8 sequences, rounds in turn. Then schemas whose choices differ each time, as those
of a changing world do, each until it is compiled.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.config.values import LLAMA_ENGINES
from llm_agentd.engines import open_engine
from llm_agentd.engines.base import Engine
from llm_agentd.errors import StartError
from llm_agentd.prompt import actions
from llm_agentd.types import Action, Message, Sampling

SEQUENCES = (1, 4, 8)
ROUNDS = 3
REQUESTS_PER_SEQUENCE = 8
NEW_SCHEMAS = 50
WORDS_MAX_TOKENS = 64
SYSTEM = (
    "A merchant buys and sells what travellers need.\nSpeak in character, in one or two short sentences.\n"
    "You are Bram, the merchant.\nActions: offer_trade(item, count, price); give_item(item, count); follow(target); "
    'emote(kind); nothing.\nAnswer as JSON: {"say": your words, "do": one action}.'
)
USER = "[place Oakford; price apple 3; stock apple 5]\nGuest{number}: Do you have apples?"


def four_actions(number: int) -> tuple[Action, ...]:
    """Four actions whose choices differ for each `number`."""
    item = {"enum": [f"ware {number} {kind}" for kind in range(8)]}
    count, price = ({"type": "integer", "minimum": 1, "maximum": maximum} for maximum in (9, 40))
    shapes: dict[str, dict[str, Any]] = {
        "offer_trade": {"item": item, "count": count, "price": price},
        "give_item": {"item": item, "count": count},
        "follow": {"target": {"enum": ["Ana", "Bo"]}},
        "emote": {"kind": {"enum": ["wave", "bow", "laugh", "nod"]}},
    }
    return actions.bounded([Action(name, params={"properties": shape}) for name, shape in shapes.items()])


def measure(config: Config, _options: Options) -> Result:
    engine = open_engine(config.model.engine, path=config.model.path, threads=1, max_num_seqs=max(SEQUENCES))
    try:
        if "json_schema" not in engine.info.features:
            raise StartError(
                f"bench grammar: this engine follows no schema; want model.engine {' or '.join(LLAMA_ENGINES)}"
            )
        return _measure(engine)
    finally:
        engine.close()


def _measure(engine: Engine) -> Result:
    schema = actions.reply_schema(four_actions(0), actions.say_max_chars(WORDS_MAX_TOKENS))
    rows: list[tuple[str, ...]] = []
    ratios: dict[str, float] = {}
    figures: dict[str, float] = {}
    for sequences in SEQUENCES:
        pairs = [
            (_tokens_per_s(engine, sequences, schema), _tokens_per_s(engine, sequences, None)) for _ in range(ROUNDS)
        ]
        bound, free = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios[f"at_{sequences}"] = statistics.median(one / other for one, other in pairs)
        figures |= {f"held_tokens_per_s_at_{sequences}": bound, f"free_tokens_per_s_at_{sequences}": free}
        rows.append((str(sequences), f"{bound:.0f}", f"{free:.0f}", f"{ratios[f'at_{sequences}']:.2f}"))
    new_ms = sorted(_new_schema_ms(engine, number) for number in range(1, NEW_SCHEMAS + 1))
    figures |= {"new_schema_ms_p50": statistics.median(new_ms), "new_schema_ms_max": new_ms[-1]}
    return Result(
        title="Grammar: tokens/s of replies with a grammar of four actions, prompts included",
        columns=("sequences", "grammar", "free", "ratio"),
        rows=tuple(rows),
        ratios=ratios,
        figures=figures,
        notes=(
            f"model {engine.info.model}, 1 thread, medians of {ROUNDS} rounds in turn",
            f"first use of a schema: {statistics.median(new_ms):.1f} ms of CPU (p50), {new_ms[-1]:.1f} at most",
        ),
    )


def _tokens_per_s(engine: Engine, sequences: int, schema: dict[str, Any] | None) -> float:
    waiting, free, tokens = list(range(sequences * REQUESTS_PER_SEQUENCE)), list(range(sequences)), 0
    begun_s = time.perf_counter()
    while waiting or len(free) < sequences:
        while waiting and free:
            number = waiting.pop()
            messages = [Message("system", SYSTEM), Message("user", USER.replace("{number}", str(number)))]
            max_tokens = WORDS_MAX_TOKENS + actions.extra_tokens(four_actions(0))
            sampling = Sampling(max_tokens=max_tokens, seed=number, json_schema=schema)
            engine.start(free.pop(), engine.encode(None, messages, sampling), sampling)
        for piece in engine.step():
            tokens += piece.tokens
            if piece.finish:
                free.append(piece.seq)
    return tokens / (time.perf_counter() - begun_s)


def _new_schema_ms(engine: Engine, number: int) -> float:
    sampling = Sampling(json_schema=actions.reply_schema(four_actions(number)))
    begun_s = time.thread_time()
    engine.encode("x", None, sampling)
    return (time.thread_time() - begun_s) * 1000
