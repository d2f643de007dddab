"""What a GGUF file is, in an admin's words: read from its header, completed from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llm_agentd.config import Config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.engines.gguf import GgufHeader
from llm_agentd.engines.model_shape import kv_values_per_token, layers, model_files, quantization, read_model_header
from llm_agentd.ops.models import catalogue
from llm_agentd.ops.models.catalogue import Entry
from llm_agentd.ops.models.memory_needed import MemoryNeeded, memory_needed

TOKENS = "tokenizer.ggml.tokens"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that was read. `parameters` and `bytes` are those of all parts, `entry` what the catalogue says of it."""

    path: Path
    header: GgufHeader
    parameters: int
    bytes: int
    parts: int
    vocabulary: int
    entry: Entry | None

    @property
    def title(self) -> str:
        if self.entry is not None:
            return self.entry.title
        return str(self.header.metadata.get("general.name") or self.path.stem)

    @property
    def quantization(self) -> str:
        return quantization(self.header) or "unknown"

    @property
    def layers(self) -> int:
        return layers(self.header)

    @property
    def kv_values_per_token(self) -> int:
        return kv_values_per_token(self.header)

    @property
    def license(self) -> str:
        return (self.entry and self.entry.license) or str(self.header.metadata.get("general.license", "not said"))

    @property
    def is_base(self) -> bool:
        """A model without a chat template was trained to continue texts, not to answer."""
        return not self.header.chat_template

    @property
    def thinks_aloud(self) -> bool:
        """Its template knows a mode in which it reasons before it answers."""
        return "enable_thinking" in self.header.chat_template

    @property
    def languages(self) -> tuple[str, ...]:
        """That it was made for, as the catalogue or else the file says; none where neither does."""
        if self.entry is not None and (self.entry.languages or self.entry.languages_words):
            return self.entry.languages
        return self.header.languages

    @property
    def languages_words(self) -> str:
        named = ", ".join(self.languages)
        return named or (self.entry.languages_words if self.entry is not None else "") or "not said"

    def memory_needed(self, npcs: int, config: Config) -> MemoryNeeded:
        return memory_needed(
            weights_bytes=self.bytes,
            kv_values_per_token=self.kv_values_per_token,
            trained_tokens=self.header.context_tokens,
            vocabulary=self.vocabulary,
            npcs=npcs,
            config=config,
        )


def read_model(path: Path) -> ModelFile:
    """Raises StartError, with the cure, for what is no whole model."""
    files = model_files(path)
    first = files[0] if len(files) > 1 else path
    header = read_model_header(first, arrays=(TOKENS,))
    tokens = header.metadata.pop(TOKENS, ())
    return ModelFile(
        path=first,
        header=header,
        parameters=header.parameters,
        bytes=sum(file.stat().st_size for file in files),
        parts=len(files),
        vocabulary=len(tokens),
        entry=None if path == EMBEDDED_MODEL else catalogue.of_file(first.name),
    )
