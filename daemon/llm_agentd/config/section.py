"""What all sections of the configuration have in common. Pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen; an unknown key or a value that is no number (NaN, infinity) is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
