"""What the running daemon says of itself: does it answer, which version, model and width, what its stores say.

`ask` is for the command line; the HTTP adapter, which has a connection already, gathers the same answers
(http/routes/doctor.py). `judge` is pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.client import Client, CurveFiles
from llm_agentd.config import Config
from llm_agentd.engines.base import Candidate
from llm_agentd.engines.proof.choice import in_words
from llm_agentd.errors import AgentdError, StartError
from llm_agentd.ops.doctor.check import Check, fail, ok, warn
from llm_agentd.ops.doctor.game import judge_version
from llm_agentd.ops.doctor.upstreams import judge_budget
from llm_agentd.ops.doctor.way import START
from llm_agentd.speech.voices import problems as voice_problems
from llm_agentd.util.endpoint import endpoint_to_connect
from llm_agentd.util.terminal_text import plain

SUBJECT = "daemon"
TIMEOUT_S = 5.0  # the daemon looks at its own disk and model meanwhile, which takes milliseconds
LOG = "Look at its log: journalctl -u llm-agentd, or its terminal."
STEP_GAP_SLOW_MS = 250  # four steps a second: players see NPCs and mobs jerk
PROBLEMS_SHOWN = 4  # of role files; the rest is counted, as in the game
GAME_RECENT_S = 600  # a game that has told nothing for longer has stopped, or nobody speaks in it
QUEUE_FULL = 0.9  # of batch.queue_max: the next burst is refused


@dataclass(frozen=True, slots=True)
class Answers:
    """`error`: why there are none. `own`: the daemon's checks of itself (`own_checks`), None where it made none."""

    endpoint: str
    error: str = ""
    info: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    own: list[Check] | None = None

    @classmethod
    def of_records(cls, endpoint: str, records: dict[str, Any], error: str) -> Answers:
        """`records`: the `done` records of the ops of the same names, as far as they came."""

        def part(op: str) -> dict[str, Any]:
            value = records.get(op, {}).get(op, {})
            return value if isinstance(value, dict) else {}

        listed = records.get("doctor", {}).get("checks")
        own = [Check.of_fields(one) for one in listed] if isinstance(listed, list) else None
        return cls(endpoint, error, part("info"), part("stats"), records.get("roles", {}), own)


OPS = ("info", "stats", "roles", "doctor")  # what is asked, in this order


def ask(config: Config, environ: dict[str, str]) -> Answers:
    """Waits two seconds for a connection at most."""
    zmq = config.zmq
    endpoint = endpoint_to_connect(zmq.endpoint, environ)
    records: dict[str, Any] = {}
    try:
        curve = CurveFiles.of(zmq.curve_server_key_file, zmq.curve_client_secret_file)
        with Client(endpoint, timeout_s=TIMEOUT_S, curve=curve) as client:
            client.ping()
            for op in OPS:
                with suppress(AgentdError):  # an older daemon knows no op `doctor`
                    records[op] = client.request(op)
    except (AgentdError, StartError) as error:
        return Answers(endpoint, error=str(error))
    return Answers.of_records(endpoint, records, "")


def judge(answers: Answers, config: Config, program_version: str) -> Iterator[Check]:
    if answers.error:
        reason = plain(answers.error)
        cure = f"{START}; where another user runs it, run the doctor as that user or as root."
        if "no daemon" not in reason:
            cure = f"Wait a moment where it starts. {LOG}"
        yield fail(SUBJECT, "answers", f"The daemon does not answer: {reason}", cure)
        return
    yield ok(SUBJECT, "answers", f"The daemon answers at {answers.endpoint}")
    if answers.info:
        yield from _judge_info(answers.info, program_version)
    yield from _judge_load(answers.stats, config)
    yield from _judge_stores(answers.stats)
    yield from judge_budget(answers.stats.get("remote") or {})
    yield from _judge_switch(answers.stats)
    yield from _judge_game(answers.stats, answers.info)
    yield from _judge_roles(answers.roles)


def _judge_info(info: dict[str, Any], program_version: str) -> Iterator[Check]:
    version = plain(str(info.get("version")))
    if version == program_version:
        yield ok(SUBJECT, "version", f"The daemon is of version {version}")
    else:
        found = f"The daemon that runs is of version {version}, this program of {program_version}"
        cure = "Start both anew: systemctl restart llm-agentd llm-agentd-http, or llm-agentd serve."
        yield fail(SUBJECT, "version", found, cure)
    model, engine = plain(str(info.get("model"))), plain(str(info.get("engine")))
    if engine == "stub":
        found = "The daemon has no model (engine stub), so answers make no sense"
        yield fail("model", "served", found, "In its config.yaml: model.engine: auto")
    else:
        yield ok("model", "served", f"Model {model}, engine {engine}")
        yield from _judge_engines(engine, info)


