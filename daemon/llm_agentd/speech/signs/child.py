"""The process that draws signs, a child of the HTTP process (`service.py`).

Started as `python -m llm_agentd.speech.signs.child`.

For each line `{"text", "lang", "height"}` one line `{"bytes": n}` and n bytes of PNG, or `{"error": message}`; one line
`{"ready": true}` before the first. The package, Pillow and the fonts take 0.2 s of Python and 12 MiB, which the HTTP
process has for no game; here they are given back when nobody reads signs.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

import orjson

from llm_agentd.speech.signs.languages import LANGUAGES
from llm_agentd.speech.signs.picture import draw
from llm_agentd.speech.signs.spelling import spell

NICENESS = 10  # the game, the model and voices go first


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the daemon, which closes our stdin
    with suppress(AttributeError, OSError):
        os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(lines: BinaryIO, answers: BinaryIO) -> None:
    """Until there are no more lines."""
    _answer(answers, {"ready": True})
    for line in lines:
        asked = orjson.loads(line)
        letters = spell(asked["text"], asked["lang"])
        if any(letter.fsw for letter in letters):
            picture = draw(letters, asked["height"])
            _answer(answers, {"bytes": len(picture)}, picture)
        else:
            _answer(answers, {"error": f"text: {LANGUAGES[asked['lang']]} has a sign for none of these letters"})


def _answer(answers: BinaryIO, fields: dict[str, object], picture: bytes = b"") -> None:
    answers.write(orjson.dumps(fields) + b"\n" + picture)
    answers.flush()


if __name__ == "__main__":
    main()
