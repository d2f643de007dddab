"""The microphones that games asked for: their one-time codes, the pages' tokens, and what each page may do.

Runs on the event loop; clock and chance are handed in. Knows no HTTP and no sessions: what happens goes to the `send`
of whoever opened it.

    open ──code typed, within 5 min──▶ used ──▶ ended: by the game (`close`), after 8 h, or where no code was typed

All is in memory alone, so a restart ends all. Of a token only its hash is kept; no code, no token, no sound and no word
of a player goes into a log.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from llm_agentd.client.records import Record
from llm_agentd.errors import BadRequest, Overloaded, Unauthorized, Unavailable
from llm_agentd.http.voice.guesses import Guesses
from llm_agentd.protocol.listen_record import LISTEN_MAX_MS, ListenRecord

log = logging.getLogger(__name__)

CODE_DIGITS = 6  # read aloud as 482-913, and typed on a phone's number pad
CODE_LIFE_S = 300.0  # to the phone in the other room and back
TOKEN_BYTES = 32
MICROPHONES_MAX = 256  # each is a player; far more than one model can answer
FULL_RETRY_AFTER_MS = 60_000
UTTERANCES_BURST = 5  # at once, and then one in so long: nobody says more, and a recogniser's second is everybody's
UTTERANCE_EVERY_S = 2.0
BUSY_RETRY_AFTER_MS = 1_000
TEXT_MAX_CHARS = 400  # ten seconds of the fastest speaker; a chat line may have 500
DEAF = (
    "no engine listens on this server; its admin can add one: pip install 'llm-agentd[hearing]', and speech.stt: auto"
)
ASK_ANEW = "type /llm mic in the game for a new one"

Send = Callable[[str, Record], None]


@dataclass(eq=False)
class Microphone:
    """One that a game asked for. `is_there`: does the game still ask for events?"""

    key: str
    record: ListenRecord
    send: Send
    is_there: Callable[[], bool]
    ends_s: float
    code: str | None
    code_ends_s: float
    token_hash: bytes | None = None
    is_speaking: bool = False
    has_ended: bool = False
    pace: float = field(default=float(UTTERANCES_BURST))  # utterances it may still say at once
    paced_s: float = 0.0

    def has_expired(self, now_s: float) -> bool:
        return now_s >= (self.ends_s if self.token_hash is not None else min(self.ends_s, self.code_ends_s))


class Microphones:
    """All of them."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        new_number: Callable[[int], int] = secrets.randbelow,
        has_ears: Callable[[], bool] = lambda: True,
    ) -> None:
        """`has_ears`: is there an engine that listens?"""
        self._clock = clock
        self._has_ears = has_ears
        self._new_number = new_number
        self._guesses = Guesses()
        self._by_key: dict[str, Microphone] = {}
        self._by_token: dict[bytes, Microphone] = {}
        self._count = 0

    @property
    def page_count(self) -> int:
        """How many pages hold a token."""
        return len(self._by_token)

    # -- for games -------------------------------------------------------------------------------

    def open(self, record: ListenRecord, send: Send, is_there: Callable[[], bool]) -> Microphone:
        """A new one with its code. `send(key, event)` is called for each event but the first.

        Raises Unavailable where no engine listens, Overloaded where there are too many.
        """
        if not self._has_ears():
            raise Unavailable(DEAF)
        self.sweep()
        if len(self._by_key) >= MICROPHONES_MAX:
            raise Overloaded(f"listen: {MICROPHONES_MAX} are open already", retry_after_ms=FULL_RETRY_AFTER_MS)
        now_s = self._clock()
        self._count += 1
        microphone = Microphone(
            key=f"{record.op}-{self._count}",
            record=record,
            send=send,
            is_there=is_there,
            ends_s=now_s + (record.deadline_ms or LISTEN_MAX_MS) / 1000,
            code=self._new_code(),
            code_ends_s=now_s + CODE_LIFE_S,
            paced_s=now_s,
        )
        self._by_key[microphone.key] = microphone
        return microphone

    def update(self, key: str, record: ListenRecord) -> None:
        """The game says anew what is likely said. Raises BadRequest where it is another player's."""
        microphone = self._by_key[key]
        if record.player != microphone.record.player:
            raise BadRequest(f"player: this listen is of {microphone.record.player!r}; want a new id for another")
        microphone.record = record

    def close(self, key: str) -> bool:
        """The game wants it no more, or is gone; its token is worth nothing from now on. False where there is none."""
        microphone = self._by_key.pop(key, None)
        if microphone is None:
            return False
        microphone.has_ended, microphone.code = True, None
        if microphone.token_hash is not None:
            self._by_token.pop(microphone.token_hash, None)
        return True

    def sweep(self) -> None:
        """Ends those whose time is up; called now and then."""
        now_s = self._clock()
        for microphone in [one for one in self._by_key.values() if one.has_expired(now_s)]:
            self._end(microphone)

    def _end(self, microphone: Microphone) -> None:
        if self.close(microphone.key):
            microphone.send(microphone.key, {"event": "done"})

    def _new_code(self) -> str:
        taken = {microphone.code for microphone in self._by_key.values()}
        while True:
            code = f"{self._new_number(10**CODE_DIGITS):0{CODE_DIGITS}}"
            if code not in taken:
                return code

    # -- for pages -------------------------------------------------------------------------------

    def login(self, typed: str, address: str) -> tuple[str, Microphone]:
        """A token for the code that somebody typed at `address`; the code is worth nothing from now on.

        Raises BadRequest for what is no code, Unauthorized for a wrong one, and Overloaded after too many wrong ones.
        """
        now_s = self._clock()
        code = "".join(sign for sign in typed if sign not in " -–\u00a0")
        if not (len(code) == CODE_DIGITS and code.isascii() and code.isdecimal()):
            raise BadRequest(f"code: want the {CODE_DIGITS} digits that /llm mic shows in the game, such as 482-913")
        self._guesses.check(address, now_s)
        self.sweep()
        found = None
        for microphone in self._by_key.values():  # all of them, so that the time tells nothing
            if microphone.code is not None and hmac.compare_digest(microphone.code, code):
                found = microphone
        if found is None or now_s >= found.code_ends_s:
            self._guesses.note_wrong(address, now_s)
            log.info("a wrong code was typed on /voice, from %s", address)
            raise Unauthorized(f"this code is wrong, used already or too old; {ASK_ANEW}")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        found.code, found.token_hash = None, _hash(token)
        self._by_token[found.token_hash] = found
        found.send(found.key, {"event": "opened"})
        return token, found

    @contextmanager
    def speaking(self, token: str) -> Iterator[Microphone]:
        """While one utterance is read and recognised. Raises Unauthorized, and Overloaded where it comes too soon."""
        microphone = self._of(token)
        if microphone.is_speaking:
            raise Overloaded(
                "one after the other: what you said before is still read", retry_after_ms=BUSY_RETRY_AFTER_MS
            )
        self._pace(microphone)
        microphone.is_speaking = True
        try:
            yield microphone
        finally:
            microphone.is_speaking = False

    def heard(self, microphone: Microphone, text: str, confidence: float) -> str:
        """Hands the words to the game; returns them as it gets them, "" where nothing was said.

        Raises Unauthorized where it ended meanwhile, Unavailable where the game does not ask any more.
        """
        if microphone.has_ended:
            raise _ended()
        words = " ".join(text.split())[:TEXT_MAX_CHARS]
        if not words:
            return ""
        if not microphone.is_there():
            raise Unavailable(
                f"the game does not listen at the moment; say it again, and if that lasts {ASK_ANEW}",
                retry_after_ms=BUSY_RETRY_AFTER_MS,
            )
        microphone.send(microphone.key, {"event": "heard", "text": words, "confidence": round(confidence, 3)})
        return words

    def _of(self, token: str) -> Microphone:
        token_hash = _hash(token)
        microphone = self._by_token.get(token_hash)  # by a hash, which nobody can make up bit by bit
        if microphone is None or not hmac.compare_digest(microphone.token_hash or b"", token_hash):
            raise _ended()
        if microphone.has_expired(self._clock()):
            self._end(microphone)
            raise _ended()
        return microphone

    def _pace(self, microphone: Microphone) -> None:
        now_s = self._clock()
        refilled = microphone.pace + (now_s - microphone.paced_s) / UTTERANCE_EVERY_S
        microphone.pace, microphone.paced_s = min(UTTERANCES_BURST, refilled), now_s
        if microphone.pace < 1:
            wait_s = (1 - microphone.pace) * UTTERANCE_EVERY_S
            raise Overloaded(
                "that is much at once; wait a moment, then say it again", retry_after_ms=int(wait_s * 1000) + 1
            )
        microphone.pace -= 1


def shown(code: str) -> str:
    """A code as it is read aloud: 482-913."""
    half = CODE_DIGITS // 2
    return f"{code[:half]}-{code[half:]}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _ended() -> Unauthorized:
    return Unauthorized(f"this microphone is off: the player left, switched it off, or had it for long; {ASK_ANEW}")
