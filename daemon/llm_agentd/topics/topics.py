"""What a player means: the topic of a line, by a small classifier beside the embedded model.

The embedded model is told the topic, what placeholders have a value and the moment; it writes the words. A model of
its size cannot read typos, slang and words that its corpus lacks; the classifier begins with weights that have read
much more. One file beside the model's GGUF holds it, and what the topics are. Router thread. Knows no prompts and no
requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_agentd.errors import StartError
from llm_agentd.topics.encoder import MAX_TOKENS, Encoder, Matrix
from llm_agentd.topics.normalize import words
from llm_agentd.topics.phrasebook import Phrasebook, one_set
from llm_agentd.topics.wordpiece import WordPiece

FORMAT = 3
SUFFIX = ".topics.npz"  # of the file, in the place of .gguf
FOLLOW_UP = "then_"  # topics of bare follow-ups begin so
UNCLEAR = "not_understood"  # the topic of what is not sure enough
UNCLEAR_BELOW = 0.25  # of the likeliest topic's share: of those below, one in four is right (hearthling/README.md)
ASKED_AT_ALL = 0.03  # of all shares: where those that a sentence may answer have less, hardly any of them is meant
SPREAD = 0.05  # of what a sentence answers: no topic is quite ruled out
CACHED_LINES = 1024  # players say the same things; a vector is 1.5 kB


@dataclass(frozen=True, slots=True)
class Topic:
    """What the model was trained to be told with a topic.

    `slots`: placeholders that its replies may use. `moments`: words of time, weather and signs that its replies
    depend on. `deeds`: actions that may come with it, each with its parameters: a placeholder, or `=` and a value.
    `goods`: `need` or `stock`. `asks`: a sentence that the NPC knows may answer it. `vocabulary`: words of its lines,
    where a name that the game does not know must be found among them.
    """

    name: str
    slots: frozenset[str]
    moments: frozenset[str]
    deeds: tuple[Mapping[str, str], ...]
    goods: str
    asks: bool
    vocabulary: frozenset[str]

    @property
    def is_follow_up(self) -> bool:
        """A bare question such as "why?", which means nothing without what was said before."""
        return self.name.startswith(FOLLOW_UP)

    @property
    def action_names(self) -> frozenset[str]:
        return frozenset(deed["action"] for deed in self.deeds)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The likeliest topics with their shares, the likeliest first."""

    topics: tuple[tuple[str, float], ...]

    def topic_for(self, may_follow_up: bool) -> str:
        """The likeliest topic, or UNCLEAR. `may_follow_up`: whether it may be a bare question about what was just
        said.
        """
        for name, share in self.topics:
            if share < UNCLEAR_BELOW:
                break
            if may_follow_up or not name.startswith(FOLLOW_UP):
                return name
        return UNCLEAR


