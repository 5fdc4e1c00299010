"""Marks are numbered in 16 bits where those suffice: nothing of what is found may depend on that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from workers.tools.connected import LABELS_MAX, connected


@pytest.mark.parametrize(("share", "kind"), [(0.02, np.uint16), (0.1, np.int32), (0.5, np.int32)])
@pytest.mark.parametrize("connectivity", [4, 8])
def test_the_same_marks_however_they_are_numbered(share: float, kind: type, connectivity: int) -> None:
    mask = (np.random.default_rng(3).random((1170, 827)) < share).astype(np.uint8)
    labels, stats = connected(mask, connectivity)
    _, own, own_stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    assert labels.dtype == kind
    assert (labels == own).all()
    assert (stats == own_stats).all()


def test_more_marks_than_16_bits_can_number_are_all_counted() -> None:
    mask = np.zeros((600, 600), np.uint8)
    mask[::2, ::2] = 255
    assert len(connected(mask)[1]) - 1 == 90000 > LABELS_MAX


def test_marks_that_begin_at_the_left_border_count() -> None:
    """No rise tells of them: a page full of such rows must still be numbered without running over."""
    mask = np.zeros((2 * LABELS_MAX + 8, 2), np.uint8)
    mask[::2, 0] = 1
    assert len(connected(mask)[1]) - 1 == LABELS_MAX + 4
