"""A script for the stub engine: keeps the prompts it was given, and answers each with the same reply."""

from __future__ import annotations


class RecordingScript:
    def __init__(self, reply: bytes = b"Well met.") -> None:
        self.prompts: list[str] = []
        self.reply = reply

    def __call__(self, prompt: str) -> list[bytes]:
        self.prompts.append(prompt)
        return [self.reply]