def _judge_engines(engine: str, info: dict[str, Any]) -> Iterator[Check]:
    """What was found when the libraries were timed with this model, once (`engines/proof`)."""
    try:
        candidates = [Candidate(**fields) for fields in info.get("candidates", ())]
        found = [plain(in_words(candidate)) for candidate in candidates]
    except (TypeError, ValueError):  # a daemon of another version
        return
    for candidate, words in zip(candidates, found, strict=True):
        role = "Taken" if candidate.engine == engine else "Also installed"
        yield ok("model", f"engine {plain(candidate.engine)}", f"{role}: {words}")


def _judge_load(stats: dict[str, Any], config: Config) -> Iterator[Check]:
    width, size = stats.get("useful_batch_size"), config.batch.size
    if config.model.engine == "openai":
        yield ok("model", "width", f"{width} requests at once may go to the servers in remote.upstreams")
    elif isinstance(width, int) and width > 0:
        yield ok("model", "width", f"{width} requests at once pay on this machine (batch.size allows {size})")
    waiting = stats.get("queue")
    waiting = sum(waiting.values()) if isinstance(waiting, dict) else waiting
    if isinstance(waiting, int) and waiting >= QUEUE_FULL * config.batch.queue_max:
        found = f"{waiting} requests wait, of {config.batch.queue_max} that may"
        cure = "The machine is too slow for so many: a smaller model, inference.max_tokens down, or fewer NPCs."
        yield warn(SUBJECT, "queue", found, cure)


def _judge_stores(stats: dict[str, Any]) -> Iterator[Check]:
    memory, cache = stats.get("memory", {}), stats.get("cache", {})
    if problem := memory.get("problem"):
        cure = "Mend what it names, then start the daemon anew: until then nothing new is remembered."
        yield fail("memory", "store", f"NPCs do not remember as they should: {plain(str(problem))}", cure)
    if error := cache.get("error"):
        cure = "Stop the daemon and delete the folder of cache.path, which holds copies only."
        yield warn("cache", "store", f"Replies are generated anew: {plain(str(error))}", cure)
    elif cache.get("writing") is False:
        cure = "Free disk space, or mend the rights of cache.path; the daemon tries again by itself."
        yield warn("cache", "store", "The folder of replies cannot be written", cure)


def _judge_switch(stats: dict[str, Any]) -> Iterator[Check]:
    switch = stats.get("switch")
    if isinstance(switch, dict) and switch.get("on") is False:
        found = f"Switched off by {plain(str(switch.get('by') or 'an admin'))}: every request is refused"
        yield fail(SUBJECT, "switch", found, "Switch on: on the dashboard, or llm-agentd switch on.")


def _judge_game(stats: dict[str, Any], info: dict[str, Any]) -> Iterator[Check]:
    """Of what the mod reports, where a game is connected."""
    game = stats.get("game")
    if not isinstance(game, dict) or game.get("told_s_ago", 0) > GAME_RECENT_S:
        return
    if isinstance(version := game.get("version"), str) and info.get("version"):
        yield judge_version(plain(version), plain(str(info["version"])))
    gap_ms = game.get("step_gap_ms_p99")
    if not isinstance(gap_ms, (int, float)):
        return
    if gap_ms > STEP_GAP_SLOW_MS:
        cure = "A mod or the machine is slow: the engine's profiler (/profiler in the game) says which mod."
        yield warn("game", "step gap", f"One server step in a hundred takes longer than {gap_ms:.0f} ms", cure)
    else:
        yield ok("game", "step gap", f"Server steps keep their pace: 99 of 100 within {gap_ms:.0f} ms")


def _judge_roles(roles: dict[str, Any]) -> Iterator[Check]:
    listed, problems = roles.get("roles"), roles.get("problems")
    if not isinstance(listed, list) or not isinstance(problems, list):
        return
    for problem in problems[:PROBLEMS_SHOWN]:
        yield fail(
            "roles", "file", f"Role file {plain(str(problem))}", "Correct the line that it names; no restart is needed."
        )
    if len(problems) > PROBLEMS_SHOWN:
        found = f"… and more role files with mistakes: {len(problems) - PROBLEMS_SHOWN}"
        yield fail("roles", "file", found, "The daemon's log names them all.")
    notes = roles.get("notes") or []  # an older daemon has none
    for note in notes[:PROBLEMS_SHOWN]:
        yield warn("roles", "words", f"Role file {plain(str(note))}", "Correct the word; no restart is needed.")
    if not problems:
        yield ok("roles", "file", f"{len(listed)} roles, all in order")
    for role in listed:
        for problem in voice_problems(str(role.get("voice") or "")):
            found = f"Voice of the role {plain(str(role.get('name')))}: {plain(problem)}"
            yield warn("roles", "voice", found, "Change the word in the role's file or in the dashboard.")
