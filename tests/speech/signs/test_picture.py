"""The picture of a word: as high as was asked, black on white as SignWriting is printed, nothing cut off."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from signwriting.fingerspelling.fingerspelling import get_chars
from signwriting.visualizer.visualize import visualize_sign

from llm_agentd.speech.signs import picture
from llm_agentd.speech.signs.languages import FILES, LANGUAGES
from llm_agentd.speech.signs.spelling import Letter, spell


def drawn(text: str, lang: str = "ase", height: int = 96) -> Image.Image:
    image = Image.open(io.BytesIO(picture.draw(spell(text, lang), height)))
    assert image.format == "PNG"
    return image.convert("RGBA")


def on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image)
    return paper.convert("L")


@pytest.mark.parametrize("height", [32, 96, 256])
def test_height_is_what_was_asked_and_width_grows_with_the_word(height: int) -> None:
    short, long = drawn("Bo", height=height), drawn("Oakford", height=height)
    assert short.height == long.height == height
    assert 2 * short.width < long.width < 6 * height


def test_around_the_plate_it_is_transparent_and_the_plate_is_light() -> None:
    image = drawn("Mira")
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]
    red, green, blue, alpha = image.getpixel((5, image.height // 2))  # type: ignore[misc]
    assert min(red, green, blue, alpha) > 220


@pytest.mark.parametrize(("text", "lang"), [("a", "ase"), ("k", "ase"), ("j", "bfi"), ("ö", "gsg")])
def test_a_sign_is_drawn_as_the_package_draws_it(text: str, lang: str) -> None:
    (letter,) = spell(text, lang)
    theirs = on_white(visualize_sign(letter.fsw, trust_box=False))
    ours = on_white(picture._sign(letter.fsw, 1)).crop((1, 1, 1 + theirs.width, 1 + theirs.height))
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).mean() < 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_sign_of_any_alphabet_is_cut_off_or_reaches_the_edge(lang: str) -> None:
    for char in get_chars(FILES.get(lang, lang)):
        (letter,) = spell(char, lang)
        for scale in (0.8, 1.5, 3.7):
            sign = np.asarray(on_white(picture._sign(letter.fsw, scale)))
            assert (sign[:, -1] > 120).all() and (sign[-1] > 120).all(), (char, scale)  # noqa: PT018
        ink = np.asarray(on_white(drawn(char, lang))) < 90
        assert not ink[4:-4, [2, -3]].any(), char  # between the plate's edge and what stands on it
        assert not ink[2, 6:-6].any(), char


def test_the_letter_stands_under_its_sign() -> None:
    with_letter = np.asarray(on_white(drawn("o")))
    below = with_letter[70:90, 6:-6]
    assert (below < 140).any()


def test_a_letter_without_a_sign_stands_in_the_place_of_one() -> None:
    image = np.asarray(on_white(Image.open(io.BytesIO(picture.draw([Letter("Q", "")], 96))).convert("RGBA")))
    assert (image[20:50, 6:-6] < 140).any()
    assert not (image[72:90, 6:-6] < 140).any()


def test_a_letter_that_no_font_has_leaves_its_sign_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "LETTER_FONTS", ())
    picture._letter_fonts.cache_clear()
    try:
        assert drawn("א", "isr").width > 15
        assert picture._letter("א", 20).width == 0
        assert picture._letter("a", 20).width > 0
    finally:
        picture._letter_fonts.cache_clear()
