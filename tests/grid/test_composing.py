"""Sheets and labels, drawn without a server."""

import numpy as np
import pytest

from curate.grid import composing, lettering
from curate.grid.composing import Tile


def flat(level, width=64, height=36):
    return np.full((height, width, 3), level, np.uint8)


def test_every_cell_stands_in_its_place():
    plate = composing.laid("t", ["a", "b"], ["-1", "0", "+1"], (64, 36))
    tiles = [[Tile([flat(10 * (3 * y + x + 1))]) for x in range(3)] for y in range(2)]

    sheet = composing.composed(plate, tiles)

    for y, places in enumerate(plate.places):
        for x, (left, top) in enumerate(places):
            cell = sheet[top : top + 36, left : left + 64]
            assert np.unique(cell).tolist() == [10 * (3 * y + x + 1)]
    assert all(side % 2 == 0 for side in sheet.shape[:2])


def test_a_clip_that_is_over_stays_at_its_last_frame():
    plate = composing.laid("t", ["a"], ["-1", "0"], (64, 36))
    short, long = Tile([flat(10)]), Tile([flat(20), flat(30)])

    sheet = composing.composed(plate, [[short, long]], frame=1)

    (left, top), (other, _) = plate.places[0]
    assert (sheet[top, left, 0], sheet[top, other, 0]) == (10, 30)


def test_a_cell_of_another_shape_is_fitted_into_its_box_whole():
    assert composing.fitted(flat(0, 128, 32), (64, 36)).shape == (16, 64, 3)
    assert composing.fitted(flat(0, 32, 16), (64, 36)).shape == (16, 32, 3)
    assert composing.box_of(832, 480, 384) == (384, 222)


def test_a_failed_cell_is_marked_and_not_like_any_picture():
    cell = composing.empty((256, 144), "out of memory")

    assert cell.shape == (144, 256, 3)
    assert len(np.unique(cell)) > 3
    assert not np.array_equal(cell, composing.empty((256, 144), "node 4 failed"))


@pytest.mark.parametrize("text", ["a long prompt of many words that goes on", "雨" * 40, "x" * 90])
def test_labels_are_wrapped_into_their_width_and_cut_with_dots(text):
    lines = lettering.wrapped(text, 15, 120, 3)

    assert len(lines) <= 3
    assert all(lettering.width(line, 15) <= 120 for line in lines)
    if len(lines) == 3 and "".join(lines).replace(" ", "") != text.replace(" ", ""):
        assert lines[-1].endswith("...")


def test_a_label_that_fits_is_not_touched():
    assert lettering.wrapped("two  words", 15, 200, 3) == ["two words"]
