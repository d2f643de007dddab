"""Moderation: what players say to NPCs and what the model answers, checked before it goes on.

The router thread calls `check_in` once for each `think`, and `check_in_chat` for an `infer` that asks for it; the
engine thread calls `check_out` before new text is shown. All look into the word list, which takes some microseconds.
Where a classifier is configured, the router thread also hands it both, by `classify`; that may take a second, so its
verdict comes by a callback. `hold_back` makes what a client gets in the place of a bad text, and writes the audit log:
only whoever answers the request calls it. Names and personas of NPCs, which admins write, are not looked at. Knows no
sockets or engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from llm_agentd.errors import Filtered, TooLarge
from llm_agentd.moderation.classifier import ClassifierThread
from llm_agentd.moderation.lists import rules_version
from llm_agentd.moderation.safe_lines import deflection, refusal
from llm_agentd.moderation.word_list import Age, WordList
from llm_agentd.types import Message, ModerationContext, Think

Direction: TypeAlias = Literal["in", "out"]
RULES_KEPT = 4  # of changes while the daemon runs: no request is open through more of them
T = TypeVar("T", bound=Think)  # a record with options, or the facts alone
TAIL_CHARS = 80  # of a growing reply: longer than any phrase of the lists
CHAT_MAX_BYTES = 32 * 1024  # of a chat, as of all texts of a think: 12 ms of the router's time
TEXT_LOGGED_CHARS = 2000  # as long as anything said at once


class Log(Protocol):
    def write(self, entry: dict[str, Any]) -> None: ...


class Settings(Protocol):
    """The configuration's section `agents`, as far as moderation needs it."""

    @property
    def moderation(self) -> Literal["on", "off", "strict"]: ...

    @property
    def age(self) -> Age: ...

    @property
    def block_words(self) -> tuple[str, ...]: ...

    @property
    def allow_words(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a text is held back. `category`: of the word list, or of the classifier. `match`: the bad part; "": all."""

    category: str
    match: str = ""


class Moderator:
    """`age`, `strict` and an admin's own words as configured; `audit` gets what was held back.

    `classifier`: a second opinion, which takes its time; see `classify`. `tag` names the rules in force: a part of
    cache keys. `is_off`: nobody asks for a check; only `configure` sets it.
    """

    def __init__(
        self,
        audit: Log | None,
        age: Age = "teen",
        *,
        strict: bool = False,
        blocked: tuple[str, ...] = (),
        allowed: tuple[str, ...] = (),
        classifier: ClassifierThread | None = None,
    ) -> None:
        self._audit = audit
        self._classifier = classifier
        self._rules: dict[
            str, WordList
        ] = {}  # by tag, the newest last; replaced as a whole, as the engine thread reads
        self._use(age, strict=strict, blocked=blocked, allowed=allowed)

    def _use(self, age: Age, *, strict: bool, blocked: tuple[str, ...], allowed: tuple[str, ...]) -> None:
        words = WordList(age, strict=strict, blocked=blocked, allowed=allowed)
        tag = f"{rules_version()} {age} {strict} {sorted(blocked)} {sorted(allowed)}"
        others = [(other, rules) for other, rules in self._rules.items() if other != tag]
        self._rules = dict([*others[1 - RULES_KEPT :], (tag, words)])
        self.tag, self._words = tag, words
        self.is_off = False

    def configure(self, settings: Settings) -> bool:
        """Other rules from now on. What a player said under the old ones is answered under the old ones. True: done."""
        if settings.moderation == "off":
            self.is_off = True  # and the rules stay, for the replies that are on their way
            return True
        self._use(
            settings.age,
            strict=settings.moderation == "strict",
            blocked=settings.block_words,
            allowed=settings.allow_words,
        )
        return True

    def start(self) -> None:
        if self._classifier:
            self._classifier.start()

    def stop(self) -> None:
        if self._classifier:
            self._classifier.stop()

    @property
    def has_classifier(self) -> bool:
        """Whether texts go through `classify` too. Then no reply to a `think` is streamed: it is checked as a whole."""
        return self._classifier is not None

    def look_up(self, text: str, tag: str | None = None) -> Verdict | None:
        """What the word list finds in `text`, in either direction; None: nothing."""
        rules = self._words if tag is None else self._rules.get(tag, self._words)
        finding = rules.find(text)
        return None if finding is None else Verdict(finding.kind, finding.match)

    # -- the word list: at once ------------------------------------------------------------------

    def check_in(self, think: T, language: str) -> tuple[T, ModerationContext]:
        """What a player says. `language`: of the line in its place.

        Gives `think` without earlier lines that are not fit. Raises Filtered where the words just said are not.
        """
        player_text = think.utterance or ""
        context = ModerationContext(think.npc.id, think.npc.name, think.player or "", language, player_text, self.tag)
        if player_text and (verdict := self.look_up(player_text)):
            raise self.hold_back("in", context, player_text, verdict)
        history = tuple(turn for turn in think.history if not self._words.find(turn.text))
        if len(history) < len(think.history):
            think = replace(think, history=history)
        return think, context

    def check_in_chat(
        self, messages: tuple[Message, ...], player: str, language: str
    ) -> tuple[tuple[Message, ...], ModerationContext]:
        """A client's own chat. What systems say is an admin's, and not looked at.

        Gives it without earlier exchanges that are not fit. Raises Filtered where the words just said are not, TooLarge
        for more than is looked at.
        """
        size = sum(len(message.content.encode("utf-8", "replace")) for message in messages if message.role != "system")
        if size > CHAT_MAX_BYTES:
            raise TooLarge(
                f"messages: {size} bytes beside those of systems; moderation looks at {CHAT_MAX_BYTES} at most: send "
                "less of what was said before"
            )
        earlier, now = _split_chat(messages)
        player_text = "\n".join(message.content for message in now if message.role == "user")
        context = ModerationContext("", "", player, language, player_text, self.tag)
        if player_text and (verdict := self.look_up(player_text)):
            raise self.hold_back("in", context, player_text, verdict)
        return (*self._fit_exchanges(earlier), *now), context

    def _fit_exchanges(self, messages: tuple[Message, ...]) -> Iterator[Message]:
        """Whole exchanges go, so that users and assistants still take turns, as many chat templates want it."""
        for exchange in _exchanges(messages):
            is_fit = not any(one.role != "system" and self._words.find(one.content) for one in exchange)
            yield from (one for one in exchange if is_fit or one.role == "system")

    def check_out(
        self, text: str, action: dict[str, Any] | None, *, is_whole: bool, tag: str | None = None
    ) -> Verdict | None:
        """What the model says; None: it may be shown. `tag`: of the rules under which the player was heard.

        Of a reply that still grows, `text` ends at a word's end, and only its tail is new. Of a whole one, all is
        looked at, with the words that its action brings.
        """
        if not is_whole:
            tail = text[-TAIL_CHARS:]
            if len(tail) < len(text):
                tail = tail.partition(" ")[2] or tail
            return self.look_up(tail, tag)
        for words in (text, *_strings((action or {}).get("params"))):
            if verdict := self.look_up(words, tag):
                return verdict
        return None

    # -- the classifier: later -------------------------------------------------------------------

    def switch(self, *, on: bool) -> None:
        """Off: the classifier makes no call, also for what waits for it."""
        if self._classifier:
            self._classifier.is_off = not on

    def classify(self, text: str, on_verdict: Callable[[Verdict | None], None]) -> None:
        """Calls `on_verdict` on the classifier's thread; None: nothing is wrong. Not at all where it has stopped.

        Only where `has_classifier`.
        """
        assert self._classifier is not None
        self._classifier.classify(
            text, lambda category: on_verdict(Verdict(f"classifier: {category}") if category else None)
        )

    # -- what is held back -----------------------------------------------------------------------

    def hold_back(self, direction: Direction, context: ModerationContext, text: str, verdict: Verdict) -> Filtered:
        """The answer in the place of `text`, which goes into the audit log."""
        line = (refusal if direction == "in" else deflection)(context.language, f"{context.npc_id} {text}")
        entry = {
            "direction": direction,
            "player": context.player,
            "npc": context.npc,
            "category": verdict.category,
            "match": verdict.match,
            "text": text[:TEXT_LOGGED_CHARS],
            "taken": "not sent to the model" if direction == "in" else "replaced",
        }
        if self._audit:
            self._audit.write(entry)
        subject = "the player's words were" if direction == "in" else "the reply was"
        return Filtered(
            f"{subject} held back by moderation ({verdict.category}); agents.moderation and agents.age say what passes",
            text=line,
            by="player" if direction == "in" else "model",
        )


def build(settings: Settings, audit: Log | None, classifier: ClassifierThread | None = None) -> Moderator:
    """As configured. `audit` None keeps no log."""
    moderator = Moderator(audit, settings.age, classifier=classifier)
    moderator.configure(settings)
    return moderator


def _split_chat(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """What was said up to the last answer, and what came after it."""
    answers = [at for at, message in enumerate(messages) if message.role == "assistant"]
    end = answers[-1] + 1 if answers else 0
    return messages[:end], messages[end:]


def _exchanges(messages: tuple[Message, ...]) -> Iterator[list[Message]]:
    """Each begins with a user's first words after an answer."""
    exchange: list[Message] = []
    has_answer = False
    for message in messages:
        if message.role == "user" and has_answer:
            yield exchange
            exchange, has_answer = [], False
        exchange.append(message)
        has_answer = has_answer or message.role == "assistant"
    yield exchange


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
