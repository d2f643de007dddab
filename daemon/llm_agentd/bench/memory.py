"""`bench memory`: how long it takes to look up what an NPC remembers, as the memory grows; what it adds to a prompt;
what the processes hold (footprint.py).

The daemon's own memory in a temporary file, filled with made-up talk (words as common as words of talk are), looked up
as the router thread does: history, outcomes, a search for the player's words, what the settlement knows. The ratio is
to the same look-up in a memory a hundredth of the size.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from llm_agentd.bench import footprint
from llm_agentd.bench.result import Options, Result, percentile
from llm_agentd.config import Config
from llm_agentd.engines import open_engine
from llm_agentd.memory import SqliteMemory
from llm_agentd.memory.schema import Row
from llm_agentd.memory.store import Store
from llm_agentd.prompt.builder import PromptBuilder
from llm_agentd.roles import Roles
from llm_agentd.types import Action, MemoryTurn, Message, Npc, Sampling, Think

SIZES = (1_000, 100_000)  # exchanges
NPCS, PLAYERS = 50, 20
LOOKUPS = 2_000
VOCABULARY = 4_000
WORDS_SAID, WORDS_ASKED = 10, 8
OUTCOME_EVERY = 10  # exchanges: of so many one comes to something
FILL_ROWS = 5_000  # in one transaction
TURNS = 5
TALK = (
    ("Good evening, Mira! Have you something against a cough?", "Thyme and honey, child. Two coins and it is yours."),
    ("Two coins is much. I have one.", "Then bring me moss from the well, and we are even."),
    ("Where does it grow?", "On the north side, where the sun never looks."),
    ("I found some, is this enough?", "That will do. Drink it hot, and keep out of the wind."),
    ("Thank you. My name is Ana, I live at the mill.", "Then greet the miller, Ana. He owes me flour."),
)
OUTCOMES = ("Ana brought 3 moss", "Ana refused my price for bread")


def _action(name: str, **params: str) -> Action:
    properties = {
        param: {"type": kind, "maxLength" if kind == "string" else "maximum": 60} for param, kind in params.items()
    }
    return Action(name, params={"type": "object", "properties": properties, "required": list(params)})


ACTIONS = (
    _action("offer_quest", item="string", count="integer", reward="integer"),
    _action("offer_trade", item="string", count="integer", price="integer"),
    _action("give_item", item="string", count="integer"),
    _action("follow", target="string"),
    _action("stay"),
    _action("emote", kind="string"),
)


def measure(config: Config, options: Options) -> Result:
    """With `minutes`, whether the processes grow in so many; without, all the rest."""
    if options.minutes:
        return footprint.measure_growth(config, options.minutes)
    held = footprint.idle(config)
    figures: dict[str, float] = {}
    rows: list[tuple[str, ...]] = []
    for size in SIZES:
        times_ms, size_bytes = _lookups(size)
        p50, p95, p99 = (percentile(times_ms, share) for share in (0.5, 0.95, 0.99))
        figures |= {f"p50_ms_at_{size}": p50, f"p95_ms_at_{size}": p95, f"p99_ms_at_{size}": p99}
        figures[f"bytes_at_{size}"] = size_bytes
        rows.append((f"{size:,} exchanges", f"{p50:.2f}", f"{p95:.2f}", f"{p99:.2f}", f"{size_bytes / 2**20:.1f}"))
    figures["lookup_p95_ms"] = figures[f"p95_ms_at_{SIZES[-1]}"]
    tokens = _prompt_tokens(config)
    figures |= {f"tokens_{part}": count for part, count in tokens.items()} | footprint.figures("idle", held)
    shown = ", ".join(f"{part} {count}" for part, count in tokens.items())
    return Result(
        title=f"Look-up of what an NPC remembers, ms ({LOOKUPS} of {NPCS} NPCs and {PLAYERS} players)",
        columns=("", "p50", "p95", "p99", "MiB on disk"),
        rows=tuple(rows),
        ratios={"lookup_p95": figures["lookup_p95_ms"] / figures[f"p95_ms_at_{SIZES[0]}"]},
        figures=figures,
        notes=(
            f"ratio of p95, {SIZES[-1]:,} over {SIZES[0]:,} exchanges: "
            f"{figures['lookup_p95_ms'] / figures[f'p95_ms_at_{SIZES[0]}']:.2f}",
            f"tokens of a prompt by part: {shown}",
            "idle, MiB of each process's own memory, without pages of the model's file and of databases:",
            *(f"  {name}: {mib}" for name, mib in footprint.rows([held])),
        ),
    )


def _lookups(size: int) -> tuple[list[float], int]:
    chance = random.Random(1)
    vocabulary = ["".join(chance.choices("abcdefghijklmnoprstuw", k=chance.randint(4, 9))) for _ in range(VOCABULARY)]
    shares = [1 / (rank + 5) for rank in range(VOCABULARY)]  # as words are in talk: a few are everywhere

    def words(count: int) -> str:
        return " ".join(chance.choices(vocabulary, shares, k=count))

    with tempfile.TemporaryDirectory(prefix="llm-agentd-memory-") as folder:
        path = Path(folder) / "memory.db"
        _fill(path, size, words, chance)
        memory = SqliteMemory(path, turns=TURNS, max_bytes=2**40)
        times_ms: list[float] = []
        for _ in range(LOOKUPS):
            exchange = replace(_pair(chance), player_text=words(WORDS_ASKED))
            began_s = time.perf_counter()
            memory.retrieve(exchange)
            times_ms.append((time.perf_counter() - began_s) * 1000)
        memory.close()
        return times_ms, path.stat().st_size


def _pair(chance: random.Random) -> MemoryTurn:
    npc = chance.randrange(NPCS)
    return MemoryTurn(f"npc-{npc}", f"Npc{npc}", f"player{chance.randrange(PLAYERS)}", "Oakford", "")


def _fill(path: Path, size: int, words: object, chance: random.Random) -> None:
    store = Store(path, create=True)
    now_s = time.time()
    ids = iter(range(1, 2 * size + 1))
    assert callable(words)
    for first in range(0, size, FILL_ROWS):
        with store.transaction():
            for number in range(first, min(first + FILL_ROWS, size)):
                pair = _pair(chance)
                place = (pair.npc, pair.npc_name, pair.player, pair.place)
                store.add(Row(next(ids), "exchange", *place, words(WORDS_SAID), words(WORDS_SAID), "en", now_s))
                if number % OUTCOME_EVERY == 0:
                    store.add(Row(next(ids), "outcome", *place, "", words(WORDS_SAID // 2), "", now_s))
    store.empty_wal()
    store.close()


def _prompt_tokens(config: Config) -> dict[str, int]:
    """What each part adds to a prompt of the configured model: role and this moment, actions, history, memory."""
    model = config.model
    engine = open_engine(
        model.engine,
        path=model.path,
        model_id=model.id,
        context_tokens=model.context_tokens,
        threads=model.threads,
        gpu_layers=model.gpu_layers,
        max_num_seqs=1,
        kv_type=model.kv_type,
    )
    builder = PromptBuilder(Roles.load())
    think = Think(
        Npc("npc-1", "Mira", "healer"),
        player="Ana",
        utterance="Do you remember what I owe you?",
        context={"time": "evening", "place": "Oakford"},
    )

    def count(messages: Sequence[Message]) -> int:
        return len(engine.encode(None, messages, Sampling()))

    bare = builder.build(think).messages
    with_actions = builder.build(replace(think, actions=ACTIONS)).messages
    with_facts = builder.build(replace(think, context={**think.context, "memory": list(OUTCOMES)})).messages
    turns = tuple(
        Message(role, text) for said, reply in TALK for role, text in (("user", f"Ana: {said}"), ("assistant", reply))
    )
    try:
        base = count(bare)
        return {
            "base": base,
            f"actions_{len(ACTIONS)}": count(with_actions) - base,
            f"history_{len(TALK)}": count((*bare[:-1], *turns, bare[-1])) - base,
            f"memory_{len(OUTCOMES)}": count(with_facts) - base,
        }
    finally:
        engine.close()
