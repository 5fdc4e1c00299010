"""Stamps of haste whose letters are too thick or too crossed to be read are known by the word that lies over them best."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from samples.marks import framed
from samples.typeface import LIBERATION_SANS, LIBERATION_SERIF
from workers.ocr.urgency import UPRIGHT_DPI, _fitted


def stamped(text: str, face, thick: int, crossed: bool) -> np.ndarray:
    """A stamp's words without its frame, level at UPRIGHT_DPI, its ink ``thick`` px broader than cut."""
    ink = framed(text, (54, 12), UPRIGHT_DPI, face=face).coverage[16:-16, 16:-16]
    ink = cv2.dilate(ink, np.ones((thick, thick), np.uint8))
    if crossed:
        cv2.line(ink, (0, 40), (ink.shape[1], 25), 255, 2)
        cv2.line(ink, (0, 60), (ink.shape[1], 62), 255, 2)
    return 255 - cv2.GaussianBlur(ink, (0, 0), 0.8)


@pytest.mark.parametrize("face", [LIBERATION_SERIF, LIBERATION_SANS], ids=lambda face: face.name)
@pytest.mark.parametrize(("thick", "crossed"), [(1, False), (4, False), (2, True)])
@pytest.mark.parametrize(("text", "priority"), [
    ("KHẨN", 1), ("THƯỢNG KHẨN", 2), ("HỎA TỐC", 3), ("HỎA TỐC HẸN GIỜ", 4), ("ĐẾN", 0), ("SAO Y", 0), ("BẢN CHÍNH", 0),
    ("MẬT", 0), ("TỐI MẬT", 0), ("PHÒNG TỔ CHỨC", 0), ("HÀ NỘI", 0),
])  # fmt: skip
def test_the_word_of_haste_is_known_by_its_fit(text: str, priority: int, thick: int, crossed: bool, face) -> None:
    assert _fitted(stamped(text, face, thick, crossed))[1] == priority
