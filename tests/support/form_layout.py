"""Computes where the elements of a formspec lie on the screen, so that a test clicks a button by its name.

Pure. Knows formspec_version 2 and later (real coordinates), as all forms of the mod have, in the middle of the screen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PADDING = 0.05  # of the screen, kept free on each side
UNITS_ACROSS = 15  # what is left of the screen's shorter side is that many units, or more for a larger form
# Clients newer than 5.6 make a unit no smaller than a slot at 96 dots an inch, as long as the form fits.
UNIT_MIN_PIXELS = 0.5555 * 96
# Element → the part that holds its name, counted from 0; those with a size have it in part 1.
NAME_PART = {
    "field": 2, "pwdfield": 2, "textarea": 2, "button": 2, "button_exit": 2, "dropdown": 2, "textlist": 2, "table": 2,
    "hypertext": 2, "scrollbar": 3, "image_button": 3, "image_button_exit": 3, "item_image_button": 3, "checkbox": 1,
}  # fmt: skip
TICK = (0.4, 0.0)  # a checkbox has no size; its middle is at its y


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def middle(self) -> tuple[int, int]:
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2


@dataclass(frozen=True)
class Form:
    """A form as it lies on a screen."""

    name: str
    spec: str
    box: Box
    elements: dict[str, Box]
    drawn: list[tuple[str, list[str], Box]] = field(default_factory=list)

    def find(self, element: str) -> Box:
        """The box of an element. Raises KeyError with the names that there are."""
        if element not in self.elements:
            raise KeyError(f"no {element} in form {self.name}; it has {', '.join(sorted(self.elements))}")
        return self.elements[element]


def _split(text: str, at: str) -> list[str]:
    """Parts between unescaped `at`."""
    return re.split(rf"(?<!\\){re.escape(at)}", text)


def _pair(text: str) -> tuple[float, float]:
    first, _, second = text.partition(",")
    return float(first), float(second or 0.8)  # a dropdown may leave out its height


# Those that are drawn; a label has a place and no size, and its middle is at its y.
DRAWN = {*NAME_PART, "label", "box", "image", "item_image"} - {"scrollbar"}


def lay_out(name: str, spec: str, screen: tuple[int, int], unit_min: float = 0.0) -> Form:
    """Finds all elements. Raises ValueError where the spec has no size. `unit_min`: in pixels, 0 for 5.6."""
    size = re.search(r"size\[([\d.]+),([\d.]+)", spec)
    if size is None or not re.search(r"formspec_version\[(\d+)", spec):
        raise ValueError(f"form {name} has no formspec_version or no size: {spec[:200]}")
    width, height = float(size[1]), float(size[2])
    room = screen[0] * (1 - 2 * PADDING), screen[1] * (1 - 2 * PADDING)
    unit = min(max(min(room) / UNITS_ACROSS, unit_min), room[0] / width, room[1] / height)
    origin = (screen[0] - width * unit) / 2, (screen[1] - height * unit) / 2

    def box(x: float, y: float, w: float, h: float) -> Box:
        left, top = origin[0] + x * unit, origin[1] + y * unit
        return Box(round(left), round(top), round(left + w * unit), round(top + h * unit))

    elements: dict[str, Box] = {}
    drawn: list[tuple[str, list[str], Box]] = []
    columns = ""
    offsets = [(0.0, 0.0)]
    for element in _split(spec, "]"):
        kind, _, inside = element.strip().partition("[")
        parts = _split(inside, ";")
        if kind in ("container", "scroll_container"):
            x, y = _pair(parts[0])
            offsets.append((offsets[-1][0] + x, offsets[-1][1] + y))
        elif kind in ("container_end", "scroll_container_end"):
            offsets.pop()
        elif kind == "tablecolumns":
            columns = inside
        elif kind in NAME_PART or kind in DRAWN:
            x, y = _pair(parts[0])
            w, h = TICK if kind == "checkbox" else (0.0, 0.0) if kind == "label" else _pair(parts[1])
            place = box(x + offsets[-1][0], y + offsets[-1][1], w, h)
            if kind in NAME_PART:
                elements[parts[NAME_PART[kind]]] = place
            if kind in DRAWN:
                drawn.append((kind, [*parts, columns] if kind == "table" else parts, place))
    return Form(name, spec, box(0, 0, width, height), elements, drawn)
