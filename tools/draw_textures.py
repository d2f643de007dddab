"""Draws the mod's textures: `python tools/draw_textures.py [FOLDER]`, else to mods/llm_agent/textures/.

Skins for the 64x32 character model and flat figures for games without one, all drawn here from a few colours a role.
Needs nothing but Python; run it after changing a colour, and commit what it writes.
"""

from __future__ import annotations

import random
import struct
import sys
import zlib
from pathlib import Path

TEXTURES = Path(__file__).resolve().parents[1] / "mods" / "llm_agent" / "textures"

Colour = tuple[int, int, int]
Canvas = list[list[tuple[int, int, int, int]]]

# role: skin, hair, shirt, trousers, trim (belt and collar), extra
LOOKS: dict[str, tuple[Colour, Colour, Colour, Colour, Colour, str]] = {
    "elder": ((224, 186, 156), (232, 232, 228), (96, 84, 132), (72, 64, 96), (206, 178, 92), "beard"),
    "merchant": ((222, 178, 140), (92, 58, 32), (164, 60, 52), (74, 56, 44), (226, 188, 78), "hat"),
    "guard": ((214, 170, 134), (60, 46, 38), (122, 130, 142), (70, 78, 92), (168, 44, 44), "helmet"),
    "smith": ((198, 148, 112), (44, 36, 32), (150, 112, 74), (58, 52, 50), (92, 66, 44), "apron"),
    "healer": ((232, 198, 170), (168, 112, 60), (236, 234, 224), (130, 160, 130), (88, 150, 96), "hood"),
    "farmer": ((216, 168, 126), (186, 144, 76), (112, 148, 72), (88, 100, 138), (226, 204, 128), "hat"),
    "innkeeper": ((226, 184, 150), (120, 72, 44), (206, 160, 92), (96, 70, 54), (240, 236, 226), "apron"),
    "hunter": ((206, 160, 122), (82, 60, 40), (74, 94, 58), (92, 76, 56), (58, 46, 36), "hood"),
    "child": ((238, 204, 176), (206, 160, 88), (90, 150, 206), (196, 120, 70), (244, 220, 110), "plain"),
    "bandit": ((206, 164, 130), (36, 32, 34), (58, 54, 60), (44, 42, 46), (142, 34, 40), "mask"),
    "fisher": ((212, 166, 130), (150, 150, 146), (70, 112, 140), (96, 100, 96), (222, 208, 168), "hat"),
    "scholar": ((232, 200, 172), (104, 92, 84), (56, 70, 120), (48, 54, 84), (214, 206, 186), "beard"),
    "miner": ((196, 154, 122), (66, 54, 48), (150, 120, 88), (84, 84, 92), (238, 200, 66), "helmet"),
    "priest": ((230, 196, 168), (140, 120, 104), (238, 232, 216), (220, 212, 192), (186, 148, 60), "hood"),
    "villager": ((222, 180, 146), (112, 80, 54), (150, 130, 104), (96, 84, 78), (120, 96, 70), "plain"),
}
# What words of forms lie on: `BACKGROUNDS` in mods/llm_agent/core/forms.lua has the same.
FORM, BUTTON = (0x26, 0x2A, 0x33), (0x45, 0x4D, 0x5E)
# Above heads: work is on offer; pay waits.
SIGNS = (
    ("offered", ("...##...",) * 7 + ("........",) * 2 + ("...##...",) * 2, (255, 206, 64), (84, 52, 8)),
    (
        "paid",
        (
            "..####..",
            ".##..##.",
            ".##..##.",
            ".....##.",
            "....##..",
            "...##...",
            "...##...",
            "........",
            "...##...",
            "...##...",
        ),
        (120, 226, 110),
        (16, 62, 20),
    ),
)
EYE, WHITE, MOUTH = (58, 74, 96), (244, 244, 240), (150, 84, 74)


def canvas(width: int, height: int) -> Canvas:
    return [[(0, 0, 0, 0)] * width for _ in range(height)]


def fill(image: Canvas, x: int, y: int, width: int, height: int, colour: Colour, grain: random.Random | None) -> None:
    """A rectangle with a little grain, so that it reads as cloth and not as plastic."""
    for row in range(y, y + height):
        for column in range(x, x + width):
            shade = grain.randint(-7, 7) if grain else 0
            red, green, blue = (max(0, min(255, part + shade)) for part in colour)
            image[row][column] = (red, green, blue, 255)


