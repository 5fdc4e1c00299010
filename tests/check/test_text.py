"""Lines are set level by moving columns, against OpenCV's shear of the whole page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from workers.check.text import levelled

MASK = (np.random.default_rng(2).random((300, 200)) < 0.2).astype(np.uint8)


@pytest.mark.parametrize("lean", [0.0, 0.2, -0.7, 3.0, -11.9])
def test_columns_move_as_a_shear_moves_them(lean: float) -> None:
    shear = np.float32([[1, 0, 0], [-np.tan(np.radians(lean)), 1, 0]])
    sheared = cv2.warpAffine(MASK, shear, (200, 300), flags=cv2.INTER_NEAREST)
    assert (levelled(MASK, lean) != sheared).any(axis=0).sum() <= 1  # halves of a dot are rounded either way


@pytest.mark.parametrize("lean", [12.0, -12.0])
def test_columns_that_leave_a_low_picture_are_empty(lean: float) -> None:
    level = levelled(MASK[:20], lean)
    assert not level[:, -50:].any()
    assert (level[:, 0] == MASK[:20, 0]).all()
