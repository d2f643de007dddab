"""`llm-agentd explain`, and `ask --show-prompt`: the prompt that the model would be given, for people or as JSON.

Runs in the main thread. Knows the client and the terminal; what is in a prompt, and what is not, the daemon says.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO

from rich.table import Table

from llm_agentd.client import Client, CurveFiles
from llm_agentd.errors import AgentdError
from llm_agentd.ops.terminal import cell, console_for
from llm_agentd.util.json_line import json_line

CONNECT_S = 2.0  # a daemon on this machine answers within milliseconds, even at full load


def explain(
    endpoint: str,
    think: dict[str, Any],
    *,
    as_json: bool = False,
    out: TextIO | None = None,
    curve: CurveFiles | None = None,
) -> int:
    """Asks about the prompt of `think`, a record's fields, and prints the answer; returns 0.

    Raises AgentdError with the daemon's own words where it explains nothing.
    """
    out = out or sys.stdout
    with Client(endpoint, connect_timeout_s=CONNECT_S, curve=curve) as client:
        client.request("ping", timeout_s=CONNECT_S)
        try:
            shown = client.request("think", explain=True, **think)["explanation"]
        except AgentdError as error:
            raise type(error)(f"{error.code}: {error.message}", retry_after_ms=error.retry_after_ms) from None
    if as_json:
        out.write(json_line(shown))
    else:
        show(shown, out)
    return 0


def show(shown: dict[str, Any], out: TextIO) -> None:
    """The parts, message after message; what was left out; how full the context is; the cache."""
    console = console_for(out)
    console.print(_parts(shown))
    if shown["left_out"]:
        console.print(_left_out(shown["left_out"]))
    in_parts = sum(part["tokens"] for part in shown["parts"])
    cache = shown["cache"]
    lines = (
        f"model {shown['model']}" + (f", asked to speak {shown['lang']}" if shown["lang"] else ""),
        f"{shown['prompt_tokens']} tokens of prompt ({in_parts} in the parts, the rest is the chat template's)"
        f" and at most {shown['max_tokens']} of reply, in a context of {shown['context_tokens']}",
        f"cache {cache['result']}: {cache['kept']} of {cache['variants']} replies are kept, key {cache['key']}…",
    )
    console.print(cell("\n".join(lines)), soft_wrap=True)


def _parts(shown: dict[str, Any]) -> Table:
    table = Table("message", "part", "tokens", "text", title="the prompt", title_justify="left")
    table.columns[2].justify = "right"
    before = None
    for part in shown["parts"]:
        index = part["message"]
        role = shown["messages"][index]["role"] if index != before else ""
        if index != before and before is not None:
            table.add_section()
        before = index
        table.add_row(cell(role), cell(part["part"]), str(part["tokens"]), cell(part["text"]))
    return table


def _left_out(rows: list[dict[str, str]]) -> Table:
    table = Table("part", "why", "text", title="left out", title_justify="left")
    for row in rows:
        table.add_row(cell(row["part"]), cell(row["why"]), cell(row["text"]))
    return table
