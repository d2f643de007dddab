"""Computed places of form elements; tests/game/test_client.py clicks them in a real client."""

from __future__ import annotations

import pytest

from tests.support.form_layout import Box, lay_out

SCREEN = (1000, 1000)  # a unit is 60 pixels: 90 % of the screen for 15


def test_form_lies_in_the_middle_of_the_screen() -> None:
    form = lay_out("f", "formspec_version[4]size[10,5]button[1,2;3,1;go;Go\\; now\\]]", SCREEN)
    assert form.box == Box(200, 350, 800, 650)
    assert form.find("go") == Box(260, 470, 440, 530)
    assert form.find("go").middle == (350, 500)


def test_form_larger_than_the_screen_shrinks() -> None:
    assert lay_out("f", "formspec_version[4]size[30,1]", SCREEN).box == Box(50, 485, 950, 515)


def test_containers_offset_their_elements() -> None:
    spec = (
        "formspec_version[4]size[10,5]container[1,1]container[1,0]field[0,0;2,1;words;a\\[b;c]container_end[]"
        "image_button[0,0;1,1;a.png;face;]container_end[]checkbox[0,0.5;tick;T;true]"
    )
    form = lay_out("f", spec, SCREEN)
    assert form.find("words") == Box(320, 410, 440, 470)
    assert form.find("face") == Box(260, 410, 320, 470)
    assert form.find("tick").middle == (212, 380)


def test_find_of_an_unknown_element_names_the_known_ones() -> None:
    form = lay_out("f", "formspec_version[4]size[10,5]button[1,2;3,1;go;Go]", SCREEN)
    with pytest.raises(KeyError, match="it has go"):
        form.find("stop")


def test_form_in_old_coordinates_is_refused() -> None:
    with pytest.raises(ValueError, match="formspec_version"):
        lay_out("f", "size[8,9]", SCREEN)


def test_newer_clients_make_a_small_form_larger_and_no_form_larger_than_the_screen() -> None:
    small, large = "formspec_version[4]size[10,5]", "formspec_version[4]size[30,1]"
    assert lay_out("f", small, SCREEN, unit_min=70.0).box == Box(150, 325, 850, 675)
    assert lay_out("f", large, SCREEN, unit_min=70.0).box == Box(50, 485, 950, 515)
