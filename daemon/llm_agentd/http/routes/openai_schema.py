"""What OpenAPI and /docs say of OpenAI's routes. Pure; bodies are read by fields.py, values checked by the daemon."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_agentd.http.routes.watch import EVENT
from llm_agentd.protocol.schema import MAX_TOKENS_MAX, STOP_MAX

ASK = (400, 401, 403, 404, 413, 429, 502, 503, 504)


class OpenAIErrorDetail(BaseModel):
    message: str
    type: str = Field(examples=["invalid_request_error"])
    param: str | None = Field(None, description="the field that is wrong", examples=["messages.0.role"])
    code: str = Field(examples=["bad_request", "invalid_api_key", "model_not_found", "rate_limit_exceeded"])


class OpenAIErrorBody(BaseModel):
    error: OpenAIErrorDetail


class _Options(BaseModel):
    model: str | None = Field(None, description="its id, the name of its file, or `default`, which is what is served")
    max_tokens: int | None = Field(
        None, ge=1, le=MAX_TOKENS_MAX, description="of the answer, at most; left out: inference.max_tokens"
    )
    temperature: float | None = Field(None, ge=0, le=5, description="0 = always the likeliest token")
    top_p: float | None = Field(None, gt=0, le=1)
    stop: str | list[str] | None = Field(None, description=f"up to {STOP_MAX}; the answer ends before any of them")
    seed: int | None = Field(None, description="same seed, same answer")
    stream: bool = Field(False, description="as server-sent events")
    stream_options: dict[str, Any] | None = Field(None, description="`include_usage`: a last chunk with the usage")
    response_format: dict[str, Any] | None = Field(
        None, description='`{"type": "text"}`, `"json_object"`, or `"json_schema"` with `json_schema.schema`'
    )
    user: str | None = Field(None, max_length=128, description="users take turns in the queue")
    n: Literal[1] = 1
    top_k: int | None = Field(None, ge=0, description="not OpenAI's")
    min_p: float | None = Field(None, ge=0, le=1, description="not OpenAI's")
    repeat_penalty: float | None = Field(None, gt=0, le=10, description="not OpenAI's; 1 = none")
    priority: Literal["spoken", "ambient", "background"] = Field(
        "ambient", description="not OpenAI's; `spoken` is as urgent as what players say in the game"
    )
    deadline_ms: int | None = Field(None, ge=1, le=600_000, description="not OpenAI's; left out: two minutes")
    cache: Literal["use", "refresh", "off"] = Field("use", description="not OpenAI's; `off`: generate it anew")


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]] | None = Field(description="a text, or parts of type `text`")


class ChatBody(_Options):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "default",
                    "messages": [
                        {"role": "system", "content": "You are Mira, a healer in Oakford."},
                        {"role": "user", "content": "Good evening!"},
                    ],
                    "max_tokens": 40,
                }
            ]
        }
    )

    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1, le=MAX_TOKENS_MAX, description="the newer name of max_tokens")


class CompletionBody(_Options):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "default", "prompt": "Once upon a time", "max_tokens": 40}]}
    )

    prompt: str = Field(min_length=1)


class EmbeddingsBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "default", "input": ["Good evening!", "Where is the smith?"]}]}
    )

    input: str | list[str] = Field(description="one text, or up to 256")
    model: str | None = Field(None, description="its id, the name of its file, or `default`, which is what is served")
    encoding_format: Literal["float", "base64"] = "float"
    user: str | None = Field(None, max_length=128, description="users take turns in the queue")
    priority: Literal["spoken", "ambient", "background"] = Field("ambient", description="not OpenAI's")
    deadline_ms: int | None = Field(None, ge=1, le=600_000, description="of each text; not OpenAI's")


class SpeechBody(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"input": "Good evening!", "voice": "old man"}]})

    input: str = Field(min_length=1, max_length=4096)
    model: str | None = Field(None, description="any: what speaks is `speech.tts`")
    voice: str | dict[str, Any] = Field("", description="a name, or words such as `old man, deep`; or `{id}`")
    response_format: Literal["ogg", "mp3", "opus", "aac", "flac", "wav", "pcm"] = Field(
        "ogg", description="`ogg` (Vorbis) is not OpenAI's; `pcm`: 24 kHz, 16 bits, the lower byte first"
    )
    speed: float = Field(1.0, ge=0.5, le=2.0)
    instructions: str | None = Field(None, description="words for the voice, too; other words are passed over")
    stream_format: Literal["audio"] = "audio"
    lang: str | None = Field(None, description="not OpenAI's: a code such as de; left out: agents.language")


class EmbeddingView(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: list[float] | str = Field(description="of length 1; with `base64` as float32, the lowest byte first")


class EmbeddingsUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    object: Literal["list"]
    data: list[EmbeddingView]
    model: str
    usage: EmbeddingsUsage


class PromptDetails(BaseModel):
    cached_tokens: int = Field(description="computed before")


class UsageView(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails


class AnswerMessage(BaseModel):
    role: Literal["assistant"]
    content: str
    refusal: None = None


class _Choice(BaseModel):
    index: int
    finish_reason: Literal["stop", "length", "content_filter"]
    logprobs: None = None


class ChatChoice(_Choice):
    message: AnswerMessage


class TextChoice(_Choice):
    text: str


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: UsageView


class Completion(BaseModel):
    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextChoice]
    usage: UsageView


class Model(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int = Field(description="its context, in tokens")


class ModelList(BaseModel):
    object: Literal["list"]
    data: list[Model]


class DurationView(BaseModel):
    type: Literal["duration"]
    seconds: float


class Transcription(BaseModel):
    text: str = Field(description='"" where nobody speaks')
    usage: DurationView
    task: Literal["transcribe"] | None = Field(None, description="this and what follows: with `verbose_json`")
    duration: float | None = Field(None, description="seconds of sound")
    language: str | None = Field(None, description="as asked for; `und` where nothing was")
    confidence: float | None = Field(None, ge=0, le=1, description="not OpenAI's")


class TranscriptionForm(BaseModel):
    file: str = Field(
        description="WAV, Ogg, FLAC, MP3, WebM or MP4, up to 25 MiB and ten minutes",
        json_schema_extra={"format": "binary"},
    )
    model: str | None = Field(None, description="any name: the configured engine listens (speech.stt)")
    language: str | None = Field(None, description="a code such as `en`; left out: the engine's own", examples=["en"])
    prompt: str | None = Field(None, description="names and words that are likely, with commas between them")
    response_format: Literal["json", "text", "verbose_json"] = "json"


FORM_OF_TRANSCRIPTION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": TranscriptionForm.model_json_schema()}},
    }
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses`."""
    return {status: {"model": OpenAIErrorBody} for status in statuses}


def generation_answers() -> dict[int | str, dict[str, Any]]:
    """An object, or events where it streams; and what may go wrong."""
    return {200: {"content": {"text/event-stream": {"schema": EVENT}}}, **errors(*ASK)}
