"""Lines of the audit log, as moderation writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def entry(player: str, days_ago: float, text: str = "x") -> dict[str, Any]:
    return {"time": (NOW - timedelta(days=days_ago)).isoformat(), "player": player, "text": text}