def draw_face(image: Canvas, x: int, y: int, role: str, grain: random.Random) -> None:
    """The 8x8 front of a head."""
    skin, hair, _, _, trim, extra = LOOKS[role]
    fill(image, x, y, 8, 8, skin, grain)
    fill(image, x, y, 8, 2, hair, grain)
    fill(image, x, y + 2, 1, 2, hair, grain)
    fill(image, x + 7, y + 2, 1, 2, hair, grain)
    for eye, white in ((2, 1), (5, 6)):
        fill(image, x + eye, y + 4, 1, 1, EYE, None)
        fill(image, x + white, y + 4, 1, 1, WHITE, None)
    fill(image, x + 3, y + 6, 2, 1, MOUTH, None)
    if extra == "beard":
        fill(image, x, y + 5, 8, 3, hair, grain)
        fill(image, x + 3, y + 6, 2, 1, MOUTH, None)
    elif extra == "mask":
        fill(image, x, y + 5, 8, 3, trim, grain)
    elif extra == "helmet":
        fill(image, x, y, 8, 3, (150, 154, 162) if role == "guard" else trim, grain)
        if role == "miner":
            fill(image, x + 3, y + 1, 2, 1, WHITE, None)
    elif extra == "hat":
        fill(image, x, y, 8, 2, trim, grain)
    elif extra == "hood":
        fill(image, x, y, 8, 1, LOOKS[role][2], grain)
        fill(image, x, y + 1, 1, 7, LOOKS[role][2], grain)
        fill(image, x + 7, y + 1, 1, 7, LOOKS[role][2], grain)


def draw_chest(image: Canvas, x: int, y: int, role: str, grain: random.Random) -> None:
    """The 8x12 front of a body."""
    _, _, shirt, trousers, trim, extra = LOOKS[role]
    fill(image, x, y, 8, 12, shirt, grain)
    fill(image, x + 2, y, 4, 1, trim, grain)
    fill(image, x, y + 9, 8, 1, trim, grain)
    fill(image, x, y + 10, 8, 2, trousers, grain)
    if extra == "apron":
        fill(image, x + 1, y + 3, 6, 9, trim, grain)
    elif role == "guard":
        fill(image, x + 3, y + 2, 2, 6, trim, grain)
    elif role == "priest":
        fill(image, x + 3, y + 1, 2, 8, trim, grain)


def draw_skin(role: str) -> Canvas:
    """The layout of the character model: head on top, legs, body and arms below, each unfolded."""
    grain = random.Random(role)
    skin, hair, shirt, trousers, trim, extra = LOOKS[role]
    image = canvas(64, 32)
    cover = {"helmet": (150, 154, 162) if role == "guard" else trim, "hat": trim, "hood": shirt}.get(extra, hair)
    fill(image, 0, 8, 32, 8, cover, grain)  # sides and back of the head
    fill(image, 8, 0, 8, 8, cover, grain)
    fill(image, 16, 0, 8, 8, skin, grain)
    for side in (0, 16):
        fill(image, side, 12, 8, 4, skin if extra != "hood" else shirt, grain)
    draw_face(image, 8, 8, role, grain)
    fill(image, 0, 16, 16, 12, trousers, grain)  # leg
    fill(image, 0, 28, 16, 4, (64, 48, 38), grain)  # boots
    fill(image, 8, 16, 4, 4, (64, 48, 38), grain)
    fill(image, 16, 16, 24, 16, shirt, grain)  # body
    fill(image, 16, 29, 24, 1, trim, grain)
    fill(image, 16, 30, 24, 2, trousers, grain)
    draw_chest(image, 20, 20, role, grain)
    fill(image, 40, 16, 16, 16, shirt, grain)  # arm
    fill(image, 40, 29, 16, 3, skin, grain)
    fill(image, 48, 16, 4, 4, skin, grain)
    return image


def draw_figure(role: str) -> Canvas:
    """The same person flat from the front, 16x32."""
    grain = random.Random(role)
    skin, _, shirt, trousers, _, _ = LOOKS[role]
    image = canvas(16, 32)
    draw_face(image, 4, 0, role, grain)
    draw_chest(image, 4, 8, role, grain)
    for x in (0, 12):
        fill(image, x, 8, 4, 9, shirt, grain)
        fill(image, x, 17, 4, 3, skin, grain)
    for x in (4, 8):
        fill(image, x, 20, 4, 9, trousers, grain)
        fill(image, x, 29, 4, 3, (64, 48, 38), grain)
    return image


