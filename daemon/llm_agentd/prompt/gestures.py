"""What a `think` with intent `gesture` may be answered with: a gesture that has a name, or one made up by frames.

The form is that of docs/gestures.md, which the mod plays; here it is a JSON schema that a grammar holds the model to.
A client that offers no actions of its own is offered both. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from llm_agentd.types import Action, Think

INTENT = "gesture"
EMOTE, GESTURE = "emote", "gesture"  # the actions, as the mod calls them
KINDS = ("wave", "nod", "shake", "point", "beckon", "bow", "shrug", "think", "count", "laugh", "cry", "dance")
JOINTS = ("Head", "Body", "Arm_Left", "Arm_Right", "Leg_Left", "Leg_Right")
# A model writes less than a gesture may hold: each frame is some 40 tokens, and most of its time.
FRAMES_MAX, TIMES_MAX, ANGLE_MAX, LENGTH_MAX_S = 6, 5, 180, 8
GUIDE = (
    'A gesture is {"frames": [{"at": seconds, "joints": {"Arm_Right": [x, y, z]}}], "times": how often}, with degrees'
    " from rest and growing seconds. Arms: [90,0,0] ahead, [180,0,0] up, Arm_Right [0,0,-90] and Arm_Left [0,0,90] to"
    " the side. Head: [-20,0,0] looks down, [0,30,0] aside. Body: [-40,0,0] bows. Leg_Left: [30,0,0] ahead."
)

_T = TypeVar("_T", bound=Think)


def form_schema() -> dict[str, Any]:
    """Of the parameters of `gesture`; a new one each time, for the caller to change."""
    angle = {"type": "integer", "minimum": -ANGLE_MAX, "maximum": ANGLE_MAX}
    turned = {joint: {"type": "array", "items": angle, "minItems": 3, "maxItems": 3} for joint in JOINTS}
    frame = {
        "type": "object",
        "properties": {
            "at": {"type": "number", "minimum": 0, "maximum": LENGTH_MAX_S},
            "joints": {"type": "object", "properties": turned, "minProperties": 1},
        },
        "required": ["at", "joints"],
    }
    return {
        "type": "object",
        "properties": {
            "frames": {"type": "array", "items": frame, "minItems": 1, "maxItems": FRAMES_MAX},
            "times": {"type": "integer", "minimum": 1, "maximum": TIMES_MAX},
        },
        "required": ["frames", "times"],
    }


def with_actions(think: _T) -> _T:
    """A think of this intent that offers no actions, with both; any other as it is."""
    if think.intent != INTENT or think.actions or think.translate:
        return think
    kind = {"type": "string", "enum": list(KINDS)}
    emote = Action(EMOTE, params={"type": "object", "properties": {"kind": kind}, "required": ["kind"]})
    return replace(think, actions=(emote, Action(GESTURE, params=form_schema())))


def guide(think: Think) -> str:
    """What a model must know to make a gesture up, where it may; else ""."""
    may_make_one = think.intent == INTENT and any(action.name == GESTURE for action in think.actions)
    return GUIDE if may_make_one else ""
