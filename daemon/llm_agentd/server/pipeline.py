"""Between records and requests: a checked record becomes a `Request` with its cache key, an event becomes a record.

Pure but for the roles it was given; runs on the router thread. Knows no sockets and no engine, only the engine's facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from llm_agentd.cache import cache_key
from llm_agentd.engines.base import EngineInfo
from llm_agentd.errors import AgentdError
from llm_agentd.memory import Memory
from llm_agentd.prompt.actions import extra_tokens, reply_schema, say_max_chars
from llm_agentd.prompt.builder import ChatPrompt, PromptBuilder
from llm_agentd.protocol import schema
from llm_agentd.roles import Roles
from llm_agentd.types import Action, Peer, Reply, Request, Sampling


@dataclass(frozen=True, slots=True)
class RequestDefaults:
    """What holds for requests that do not say otherwise."""

    sampling: Sampling = field(default_factory=Sampling)
    timeout_ms: int = 5000
    infer_variants: int = 1
    think_variants: int = 3
    moderation: str = ""  # the rules that replies to thinks passed; "" = none
    judged: bool = False  # a classifier looks at whole replies to thinks: none streams
    languages: tuple[str, ...] = ()  # the model's; none: what its file says


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """How a reply that may choose an action is asked for. `schema` None: plain words.

    `sampling.max_tokens` has room for the action too, so that the words keep what was meant for them.
    """

    sampling: Sampling = field(default_factory=Sampling)
    actions: tuple[Action, ...] = ()
    schema: dict[str, Any] | None = None
    words_max_tokens: int = 0
    words_max_chars: int = 0  # 0: no grammar closes the words

    @classmethod
    def of(cls, actions: tuple[Action, ...], sampling: Sampling, info: EngineInfo) -> OutputFormat:
        """With the grammar of the actions, where the engine can follow one and the client brought none."""
        if not actions:
            return cls(sampling)
        words = sampling.max_tokens
        max_chars = say_max_chars(words)
        form = reply_schema(actions, max_chars)
        sampling = replace(sampling, max_tokens=words + extra_tokens(actions))
        if sampling.grammar or sampling.json_schema or "json_schema" not in info.features:
            return cls(sampling, actions, form, words)
        return cls(replace(sampling, json_schema=form), actions, form, words, max_chars)


class Intake:
    """Makes requests of `infer` and `think` records."""

    def __init__(self, builder: PromptBuilder, policy: RequestDefaults) -> None:
        self._builder = builder
        self._policy = policy

    @property
    def roles(self) -> Roles:
        return self._builder.roles

    @property
    def memory(self) -> Memory:
        return self._builder.memory

    def languages(self, info: EngineInfo) -> tuple[str, ...]:
        """What the model speaks; nothing where neither the admin nor its file says it."""
        return self._policy.languages or info.languages

    def language(self) -> str:
        """What NPCs speak where nobody names a language."""
        return self._builder.default_language

    def request(self, record: dict[str, Any], info: EngineInfo, *, peer: Peer, arrived_s: float) -> Request:
        """Raises BadRequest naming the field, Filtered by moderation. `record` has passed `schema.envelope`."""
        policy = self._policy
        if record["op"] == "infer":
            infer = schema.validate(schema.InferRecord, record)
            sampling = infer.sampling(policy.sampling)
            asked: schema.InferRecord | schema.ThinkRecord = infer
            question: ChatPrompt | None = None
            prompt, messages, label, owner, lang = infer.prompt, infer.messages, "", "", ""
            form = OutputFormat()
            talk, variants, whole_sentences = None, policy.infer_variants, False
        else:
            asked = think = schema.validate(schema.ThinkRecord, record)
            sampling = asked.sampling(policy.sampling)
            room_tokens = info.context_tokens - sampling.max_tokens
            question = self._builder.build(think, self.languages(info), room_tokens)
            form = OutputFormat.of(question.actions, sampling, info)
            sampling = form.sampling
            prompt, messages, label = None, question.messages, think.npc.role
            owner = think.player or think.npc.id
            talk, lang = question.moderation, question.lang
            variants, whole_sentences = 1 if think.translate else policy.think_variants, True
        if sampling.seed is not None or sampling.temperature == 0:
            variants = 1  # asking again would give the same text again
        key = cache_key(
            fingerprint=info.fingerprint,
            prompt=prompt,
            messages=messages,
            sampling=sampling,
            form=form.schema,
            whole_sentences=whole_sentences,
            moderation=policy.moderation if talk else "",
        )
        return Request(
            id=record["id"],
            peer=peer,
            op=record["op"],
            arrived_s=arrived_s,
            deadline_s=arrived_s + (asked.deadline_ms or policy.timeout_ms) / 1000,
            prompt=prompt,
            messages=messages,
            sampling=sampling,
            stream=asked.stream and not (talk and policy.judged),
            priority=asked.priority,
            cache=asked.cache,
            variants=variants,
            label=label,
            whole_sentences=whole_sentences,
            actions=form.actions,
            words_max_tokens=form.words_max_tokens,
            words_max_chars=form.words_max_chars,
            key=key,
            owner=owner,
            moderation=talk,
            lang=lang,
            short_messages=question.short_messages if question else None,
            memory_turn=question.memory_turn if question else None,
        )


def done(reply: Reply) -> dict[str, Any]:
    """Fields of a `done` record. Written out: `asdict` would take longer than all the rest of a cache hit."""
    usage, timing = reply.usage, reply.timing_ms
    fields: dict[str, Any] = {
        "event": "done",
        "text": reply.text,
        "finish": reply.finish,
        "cache": reply.cache,
        "model": reply.model,
        "action": reply.action,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "reused_tokens": usage.reused_tokens,
            "completion_tokens": usage.completion_tokens,
        },
        "timing_ms": {
            "queue": timing.queue,
            "prefill": timing.prefill,
            "decode": timing.decode,
            "total": timing.total,
        },
    }
    if reply.lang:
        fields["lang"] = reply.lang
    return fields


def error(failure: AgentdError) -> dict[str, Any]:
    """Fields of an `error` record."""
    return {"event": "error", **failure.fields()}
