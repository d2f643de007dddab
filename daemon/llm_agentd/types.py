"""What travels along the way: requests, options and replies, all frozen.

Imports nothing of the project. Times ending in `_s` are `time.monotonic()` seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

PRIORITIES = ("spoken", "ambient", "background")  # best first
Priority: TypeAlias = Literal["spoken", "ambient", "background"]
CacheMode: TypeAlias = Literal["use", "refresh", "off"]
CacheResult: TypeAlias = Literal["hit", "joined", "miss", "off"]
Finish: TypeAlias = Literal["stop", "length", "sentence"]
Peer: TypeAlias = tuple[bytes, ...]  # the ROUTER envelope: (routing id,) for DEALER, (routing id, b"") for REQ
Intent: TypeAlias = Literal["dialogue", "quest", "trade", "tactics", "gesture"]


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. `temperature` 0 is greedy; `seed` None is random."""

    max_tokens: int = 64
    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Any] | None = None
    grammar: str | None = None  # GBNF


@dataclass(frozen=True, slots=True)
class Npc:
    id: str
    name: str
    role: str
    persona: str | None = None
    mood: str | None = None
    pos: tuple[float, float, float] | None = None  # never enters a prompt: nothing would ever hit the cache


@dataclass(frozen=True, slots=True)
class Action:
    """An action the mod registered: `params` is a JSON schema of type object."""

    name: str
    description: str = ""
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said before: by whom (a player's or an NPC's name), and the words."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """An NPC's occasion to speak or act, as facts; `agents` turns it into messages.

    `translate`: a line of its own that is wanted in `lang`, and nothing else.
    `draft`: fields of a role to try, in place of the one that `npc` names. `avoid`: lines not to say again.
    `history`: what was said before in a talk whose buffer the game keeps (several speakers); the oldest first.
    `remember` False: small talk, which is neither kept nor told what is remembered, so that its replies are cached.
    """

    npc: Npc
    player: str | None = None
    utterance: str | None = None
    intent: Intent = "dialogue"
    context: dict[str, Any] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    lang: str | None = None
    audience: tuple[str, ...] = ()
    draft: dict[str, Any] | None = None
    avoid: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    translate: str | None = None
    remember: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """The remembered side of a `think`: who says what to whom, and where. `said` "": the NPC speaks first.

    `language`: of the reply. `is_retry`: the NPC was asked the same a moment ago, and what it said is not to be said.
    """

    npc: str
    npc_name: str
    player: str
    place: str
    said: str
    language: str = "en"
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """Who speaks with whom, and in which language: what moderation needs of a `think` beside its words."""

    npc_id: str
    npc: str
    player: str = ""
    language: str = "en"
    said: str = ""  # the player's words


@dataclass(frozen=True, slots=True)
class PrefixState:
    """What an engine has computed for the beginning of a prompt: `data` is opaque, of this engine and model alone.

    Any shorter beginning of `tokens` can be taken from it too. `probe`: (token id, score) of the likeliest tokens to
    follow, so that a state that was kept on disk can be proved before it is believed.
    """

    tokens: tuple[int, ...]
    data: bytes
    probe: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One generation to run: exactly one of `prompt` and `messages` is set.

    `label` (the role, or "" for plain `infer`) is shown by dump. `whole_sentences`: end at a sentence near
    `max_tokens`, never mid-word (a `think`, not an OpenAI completion). `actions`: those the reply may choose from, with
    bounded schemas; when there are any, the model writes the JSON form {"say":…,"do":…}, of which only the words of
    `say` are text: of `sampling.max_tokens` they may take `words_max_tokens`, and `words_max_chars` characters.
    `key` is the cache key; the router fills it. `owner`: who is being served, for fairness: the player's name, else
    the NPC's id, else "" (then the peer). `talk`: set where the reply is moderated. `lang`: the language that the words
    are asked for in; "" for `infer`. `short_messages`: the same without what is remembered, where all of it does not
    fit the context. `exchange`: what is to be remembered with the reply.
    """

    id: str
    peer: Peer
    op: str
    arrived_s: float
    deadline_s: float
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    sampling: Sampling = Sampling()
    stream: bool = False
    priority: Priority = "spoken"
    cache: CacheMode = "use"
    variants: int = 1
    label: str = ""
    whole_sentences: bool = False
    actions: tuple[Action, ...] = ()
    words_max_tokens: int = 0
    words_max_chars: int = 0
    key: bytes = b""
    owner: str = ""
    talk: Talk | None = None
    lang: str = ""
    short_messages: tuple[Message, ...] | None = None
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int = 0
    reused_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds since arrival, by stage."""

    queue: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Delta:
    """New text of a streamed reply."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of a reply that worked. `text` is the whole of it."""

    text: str
    finish: Finish
    cache: CacheResult
    model: str
    action: dict[str, Any] | None = None  # {"name": …, "params": {…}}
    usage: Usage = Usage()
    timing_ms: Timing = Timing()
    lang: str = ""  # of the words, as far as known
