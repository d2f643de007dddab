"""What the page may send: a WAV of one form, not too short and not too long."""

from __future__ import annotations

import pytest

from llm_agentd.errors import AgentdError, BadRequest, TooLarge
from llm_agentd.http.voice.wav import bytes_max, check
from tests.http.voice.sounds import wav

SECONDS_MAX = 10.0


@pytest.mark.parametrize("seconds", [0.1, 1.0, SECONDS_MAX, SECONDS_MAX + 0.4])
def test_words_of_a_player_pass(seconds: float) -> None:
    audio = wav(seconds)
    check(audio, SECONDS_MAX)
    assert len(audio) <= bytes_max(SECONDS_MAX)


@pytest.mark.parametrize(
    ("audio", "error"),
    [
        (b"", BadRequest),
        (b"RIFF", BadRequest),
        (b"RIFF\xff\xff\xff\xffWAVE", BadRequest),
        (b"OggS" + bytes(100), BadRequest),
        (wav()[:30], BadRequest),
        (wav(rate_hz=48_000), BadRequest),
        (wav(channels=2), BadRequest),
        (wav(sample_bytes=1), BadRequest),
        (wav(0.05), BadRequest),
        (wav(11), TooLarge),
        (wav().replace(b"data" + (32_000).to_bytes(4, "little"), b"data\xff\xff\xff\x7f")[:100], BadRequest),
    ],
)
def test_all_else_is_refused(audio: bytes, error: type[AgentdError]) -> None:
    with pytest.raises(error, match="body: "):
        check(audio, SECONDS_MAX)
