"""What travels: the facts that clients send, the request that is generated, the events that answer it. All frozen.

Imports nothing of ours, so that every package may import it. Times ending in `_s` are `time.monotonic()` seconds.

`Message`, `Npc`, `Action`, `Turn` and `Think` are also parts of records on the wire. Their annotations hold all that is
checked of them, once: `protocol/schema.py` builds the daemon's checks and OpenAPI's descriptions from them. In Python
they are plain dataclasses: constructing one checks nothing and costs nothing extra.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr
from pydantic_core import PydanticCustomError

PRIORITIES = ("spoken", "ambient", "background")  # best first
Priority: TypeAlias = Literal["spoken", "ambient", "background"]
CacheMode: TypeAlias = Literal["use", "refresh", "off"]
CacheResult: TypeAlias = Literal["hit", "joined", "miss", "off"]
Finish: TypeAlias = Literal["stop", "length", "sentence"]
Peer: TypeAlias = tuple[bytes, ...]  # the ROUTER envelope: (routing id,) for DEALER, (routing id, b"") for REQ
Intent: TypeAlias = Literal["dialogue", "quest", "trade", "tactics", "gesture"]
Mind: TypeAlias = Literal["", "local", "remote"]  # whose words; "" where there is no choice

NAME_MAX_CHARS = 128  # of players, NPCs, roles and their ids; docs/protocol.md names it, as all limits here
ACTIONS_MAX = 64  # they all stand in the prompt
AVOID_MAX = 12  # lines not to say again: the last few of an NPC and of those beside it
AVOID_MAX_CHARS = 400  # a spoken line; more of it would push the question out of a small context
HISTORY_MAX = 20  # turns of a talk that the game keeps
TURN_MAX_CHARS = 2000  # as long as anything said at once
UTTERANCE_MAX_BYTES = 2000  # several times what a chat line of the game holds; every word of it is moderated
LANG_MAX_CHARS = 64  # longer than any language tag

# -- kinds of fields ---------------------------------------------------------------------------------
# Lenient only where Lua's JSON forces it: whole floats are integers (engines before 5.16 write 5.0), and an empty table
# may arrive as null, {} or [] wherever a list or a map is meant.


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (bool, str)):
        raise ValueError("want a whole number")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise ValueError("want a number")
    return value


def _lua_map(value: Any) -> Any:
    return {} if value is None or value == [] else value


def _lua_list(value: Any) -> Any:
    return [] if value is None or value == {} else value


def _lua_map_or_null(value: Any) -> Any:
    return {} if value == [] else value  # null stays null: it means that there is none


def _utterance(value: str) -> str:
    size = len(value.encode("utf-8", "replace"))
    if size > UTTERANCE_MAX_BYTES:
        raise PydanticCustomError(TOO_LARGE, f"{size} bytes; the limit is {UTTERANCE_MAX_BYTES}: cut it")
    return value


TOO_LARGE = "too_large"  # the type of pydantic's error for what is answered so, beside its own "string_too_long"

# These stand behind a Field(…) with bounds: so pydantic checks the bounds itself, and OpenAPI shows them.
WHOLE = BeforeValidator(_whole)
NUMBER = BeforeValidator(_number)
LUA_LIST = BeforeValidator(_lua_list)

LuaMap = Annotated[dict[str, Any], BeforeValidator(_lua_map)]
LuaMapOrNull = Annotated[dict[str, Any] | None, BeforeValidator(_lua_map_or_null)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=NAME_MAX_CHARS)]
AnyName = Annotated[StrictStr, Field(max_length=NAME_MAX_CHARS)]  # "" is nobody, as Lua code likes to write it
Utterance = Annotated[StrictStr, AfterValidator(_utterance)]
Line = Annotated[StrictStr, Field(min_length=1, max_length=TURN_MAX_CHARS)]
AvoidLine = Annotated[StrictStr, Field(max_length=AVOID_MAX_CHARS)]
STRICT = ConfigDict(extra="forbid")  # an unknown field is refused by name

# -- what clients send -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn; `role` is `system`, `user` or `assistant`."""

    __pydantic_config__ = STRICT

    role: Annotated[StrictStr, Field(pattern="^(system|user|assistant)$")]
    content: StrictStr


@dataclass(frozen=True, slots=True)
class Npc:
    __pydantic_config__ = STRICT

    id: Name
    name: Name
    role: Name
    persona: StrictStr | None = None
    mood: StrictStr | None = None
    pos: dict[str, Annotated[float, NUMBER]] | list[Annotated[float, NUMBER]] | None = (
        None  # never enters a prompt: nothing would ever hit the cache
    )


