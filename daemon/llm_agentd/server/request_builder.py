"""Step 3 of the pipeline: from a checked record to a `Request`, with its prompt, its form and its cache key.

Router thread; a part of what each cache hit costs. Knows the prompt builder and the facts of the engine; no sockets and
no queues.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from llm_agentd.cache import cache_key
from llm_agentd.engines.base import EngineInfo
from llm_agentd.engines.gguf import TOPICS_FORM
from llm_agentd.errors import BadRequest
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prompt import gestures
from llm_agentd.prompt.builder import PromptBuilder, output_format, slot_format
from llm_agentd.prompt.meaning import SlotReader
from llm_agentd.prompt.messages import known_names
from llm_agentd.protocol.schema import InferRecord, ThinkRecord
from llm_agentd.server.chat_as_think import as_think, is_talk
from llm_agentd.topics import open_topics, topics_path
from llm_agentd.types import ChatPrompt, Mind, ModerationContext, OutputFormat, Peer, Request, Sampling


@dataclass(frozen=True)  # without slots, for the cached property
class RequestDefaults:
    """What holds for requests that do not say otherwise. `languages`: the model's; none: what its file says.

    `think_repeat_penalty`: of a `think`, where it is not that of `sampling`.
    """

    sampling: Sampling = field(default_factory=Sampling)
    think_repeat_penalty: float | None = None
    timeout_ms: int = 5000
    infer_variants: int = 1
    think_variants: int = 3
    languages: tuple[str, ...] = ()

    @cached_property
    def think_sampling(self) -> Sampling:
        if self.think_repeat_penalty is None:
            return self.sampling
        return replace(self.sampling, repeat_penalty=self.think_repeat_penalty)

    @cached_property
    def elsewhere(self) -> RequestDefaults:
        """For a remote mind beside the local model, which is the one that an admin has named languages of."""
        return replace(self, languages=(), think_repeat_penalty=None)

    def languages_of(self, info: EngineInfo) -> tuple[str, ...]:
        """What the model speaks; nothing where neither the admin nor its file says it."""
        return self.languages or info.languages


@dataclass(frozen=True, slots=True)
class Place:
    """Whose request it is, and where it goes. `share`: of the time until the deadline, until another mind is asked."""

    peer: Peer
    arrived_s: float
    mind: Mind = ""
    share: float | None = None

    def hand_on_s(self, deadline_s: float) -> float:
        return float("inf") if self.share is None else self.arrived_s + self.share * (deadline_s - self.arrived_s)


class RequestBuilder:
    """`moderator`: whose rules replies to thinks have passed; they are a part of the cache key."""

    def __init__(self, prompts: PromptBuilder, defaults: RequestDefaults, moderator: Moderator | None) -> None:
        self._prompts = prompts
        self._defaults = defaults
        self._revision = 0  # of the defaults
        self._reader: tuple[str, SlotReader] | None = None  # and the model's path
        # A classifier looks at whole replies, so nothing of one may be shown before.
        self._streams_moderated = moderator is None or not moderator.has_classifier

    @property
    def default_language(self) -> str:
        """What NPCs speak where nobody names another."""
        return self._prompts.default_language

    def languages_of(self, info: EngineInfo) -> tuple[str, ...]:
        return self._defaults.languages_of(info)

    @property
    def basis(self) -> tuple[int, str]:
        """Equal as long as the same record of the same engine, with nothing remembered, becomes the same request."""
        return self._revision, self._prompts.roles.version()

    def configure(self, defaults: RequestDefaults, language: str) -> None:
        """Other defaults, for requests from now on."""
        self._revision += 1
        self._defaults = defaults
        self._prompts.default_language = language

    def infer(self, record: InferRecord, info: EngineInfo, place: Place, context: ModerationContext | None) -> Request:
        """Raw text or a client's own chat, as it is; what a person says to a model that speaks for NPCs alone is a
        `think`. `context`: as there. Raises BadRequest for an `embed` of a
        model that computes none.
        """
        reader = self._reader_of(info)
        if reader and is_talk(record):
            request = self.think(as_think(record, reader.roles), info, place, context)
            variants = _variants(request.sampling, self._defaults.infer_variants)
            return replace(request, label="", owner=record.player or "", session_id="", variants=variants)
        sampling = _no_text(info) if record.op == "embed" else record.sampling(self._defaults.sampling)
        prompt = ChatPrompt(record.messages or ()) if record.prompt is None else record.prompt
        deadline_s = self._deadline_s(record, place.arrived_s)
        return Request(
            id=record.id,
            peer=place.peer,
            op=record.op,
            arrived_s=place.arrived_s,
            deadline_s=deadline_s,
            mind=place.mind,
            hand_on_s=place.hand_on_s(deadline_s),
            prompt=prompt,
            sampling=sampling,
            moderation=context,
            key=self._key(info, prompt, sampling, OutputFormat(), (context and context.rules) or ""),
            stream=self._may_stream(record, context),
            priority=record.priority,
            cache=record.cache,
            variants=_variants(sampling, self._defaults.infer_variants),
            owner=record.player or "",
            has_client_format=record.has_format,
        )

    def think(self, record: ThinkRecord, info: EngineInfo, place: Place, context: ModerationContext | None) -> Request:
        """`context`: set where the reply is moderated.

        Raises BadRequest for a bad action, an unknown role or a translation into a language that the model lacks.
        """
        record = gestures.with_actions(record)
        # The form first: what the action may take of the context is no room for the prompt.
        defaults = self._defaults.elsewhere if place.mind == "remote" else self._defaults
        sampling = record.sampling(defaults.think_sampling)
        languages = defaults.languages_of(info)
        reader = self._reader_of(info)
        if reader:
            prompt, reading = self._prompts.build_moment(record, reader, languages)
            if reading:
                sampling, output = slot_format(reading, sampling, info.features)
            else:
                output = OutputFormat(whole_sentences=True)
        else:
            sampling, output = output_format(record.actions, sampling, info.features)
            prompt = self._prompts.build(record, languages, info.context_tokens - sampling.max_tokens)
        deadline_s = self._deadline_s(record, place.arrived_s)
        return Request(
            id=record.id,
            peer=place.peer,
            op=record.op,
            arrived_s=place.arrived_s,
            deadline_s=deadline_s,
            mind=place.mind,
            hand_on_s=place.hand_on_s(deadline_s),
            prompt=prompt,
            sampling=sampling,
            output=output,
            moderation=context,
            key=self._key(info, prompt, sampling, output, (context and context.rules) or ""),
            stream=self._may_stream(record, context),
            priority=record.priority,
            cache=record.cache,
            variants=_variants(sampling, 1 if record.translate else self._defaults.think_variants),
            label=record.npc.role,
            owner=record.player or record.npc.id,
            speakers=known_names(record),
            explain=record.explain,
            durable=record.durable,
            session_id=record.npc.id or record.npc.role,
            has_client_format=record.has_format,
        )

    @staticmethod
    def warm(request: Request) -> Request | None:
        """Of a `warm` that was built as a `think`: its prompt alone. None: such a model is told a line's topic, which
        nobody knows yet, and its prompts are short.
        """
        if request.chat is None or request.chat.slots is not None:
            return None
        return replace(
            request,
            sampling=Sampling(max_tokens=1, temperature=0),
            output=OutputFormat(),
            moderation=None,
            key=b"",
            cache="off",
            stream=False,
            priority="background",
            deadline_s=float("inf"),
            hand_on_s=float("inf"),
        )

    def _may_stream(self, record: InferRecord | ThinkRecord, context: ModerationContext | None) -> bool:
        return record.stream and (context is None or self._streams_moderated)

    def _reader_of(self, info: EngineInfo) -> SlotReader | None:
        """None: the model reads plain words. The topics of a model are read once, by `open_topics` when it starts."""
        if info.prompt_form != TOPICS_FORM:
            return None
        if self._reader is None or self._reader[0] != info.path:
            self._reader = info.path, SlotReader(open_topics(topics_path(Path(info.path))))
        return self._reader[1]

    def wanted_language(self, record: ThinkRecord) -> str:
        """Of a line in the place of what moderation holds back. Raises BadRequest for an unknown role."""
        return self._prompts.wanted_language(record)

    def _deadline_s(self, record: InferRecord | ThinkRecord, arrived_s: float) -> float:
        return arrived_s + (record.deadline_ms or self._defaults.timeout_ms) / 1000

    @staticmethod
    def _key(
        info: EngineInfo, prompt: str | ChatPrompt, sampling: Sampling, output: OutputFormat, moderation_tag: str = ""
    ) -> bytes:
        return cache_key(
            fingerprint=info.fingerprint,
            prompt=prompt if isinstance(prompt, str) else None,
            messages=None if isinstance(prompt, str) else prompt.messages,
            sampling=sampling,
            reply_schema=output.schema,
            whole_sentences=output.whole_sentences,
            moderation=moderation_tag,
        )


def _no_text(info: EngineInfo) -> Sampling:
    if "embeddings" not in info.features:
        raise BadRequest(
            f"model: {info.model} computes no embeddings; serve a model that does by a daemon of its own (model.path: "
            "a GGUF for embeddings, such as nomic-embed-text), or one elsewhere (remote.upstreams)"
        )
    return Sampling(max_tokens=0)


def _variants(sampling: Sampling, configured: int) -> int:
    """How many different replies are kept: one, where asking again would give the same text again."""
    return 1 if sampling.seed is not None or sampling.temperature == 0 else configured
