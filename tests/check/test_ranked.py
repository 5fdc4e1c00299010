"""What lies in the middle of many dots, against OpenCV's and numpy's own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from workers.check.ranked import ranked, smoothed

DOTS = np.random.default_rng(5).integers(0, 256, (16, 300)).astype(np.uint8)


def test_the_upper_median_and_other_places() -> None:
    assert (ranked(DOTS) == np.sort(DOTS, axis=1)[:, 150]).all()
    assert (ranked(DOTS, 70) == np.sort(DOTS, axis=1)[:, 210]).all()
    assert ranked(DOTS).dtype == np.uint8
    assert (ranked(-DOTS.astype(np.int16)) == np.sort(-DOTS.astype(np.int16), axis=1)[:, 150]).all()


@pytest.mark.parametrize("wide", [3, 13, 27])
def test_neighbours_in_a_row_up_to_its_ends(wide: int) -> None:
    own = np.stack([cv2.medianBlur(row[None], wide)[0] for row in DOTS])
    assert (smoothed(DOTS, wide) == own).all()