@dataclass(frozen=True, slots=True)
class Action:
    """An action the mod registered: `params` is a JSON schema of type object."""

    __pydantic_config__ = STRICT

    name: Annotated[StrictStr, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
    description: StrictStr = ""
    params: LuaMap = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said before: by whom (a player's or an NPC's name), and the words."""

    __pydantic_config__ = STRICT

    speaker: Name
    text: Line


@dataclass(frozen=True)  # without slots, as `protocol.schema.ThinkRecord` inherits from this and from the options
class Think:
    """An NPC's occasion to speak or act, as facts; `prompt` turns it into messages.

    `translate`: a line of its own that is wanted in `lang`, and nothing else.
    `draft`: fields of a role to try, in place of the one that `npc` names. `avoid`: lines not to say again.
    `history`: what was said before in a talk whose buffer the game keeps (several speakers); the oldest first.
    `explain`: nothing is generated; the answer is the prompt, part by part.
    `remember` False: small talk, which is neither kept nor told what is remembered, so that its replies are cached.
    """

    __pydantic_config__ = STRICT

    npc: Npc
    player: AnyName | None = None
    utterance: Utterance | None = None
    intent: Intent = "dialogue"
    context: LuaMap = field(default_factory=dict)
    actions: Annotated[tuple[Action, ...], Field(max_length=ACTIONS_MAX), LUA_LIST] = ()
    lang: Annotated[StrictStr, Field(max_length=LANG_MAX_CHARS)] | None = None
    audience: Annotated[tuple[AnyName, ...], LUA_LIST] = ()
    draft: LuaMapOrNull = None
    avoid: Annotated[tuple[AvoidLine, ...], Field(max_length=AVOID_MAX), LUA_LIST] = ()
    history: Annotated[tuple[Turn, ...], Field(max_length=HISTORY_MAX), LUA_LIST] = ()
    translate: Line | None = None
    remember: StrictBool = True
    explain: StrictBool = False
    is_warm: ClassVar[bool] = False  # the player is about to speak, and nobody knows yet what


# -- what is generated -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. `temperature` 0 is greedy; `seed` None is random.

    `max_tokens` 0: no text is wanted, but the embedding of the prompt.
    """

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
    is_schema_optional: bool = False  # ours: a reply that does not follow it is read all the same


@dataclass(frozen=True, slots=True)
class MemoryTurn:
    """The remembered side of a `think`: who says what to whom, and where. `player_text` "": the NPC speaks first.

    `language`: of the reply. `is_retry`: the same was asked a moment ago, and the first reply is not to be repeated.
    `is_warm`: the player's text is still to come.
    """

    npc: str
    npc_name: str
    player: str
    place: str
    player_text: str
    language: str = "en"
    is_retry: bool = False
    is_warm: bool = False


@dataclass(frozen=True, slots=True)
class ModerationContext:
    """Who speaks with whom, and in which language: what moderation needs of a `think` beside its words.

    `rules`: the tag of those under which the player was heard.
    """

    npc_id: str
    npc: str
    player: str = ""
    language: str = "en"
    player_text: str = ""
    rules: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What did not get into a prompt, and why. `part`: as the parts of a prompt are called (`prompt/parts.py`)."""

    part: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Slots:
    """Values of the placeholders in a reply: `words` are said, `params` are what an action is given."""

    words: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """What the model is given, as a chat. `lang`: the language that the words are asked for in; "" for `infer`.

    `short_messages`: the same without what is remembered, for where all of it does not fit the context; None: nothing
    is remembered. `memory_turn`: what is to be remembered with the reply. `slots`: set where the reply holds
    placeholders.
    """

    messages: tuple[Message, ...]
    lang: str = ""
    short_messages: tuple[Message, ...] | None = None
    memory_turn: MemoryTurn | None = None
    left_out: tuple[LeftOut, ...] = ()
    slots: Slots | None = None


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """How the reply is written. `schema` None: plain words, and there are no `actions`.

    `actions`: those that the reply may choose from, with bounded schemas. The model then writes {"say":…,"do":…}, of
    which only the words of `say` are text: they may take `words_max_tokens` of `sampling.max_tokens`, which has room
    for the action too, and `words_max_chars` characters (0: no grammar closes the words).
    `whole_sentences`: end at a sentence near the limit, never within a word (a `think`, not an OpenAI completion).
    `lines`: with placeholders, those that the model's own data has for what is done; none: its words are its own.
    """

    actions: tuple[Action, ...] = ()
    schema: dict[str, Any] | None = None
    words_max_tokens: int = 0
    words_max_chars: int = 0
    whole_sentences: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One generation to run. `server/pipeline/pipeline.py` makes it of a checked record; nobody changes it after that.

    `prompt`: raw text, or a chat. `key` is the cache key. `label` (the role, or "" for `infer`) is shown by dump.
    `owner`: who is being served, for fairness: the player's name, else the NPC's id, else "" (then the peer counts).
    `moderation`: set where the reply is moderated. `variants`: so many replies to one key are kept and given in turn.
    `explain`: it is answered with its `Explanation`. `speakers`: all who may speak in a `think`, for the reply's guard.
    `has_client_format`: the grammar or schema of `sampling` is the client's own text, and none that we built.
    `durable`: it is answered when what is remembered of it is on the disk.
    `session_id`: of those whose prompts begin alike, the NPC or its role: one replica of a model serves them all.
    `mind`: for whose engine it is built. `hand_on_s`: there is another one, and from then on this one gives it up,
    unless text was shown or comes just now.
    """

    id: str
    peer: Peer
    op: str
    arrived_s: float
    deadline_s: float
    prompt: str | ChatPrompt
    sampling: Sampling = Sampling()
    output: OutputFormat = OutputFormat()
    moderation: ModerationContext | None = None
    key: bytes = b""
    stream: bool = False
    priority: Priority = "spoken"
    cache: CacheMode = "use"
    variants: int = 1
    label: str = ""
    owner: str = ""
    speakers: tuple[str, ...] = ()
    explain: bool = False
    has_client_format: bool = False
    durable: bool = False
    session_id: str = ""
    mind: Mind = ""
    hand_on_s: float = float("inf")

    @property
    def chat(self) -> ChatPrompt | None:
        return self.prompt if isinstance(self.prompt, ChatPrompt) else None

    @property
    def waits_until_s(self) -> float:
        """So long it may wait for an engine to begin."""
        return min(self.deadline_s, self.hand_on_s)

    @property
    def npc(self) -> str:
        """Its id, for the log; "" for `infer`, and for a think that is neither moderated nor remembered."""
        if self.moderation is not None:
            return self.moderation.npc_id
        turn = self.chat.memory_turn if self.chat else None
        return turn.npc if turn else ""

    @property
    def slots(self) -> Slots | None:
        return None if isinstance(self.prompt, str) else self.prompt.slots

    @property
    def lang(self) -> str:
        return "" if isinstance(self.prompt, str) else self.prompt.lang


# -- what answers it ---------------------------------------------------------------------------------


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
    """New text of a streamed reply. `acts` False: a `think` was offered actions perhaps, and none comes with it."""

    text: str
    acts: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """The last event of a reply that worked. `text` is the whole of it.

    `cut`: why the guard ended it before the model did (`scheduler/guard`); such a reply is neither kept nor remembered.
    `matched`: the words were written for the action: the model's own data pairs them.
    `raw`: what the model wrote, where its words were taken out of that; no client is told it.
    """

    text: str
    finish: Finish
    cache: CacheResult
    model: str
    action: dict[str, Any] | None = None  # {"name": …, "params": {…}}
    usage: Usage = Usage()
    timing_ms: Timing = Timing()
    lang: str = ""  # of the words, as far as known
    cut: str = ""
    matched: bool = False
    raw: str = ""
    embedding: tuple[float, ...] = ()  # of an `embed`, which has nothing else


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A piece of a prompt's text, and the tokens it takes. `message`: the index of the one that it stands in."""

    part: str
    message: int
    text: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """The only event of a request that asks for it: what the model would be given.

    The tokens of `prompt_tokens` that are in no part are the chat template's. `kept`: replies in the cache, of the
    `variants` that make it answer.
    """

    model: str
    lang: str
    messages: tuple[Message, ...]
    parts: tuple[PromptPart, ...]
    left_out: tuple[LeftOut, ...]
    prompt_tokens: int
    context_tokens: int
    max_tokens: int
    key: bytes
    kept: int
    variants: int


# -- what engines keep -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrefixState:
    """What an engine has computed for the beginning of a prompt: `data` is opaque, of this engine and model alone.

    Any shorter beginning of `tokens` can be taken from it too. `probe`: (token id, score) of the likeliest tokens to
    follow, so that a state that was kept on disk can be proved before it is believed.
    """

    tokens: tuple[int, ...]
    data: bytes
    probe: tuple[tuple[int, float], ...] = ()
