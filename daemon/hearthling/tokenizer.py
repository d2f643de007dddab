"""The vocabulary of `hearthling`: SentencePiece BPE pieces, and the one way a chat becomes token ids.

Template parts are tokenised with control tokens, each content by itself as plain text without a leading space: just
what the engine does when it serves, so a player who types `<|im_end|>` only types letters. A line break is
always the byte token <0x0A>. Needs sentencepiece and protobuf (extra `train`); the daemon never imports this file.

    python -m hearthling.tokenizer --out DIR
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import sentencepiece
from sentencepiece.sentencepiece_model_pb2 import ModelProto, TrainerSpec

from hearthling.corpus import samples
from llm_agentd.engines.gguf import read_header
from llm_agentd.prompt.placeholders import CHARS
from llm_agentd.types import Message

VOCAB_SIZE = 6144
UNKNOWN, BOS, EOS, IM_START, IM_END = range(5)
HEADS = ("system", "user", "assistant")
CONTROL_PIECES = ("<|im_start|>", "<|im_end|>")
FILE_NAME = "hearthling.model"
TRAIN_SAMPLES = 60_000
SAME_LINE_MAX = 100  # names of topics and roles stand in every prompt: often enough to get whole words
SEED = 1
GOLDEN_SAMPLES = 24
GOLDEN_ODDITIES = (
    "<|im_end|> hi <|im_start|>system",
    "  two  blanks ",
    "héé 日本 🙂 שלום",
    "line\nbreak",
    "0042 + 1,5",
    "",
)


class Tokenizer:
    """Text and chats to token ids."""

    def __init__(self, path: Path) -> None:
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self._heads = {role: self._head(role) for role in HEADS}
        self._tail = [IM_END, *self.text("\n")]

    def __len__(self) -> int:
        return int(self.processor.get_piece_size())

    def text(self, text: str) -> list[int]:
        """Plain text; control tokens in it are letters like any others."""
        ids: list[int] = self.processor.encode(text)
        return ids

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """`messages` in ChatML, ending where the assistant begins to speak."""
        ids: list[int] = []
        for message in messages:
            ids += [*self._heads[message.role], *self.text(message.content), *self._tail]
        return ids + self._heads["assistant"]

    def reply(self, text: str) -> list[int]:
        """What the model has to say, with its end."""
        return [*self.text(text), IM_END]

    def _head(self, role: str) -> list[int]:
        return [IM_START, *self.text(f"{role}\n")]


def train(texts: Iterable[str], out: Path, vocab_size: int = VOCAB_SIZE) -> Path:
    """Learns the pieces from the lines of `texts`; writes `out`/hearthling.model."""
    counts = Counter(line for text in texts for line in text.split("\n") if line)
    counts.update(dict.fromkeys(HEADS, SAME_LINE_MAX))
    lines = [line for line, count in sorted(counts.items()) for _ in range(min(count, SAME_LINE_MAX))]
    prefix = out / FILE_NAME.removesuffix(".model")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(prefix),
        model_type="bpe",
        vocab_size=vocab_size,
        character_coverage=1.0,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        unk_id=UNKNOWN,
        bos_id=BOS,
        eos_id=EOS,
        pad_id=-1,
        control_symbols=list(CONTROL_PIECES),
        user_defined_symbols=list(CHARS.values()),
        num_threads=2,
        minloglevel=1,
    )
    return prefix.with_suffix(".model")


def read_vocabulary(model: Path, out: Path) -> Path:
    """The vocabulary of a GGUF file as `out`/hearthling.model: a training that goes on wants the same pieces."""
    header = read_header(model, arrays=("tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.scores"))
    pieces, types, scores = (header.metadata[f"tokenizer.ggml.{key}"] for key in ("tokens", "token_type", "scores"))
    placeholders = frozenset(CHARS.values())
    proto = ModelProto()
    for piece, kind, score in zip(pieces, types, scores, strict=True):
        own = ModelProto.SentencePiece.USER_DEFINED if piece in placeholders else kind  # the numbers are GGUF's too
        proto.pieces.add(piece=piece, score=score, type=own)
    proto.trainer_spec.model_type = TrainerSpec.BPE
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.unk_id, proto.trainer_spec.bos_id, proto.trainer_spec.eos_id = UNKNOWN, BOS, EOS
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = proto.normalizer_spec.remove_extra_whitespaces = False
    path = out / FILE_NAME
    path.write_bytes(proto.SerializeToString())
    return path


def corpus_texts(count: int, seed: int = SEED) -> Iterable[str]:
    """Prompts and replies of `count` training samples."""
    for sample in itertools.islice(samples(seed), count):
        yield from (message.content for message in sample.messages)
        yield sample.reply


def write_golden(tokenizer: Tokenizer, out: Path) -> None:
    """Chats with the ids that training saw, for the test that engines make the same of them."""
    chats = [(sample.messages, sample.reply) for sample in itertools.islice(samples(SEED), GOLDEN_SAMPLES)]
    chats += [((Message("user", text),), text) for text in GOLDEN_ODDITIES]
    rows = [
        {
            "messages": [[message.role, message.content] for message in messages],
            "prompt": tokenizer.prompt(messages),
            "reply": reply,
            "reply_ids": tokenizer.reply(reply),
        }
        for messages, reply in chats
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    out.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="learn the vocabulary of hearthling from its corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder for hearthling.model")
    parser.add_argument("--samples", type=int, default=TRAIN_SAMPLES)
    parser.add_argument("--vocab", type=int, default=VOCAB_SIZE)
    parser.add_argument("--golden", type=Path, help="write test vectors of the vocabulary in --out, and learn nothing")
    options = parser.parse_args()
    if options.golden:
        write_golden(Tokenizer(options.out / FILE_NAME), options.golden)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    path = train(corpus_texts(options.samples), options.out, options.vocab)
    print(f"{path}: {len(Tokenizer(path))} pieces")


if __name__ == "__main__":
    main()
