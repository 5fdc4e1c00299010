"""Copied dots are told by the gaps between them, and named with what they were copied from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from workers.check import optical
from workers.check.view import PageView
from workers.tools.pages import PageSource


def _view(pixels: np.ndarray, quality: int = 65) -> PageView:
    pixels = cv2.imdecode(cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
    height, width = pixels.shape[:2]
    source = PageSource(1, None, 0, "jpeg", width, height, 200.0, 200.0, "rgb")  # type: ignore[arg-type]
    return PageView.of(source, pixels)


@pytest.mark.parametrize(("axes", "found"), [("xy", (150.0, 150.0)), ("y", (None, 150.0))])
def test_nearest_copies_are_named_by_axis_and_source(
    taken, axes: str, found: tuple[float | None, float | None]
) -> None:
    native = taken().pixels
    height, width = native.shape[:2]
    few = (round(width * 0.75) if "x" in axes else width, round(height * 0.75) if "y" in axes else height)
    small = cv2.resize(native, few, interpolation=cv2.INTER_AREA)
    copied = optical.measure(_view(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)))
    assert copied is not None
    assert (copied.dpi_x, copied.dpi_y) == found


def test_a_sheet_on_a_large_empty_glass_is_native(taken) -> None:
    noise = np.random.default_rng(4).normal(244, 1.2, (3300, 2340, 3))
    glass = np.clip(noise, 0, 255).astype(np.uint8)
    sheet = taken().pixels
    glass[: sheet.shape[0], : sheet.shape[1]] = sheet
    assert optical.measure(_view(glass, 80)) is None
