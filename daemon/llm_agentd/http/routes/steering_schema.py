"""What OpenAPI and /docs say of the answers of settings, roles' history, memory, kept replies and the model. Pure."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from llm_agentd.http.routes.schema import MemoryView, RoleBody


class SettingView(BaseModel):
    key: str = Field(examples=["batch.size"])
    help: str
    type: str = Field(description="`integer`, `number`, `text`, `yes/no`, `list`, `one of` or `size`")
    choices: list[str] | None = Field(None, description="of `one of`")
    minimum: float | None = None
    maximum: float | None = None
    default: Any = None
    value: Any = Field(None, description="what the next start takes; of a secret `set`, or null")
    running_value: Any = Field(None, description="what is in force")
    source: str = Field(description="`default`, `FILE, line 7`, `env NAME` or `--set`")
    live: bool = Field(description="a change holds at once; else from the next start")
    secret: bool


class SettingsAnswer(BaseModel):
    settings: list[SettingView]
    file: str | None = Field(description="the YAML file that is read")
    writable: bool = Field(description="the daemon may change that file")
    problem: str | None = Field(description="why the next start would fail, as the file is now")


class SetSettingAnswer(BaseModel):
    key: str
    value: Any
    live: bool
    applied: bool = Field(description="it is in force")
    restart: bool = Field(description="it takes a restart of the daemon")


class RoleVersion(BaseModel):
    time: str = Field(description="until when it was in force")
    role: dict[str, Any] | None = Field(description="null: there was no own role")
    undone: bool = Field(description="the change that ended it was taken back")


class RoleHistoryAnswer(BaseModel):
    history: list[RoleVersion] = Field(description="the newest first")


class PreviewBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "role": {"title": "the ferryman", "persona": "The ferryman takes travellers over the river."},
                    "player": "Ana",
                    "utterance": "Good evening!",
                }
            ]
        }
    )

    role: RoleBody = Field(description="the draft, which is not saved")
    npc_name: str | None = Field(None, max_length=128, description="of the NPC; else the role's name")
    player: str | None = Field(None, max_length=128, description="who speaks with it")
    utterance: str | None = Field(None, description="what the player says; left out: the NPC speaks first")
    lang: str | None = None


class PreviewAnswer(BaseModel):
    text: str
    action: dict[str, Any] | None
    parts: list[dict[str, Any]] = Field(description="what the model was given: `part`, `text`, `tokens` …")
    explanation: dict[str, Any] = Field(description="all that `explain` says of the prompt")


class EditAnswer(BaseModel):
    edited: bool = Field(description="false: there is no such memory")


class MemoryPair(BaseModel):
    npc: str
    npc_name: str
    player: str
    count: int = Field(description="memories that the NPC has of the player")
    at_s: float = Field(description="of the newest, in seconds since 1970")


class MemoryPairsAnswer(BaseModel):
    pairs: list[MemoryPair]


class SearchAnswer(BaseModel):
    memories: list[MemoryView]


class RecalledTurn(BaseModel):
    said: str
    text: str
    time: str


class RecalledFact(BaseModel):
    text: str
    score: float = Field(description="how well it fits; 0 for what is recalled whatever is said")
    kind: str
    time: str
    memory: int
    used: bool = Field(description="it gets into the prompt")


class RecallAnswer(BaseModel):
    turns: list[RecalledTurn] = Field(description="the last exchanges, the oldest first")
    recalled: list[RecalledFact] = Field(description="the most important first")


class CacheEntry(BaseModel):
    key: str
    kind: str
    model: str
    role: str
    prompt: str
    text: str
    created: str
    expires: str
    last_hit: str | None
    hits: int
    bytes: int
    shared: bool = Field(False, description="only the cache that daemons share has it")


class SharedCacheState(BaseModel):
    """The cache that daemons share; counts are of this daemon, since its start."""

    address: str = Field(description="as in cache.redis_url, without user and password")
    up: bool
    problem: str = Field(description="why it is not asked; empty where it is")
    owed: int = Field(description="deletions that it missed while it was away, and that are done once it is back")
    queries: int
    hits: int
    timeouts: int = Field(description="answers that came too late for their requests")
    errors: int
    puts: int
    dropped: int = Field(description="replies that were not put there")


class CacheAnswer(BaseModel):
    entries: list[CacheEntry] = Field(description="the last used first, as many as fit into an answer")
    total: int = Field(description="how many there are that were asked for")
    shared: SharedCacheState | None = Field(None, description="null where no cache is shared")


class PurgeAnswer(BaseModel):
    purged: int


class ModelAnswer(BaseModel):
    model: dict[str, Any] = Field(description="engine, file, licence, context, width, threads …")


class SelfTestCheck(BaseModel):
    name: str
    ok: bool
    asked: str
    found: str
    problem: str = Field(description="what is wrong, empty where nothing is")
    ms: float


class SelfTestAnswer(BaseModel):
    checks: list[SelfTestCheck]
    ok: bool
