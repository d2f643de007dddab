"""The options that commands share: `--config`, `--set` and `--format`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class DumpFormat(StrEnum):
    table = "table"
    jsonl = "jsonl"


ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML file instead of /etc/llm_agent/config.yaml."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting, over all other sources; repeat for more."),
]
Format = Annotated[DumpFormat, typer.Option("--format", help="For people, or one JSON object a line.")]