def draw_egg() -> Canvas:
    """The spawn egg: an egg with a face, 16x16."""
    grain = random.Random("egg")
    image = canvas(16, 16)
    shell = (236, 214, 170)
    for row, inset in enumerate((6, 5, 4, 4, 3, 3, 2, 2, 2, 2, 3, 3, 4, 5)):
        fill(image, inset, row + 1, 16 - 2 * inset, 1, shell, grain)
        for edge in (inset, 15 - inset):
            fill(image, edge, row + 1, 1, 1, (176, 146, 100), None)
    for x in (5, 9):
        fill(image, x, 7, 2, 2, EYE, None)
    fill(image, 6, 11, 4, 1, MOUTH, None)
    return image


def draw_coin() -> Canvas:
    """A coin with a square hole, 16x16."""
    grain = random.Random("coin")
    image = canvas(16, 16)
    for row, inset in enumerate((5, 3, 2, 1, 1, 0, 0, 0, 0, 1, 1, 2, 3, 5)):
        fill(image, inset + 1, row + 1, 14 - 2 * inset, 1, (222, 182, 72), grain)
        for edge in (inset + 1, 14 - inset):
            fill(image, edge, row + 1, 1, 1, (152, 112, 36), None)
    for row in (1, 14):
        fill(image, 6, row, 4, 1, (152, 112, 36), None)
    fill(image, 5, 3, 4, 1, (250, 228, 140), None)
    fill(image, 3, 5, 1, 4, (250, 228, 140), None)
    fill(image, 6, 6, 4, 4, (152, 112, 36), None)
    fill(image, 7, 7, 2, 2, (96, 70, 24), None)
    return image


def draw_frame(size: int, body: Colour, light: Colour, dark: Colour, line: Colour | None) -> Canvas:
    """A square that the client stretches from its middle: an edge, lit from above, and a thin line inside it."""
    image = canvas(size, size)
    fill(image, 0, 0, size, size, (16, 14, 12), None)
    fill(image, 1, 1, size - 2, size - 2, dark, None)
    fill(image, 1, 1, size - 2, 1, light, None)
    fill(image, 1, 1, 1, size - 2, light, None)
    fill(image, 2, 2, size - 4, size - 4, body, None)
    if line:
        fill(image, 3, 3, size - 6, size - 6, line, None)
        fill(image, 4, 4, size - 8, size - 8, body, None)
    return image


def draw_sign(rows: tuple[str, ...], light: Colour, dark: Colour) -> Canvas:
    """A letter of 8x12 with an edge, for signs above heads: `#` is filled."""
    image = canvas(16, 16)
    filled = {(x + 4, y + 2) for y, row in enumerate(rows) for x, mark in enumerate(row) if mark == "#"}
    for x, y in filled:
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            fill(image, x + dx, y + dy, 1, 1, dark, None)
    for x, y in filled:
        fill(image, x, y, 1, 1, light, None)
    return image


def draw_spark() -> Canvas:
    """A four-pointed star, 8x8."""
    image = canvas(8, 8)
    for i in range(1, 7):
        fill(image, i, 3, 1, 2, (255, 214, 90), None)
        fill(image, 3, i, 2, 1, (255, 214, 90), None)
    fill(image, 3, 3, 2, 2, (255, 250, 220), None)
    return image


def png(image: Canvas) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(image[0]), len(image), 8, 6, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in image)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def main(folder: Path) -> None:
    """Writes all of them; `folder` is there already."""
    for role in LOOKS:
        (folder / f"llm_agent_{role}.png").write_bytes(png(draw_skin(role)))
        (folder / f"llm_agent_{role}_front.png").write_bytes(png(draw_figure(role)))
    (folder / "llm_agent_spawn_egg.png").write_bytes(png(draw_egg()))
    (folder / "llm_agent_coin.png").write_bytes(png(draw_coin()))
    (folder / "llm_agent_form.png").write_bytes(png(draw_frame(16, FORM, (74, 80, 94), (30, 32, 38), (138, 116, 64))))
    (folder / "llm_agent_button.png").write_bytes(png(draw_frame(12, BUTTON, (104, 114, 134), (44, 48, 58), None)))
    for name, rows, light, dark in SIGNS:
        (folder / f"llm_agent_sign_{name}.png").write_bytes(png(draw_sign(rows, light, dark)))
    (folder / "llm_agent_spark.png").write_bytes(png(draw_spark()))
    (folder / "llm_agent_blank.png").write_bytes(png(canvas(1, 1)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TEXTURES)
