"""What the checks of forms must find: words that are too wide, that lie over others, and that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support import form_words
from tests.support.form_layout import Form, lay_out
from tests.support.form_words import catalogue, contrasts, faint, misfits, shown
from tests.support.screen import Pixels

HEAD = "formspec_version[4]size[20,15]"
LABEL = "label[1,1;Nothing to see here]"


def form(*elements: str) -> Form:
    return lay_out("f", HEAD + "".join(elements), (800, 600))


def same(_domain: str, words: str) -> str:
    return words


def picture(ink: str, back: str) -> Pixels:
    """The form with LABEL as a client would draw it."""
    image = Image.new("RGB", (800, 600), back)
    box = next(form_words.words_of(form(LABEL), same)).ink
    ImageDraw.Draw(image).text((box.left, box.top), "Nothing to see here", fill=ink, font=form_words._font())
    return np.asarray(image)


def test_shown_marked_words_are_translated_with_their_arguments(tmp_path: Path) -> None:
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "m.de.tr").write_text("# textdomain: m\n@1 has @2=@2 sind bei @1\nApple=Apfel\nA@=B=C@=D\n")
    german = catalogue("de", [tmp_path])
    marked = "\x1b(c@#fff)\x1b(T@m)\x1bFMira\x1bE has \x1bF\x1b(T@m)Apple\x1bE\x1bE\x1bE!\x1b(c@#000)"
    assert shown(marked, german) == "Apfel sind bei Mira!"
    assert shown("\x1b(T@m)A=B\x1bE \x1b(T@m)Pear\x1bE", german) == "C=D Pear"


@pytest.mark.parametrize(
    ("elements", "problem"),
    [
        (["button[1,1;2,1;b;A button that is far too narrow]"], "pixels too wide"),
        (["label[18,1;Out of the form's right edge]"], "pixels too wide"),
        (["label[1,1;Your price for each:]", "field[2,0.8;3,0.8;f;;]"], "lies over field"),
        (["label[1,1;One]", "label[1,1.2;Two]"], "lies over 'One'"),
        (["tablecolumns[color;text;text]", f"table[1,1;4,4;t;#ffffff,{'w' * 30},open;1]"], "pixels too wide"),
    ],
)
def test_misfits_finds_what_is_cut_off_or_covered(elements: list[str], problem: str) -> None:
    found = misfits(form(*elements), same)
    assert len(found) == 1, found
    assert problem in found[0]


def test_misfits_leaves_alone_what_fits() -> None:
    fits = ["button[1,1;4,1;b;Buy]", LABEL.replace("1,1;", "1,3;"), "box[1,2;9,3;#000000ff]", "field[1,4;3,0.8;f;;7]"]
    assert misfits(form(*fits), same) == []


@pytest.mark.parametrize(("ink", "back"), [("#aaaaaa", "#d0d0d0"), ("#ffe9a8", "#d0d0d0"), ("#767676", "#262a33")])
def test_faint_finds_words_that_do_not_stand_out(ink: str, back: str) -> None:
    found = faint(form(LABEL), same, picture(ink, back))
    assert len(found) == 1
    assert "has a contrast of" in found[0]


def test_faint_leaves_alone_what_stands_out() -> None:
    assert faint(form(LABEL), same, picture("#f4ecdc", "#262a33")) == []
    assert min(contrasts(picture("#ffffff", "#000000"))) > 15


def test_faint_finds_words_that_are_not_there() -> None:
    assert faint(form(LABEL), same, picture("#262a33", "#262a33")) != []