class Topics:
    """`classify` lines, and look up what a topic is."""

    def __init__(self, path: Path) -> None:
        """Raises StartError where the file cannot be used."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays: dict[str, Any] = {name: file[name] for name in file.files}
            about: dict[str, Any] = json.loads(arrays.pop("about").tobytes())
        except (OSError, ValueError, KeyError) as error:
            raise StartError(f"{path}: cannot be read as topics of a model: {error}") from None
        if about["format"] != FORMAT:
            raise StartError(f"{path}: format {about['format']}, want {FORMAT}; fetch model and topics of one version")
        self._names: list[str] = about["labels"]
        at = {name: index for index, name in enumerate(self._names)}
        self._about_at = np.array([at[name] for name in about.pop("about_labels")])
        self._topics = {name: _topic(name, fields) for name, fields in about.pop("topics").items()}
        self._pieces = WordPiece({piece: index for index, piece in enumerate(about.pop("pieces"))})
        self._encoder = Encoder(arrays, about["layers"], about["heads"])
        # What it learned to tell apart may have lost its lines since: that is never meant.
        arrays["head.bias"][[name not in self._topics for name in self._names]] = -np.inf
        self._head, self._about_head = Matrix(arrays, "head"), Matrix(arrays, "about_head")
        scenes = dict(zip(about.pop("scenes"), arrays.pop("scenes").tobytes().split(b"\n"), strict=True))
        self.phrasebook = Phrasebook(about.pop("cases"), scenes, about["always"])
        self.about = about
        self._mean = lru_cache(maxsize=CACHED_LINES)(self._compute)
        self.classify = lru_cache(maxsize=CACHED_LINES)(self._classify)

    def get(self, name: str) -> Topic | None:
        return self._topics.get(name)

    @property
    def actions(self) -> frozenset[str]:
        """Names of the actions that some topic may come with."""
        return frozenset(deed["action"] for topic in self._topics.values() for deed in topic.deeds)

    @cached_property
    def common_words(self) -> frozenset[str]:
        """Words of players' lines that are no name of anything."""
        return frozenset(self.about["common_words"])

    def knows_word(self, word: str) -> bool:
        """Whether it is surely spelt as English is; in small letters."""
        return word in self.common_words or self._pieces.has(word)

    def vector(self, text: str) -> NDArray[np.float32]:
        """Of length 1."""
        mean = self._mean(text)
        unit: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-6)
        return unit

    def subjects(self, sentence: str) -> NDArray[np.float32]:
        """How much a sentence that somebody knows answers each topic: shares, by `labels`. Most topics ask for none:
        a small part is spread over all."""
        shares: NDArray[np.float32] = np.full(len(self._names), SPREAD / len(self._names), np.float32)
        shares[self._about_at] += (1 - SPREAD) * _softmax(self._about_head(self._mean(sentence)[None])[0])
        return shares

    def shares(self, text: str) -> NDArray[np.float32]:
        """How likely each topic is meant, by `labels`."""
        return _softmax(self._head(self._mean(text)[None])[0])

    def asked(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """What `shares` would be, were only topics meant that a sentence may answer."""
        asked = np.zeros_like(shares)
        asked[self._about_at] = shares[self._about_at]
        return asked / max(float(asked.sum()), ASKED_AT_ALL)

    def likeliest(self, text: str, fits: Callable[[Topic], bool]) -> str:
        """The likeliest of the topics that fit, however unlikely; "" where none does."""
        shares = self.shares(text)
        known = [index for index, name in enumerate(self._names) if name in self._topics and fits(self._topics[name])]
        return self._names[max(known, key=lambda index: float(shares[index]))] if known else ""

    def _classify(self, text: str) -> Meaning:
        shares = self.shares(text)
        best = np.argsort(-shares)[:5]
        return Meaning(tuple((self._names[index], float(shares[index])) for index in best))

    def _compute(self, text: str) -> NDArray[np.float32]:
        return self._encoder.encode(self._pieces.ids(words(text), MAX_TOKENS))


@cache
def open_topics(path: Path) -> Topics:
    """One for each file: whoever starts the model opens its topics too, so that no request waits for them.

    Raises StartError.
    """
    if not path.exists():
        raise StartError(f"{path}: missing; a model that is told topics wants this file beside it")
    return Topics(path)


def topics_path(model: Path) -> Path:
    """Where the topics of a model lie: `hearthling.topics.npz` beside `hearthling.gguf`."""
    return model.with_name(model.name.removesuffix(".gguf") + SUFFIX)


def _topic(name: str, fields: dict[str, Any]) -> Topic:
    return Topic(
        name,
        one_set(*fields["slots"]),
        one_set(*fields["moments"]),
        tuple(fields["deeds"]),
        fields["goods"],
        fields["asks"],
        one_set(*fields.get("vocabulary", ())),
    )


def _softmax(scores: Sequence[float] | NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(np.asarray(scores) - np.max(scores))
    shares: NDArray[np.float32] = powers / powers.sum()
    return shares
