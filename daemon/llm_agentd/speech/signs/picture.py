"""From spelled letters to a picture: the signs side by side, the letter under each.

Runs in the child process (`child.py`) alone: Pillow and the fonts are loaded here. Knows no sockets.

SignWriting tells by ink and paper which side of a hand is seen: black is its back, white its palm. White signs on a
dark plate would say the contrary to who reads them, so they are drawn as they are printed, black on a white plate.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont
from signwriting.formats.fsw_to_sign import fsw_to_sign
from signwriting.formats.fsw_to_swu import key2id, symbol_fill, symbol_line
from signwriting.visualizer import visualize

from llm_agentd.speech.signs.spelling import Letter

# In units of FSW, in which a hand is 15 wide and 15 to 30 high. What a picture is high decides how many pixels one is.
SIGN_MIN = 36  # room for signs; a word with a higher one has more, and is drawn that much smaller
LETTER = 15
PAD = 4
BASELINE = 0.8  # of a letter's height
GAP = 6  # between signs
SPACE = 14  # between words
EDGE = 1  # of the plate

FONT_UNITS = 30  # the size at which the fonts' glyphs have the sizes that FSW counts with
PLATE, EDGES = (255, 255, 255, 255), (0, 0, 0, 255)  # seen before the sky, snow and the night
WHITE, INK, LETTERS = (255, 255, 255, 255), (0, 0, 0, 255), (40, 60, 110, 255)
COLOURS = 64  # of the file: shades of these, which make it a third as large

# Of the system, for letters that Pillow's own font lacks, which has those of ASCII: Linux, Windows, macOS.
LETTER_FONTS = (
    "DejaVuSans-Bold.ttf",
    "NotoSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "arialbd.ttf",
    "Arial Bold.ttf",
    "DroidSansFallbackFull.ttf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansThai-Bold.ttf",
    "Loma-Bold.ttf",
    "NotoSansHebrew-Bold.ttf",
    "msgothic.ttc",
    "Arial Unicode.ttf",
)
_NO_LETTER = "\u0378"  # of no alphabet: every font draws its box for a missing letter


def draw(letters: Sequence[Letter], height: int) -> bytes:
    """A PNG with transparency, so many pixels high."""
    room = max([SIGN_MIN, *(_bounds(letter.fsw)[3] for letter in letters if letter.fsw)])
    scale = height / (3 * PAD + room + LETTER)
    cells = [_cell(letter, room, scale) for letter in letters]
    pad, gap = round(PAD * scale), round(GAP * scale)
    width = sum(cell.width for cell in cells) + gap * (len(cells) - 1) + 2 * pad
    picture = Image.new("RGBA", (width, height))
    ImageDraw.Draw(picture).rounded_rectangle(
        (0, 0, width - 1, height - 1), pad, PLATE, EDGES, max(1, round(EDGE * scale))
    )
    x = pad
    for cell in cells:
        picture.alpha_composite(cell, (x, 0))
        x += cell.width + gap
    file = io.BytesIO()
    picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _cell(letter: Letter, room: float, scale: float) -> Image.Image:
    """A sign in the middle of its room and its letter below; without a sign the letter stands in its place, larger."""
    height = round((3 * PAD + room + LETTER) * scale)
    if letter.label.isspace():
        return Image.new("RGBA", (round((SPACE - GAP) * scale), height))
    above, below = (PAD + room / 2) * scale, (2 * PAD + room + LETTER / 2) * scale
    if not letter.fsw:
        return _stacked(height, [(_letter(letter.label, 2 * LETTER * scale), above)])
    sign, label = _sign(letter.fsw, scale), _letter(letter.label, LETTER * scale)
    return _stacked(height, [(sign, above), (label, below)])


def _stacked(height: int, pieces: Sequence[tuple[Image.Image, float]]) -> Image.Image:
    """Each piece with its middle so far from the top."""
    cell = Image.new("RGBA", (max(piece.width for piece, _ in pieces), height))
    for piece, middle in pieces:
        cell.alpha_composite(piece, ((cell.width - piece.width) // 2, max(0, round(middle - piece.height / 2))))
    return cell


def _sign(fsw: str, scale: float) -> Image.Image:
    """As `signwriting_to_image` of the package draws it, but sharp at any size."""
    left, top, width, height = _bounds(fsw)
    margin = math.ceil(scale)  # glyphs are up to a unit larger than the package counts
    sign = Image.new("RGBA", (math.ceil(width * scale) + 2 * margin, math.ceil(height * scale) + 2 * margin))
    pen = ImageDraw.Draw(sign)
    for symbol in fsw_to_sign(fsw)["symbols"]:
        x, y = symbol["position"]
        place = ((x - left) * scale + margin, (y - top) * scale + margin)
        number = key2id(symbol["symbol"])
        pen.text(place, symbol_fill(number), WHITE, _sign_font("Fill", scale))
        pen.text(place, symbol_line(number), INK, _sign_font("Line", scale))
    return sign


@cache
def _bounds(fsw: str) -> tuple[int, int, int, int]:
    """Left, top, width, height in units."""
    sign = fsw_to_sign(fsw)
    left, top = (min(symbol["position"][axis] for symbol in sign["symbols"]) for axis in (0, 1))
    right, bottom = visualize.signwriting_box(sign)
    return left, top, right - left, bottom - top


@cache
def _sign_font(name: str, scale: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(visualize.get_font(f"SuttonSignWriting{name}").path, FONT_UNITS * scale)


def _letter(label: str, size: float) -> Image.Image:
    """The letter; a picture without width where no font has it."""
    font = next((font for font in _letter_fonts(size) if _has(font, label)), None)
    if font is None:
        return Image.new("RGBA", (0, round(size)))
    picture = Image.new("RGBA", (round(font.getlength(label)) or 1, round(size)))
    ImageDraw.Draw(picture).text((picture.width / 2, BASELINE * size), label, LETTERS, font, anchor="ms")
    return picture


def _has(font: ImageFont.FreeTypeFont, label: str) -> bool:
    missing = bytes(font.getmask(_NO_LETTER))
    return all(bytes(font.getmask(char)) != missing for char in label)


@cache
def _letter_fonts(size: float) -> list[ImageFont.FreeTypeFont]:
    return [*_system_fonts(size), ImageFont.load_default(size)]  # type: ignore[list-item]  # FreeType is in every wheel


def _system_fonts(size: float) -> Iterator[ImageFont.FreeTypeFont]:
    for name in LETTER_FONTS:
        try:
            yield ImageFont.truetype(name, size)
        except OSError:
            continue
