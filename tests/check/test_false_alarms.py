"""Sheets and captures that have been taken for faulty: each stands for a false alarm that was found and mended."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from samples.capture import scan
from samples.documents import random_spec
from samples.page import render
from workers.check import rulers, skew, text
from workers.check.orientation import Stand
from workers.check.skew import degrees
from workers.check.view import PageView
from workers.tools.pages import PageSource


def _view(pixels: np.ndarray, dpi: float = 200.0) -> PageView:
    height, width = pixels.shape[:2]
    source = PageSource(1, None, 0, "png", width, height, dpi, dpi, "rgb")  # type: ignore[arg-type]
    return PageView.of(source, np.ascontiguousarray(pixels[:, :, ::-1]))


@pytest.mark.parametrize("lid", [20, 200])
def test_the_lid_beside_the_sheet_is_neither_dark_paper_nor_blurred_print(taken, codes, lid) -> None:
    assert codes(taken(canvas_mm=(297.0, 420.0), lid=lid)) == {}


def test_handwriting_never_blocks_for_its_lean(section) -> None:
    rng = np.random.default_rng(8)
    pixels = np.full((2339, 1654, 3), 250, np.uint8)
    for row in range(22):
        x = 240
        while x < 1350:
            steps = np.cumsum(rng.normal((9, 0), (5, 24), (9, 2)), axis=0)
            word = (steps * (1, 0.5) + (x, 300 + row * 80)).astype(np.int32)
            cv2.polylines(pixels, [word], False, (40, 40, 120), 4, cv2.LINE_AA)
            x = int(word[:, 0].max()) + 30
    view = _view(pixels)
    lines, stand = text.measure(view), Stand(0)
    assert all(f.severity.word != "block" for f in skew.look(view, section, degrees(lines, stand), lines, stand))


def test_paper_browned_towards_its_edges_is_not_a_smaller_sheet(taken) -> None:
    pixels = taken().pixels
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / 200 * 25.4
    rim = np.minimum.reduce([x, x[:, ::-1], y, y[::-1]])
    for depth in (9.0, 22.0):
        brown = pixels * (1 - 0.2 * np.exp(-rim / depth))[:, :, None]
        view = _view(brown.astype(np.uint8))
        ruler = rulers.of_sheet(view, text.measure(view).tilt)
        assert ruler is None or abs(ruler.scale - 1) < 0.02


@pytest.mark.parametrize(("around", "reduced"), [((120, 205, 225), False), ((236, 238, 238), True)])
def test_a_yellow_sheets_rim_of_another_yellow_is_its_own_and_a_grey_lid_is_not(around, reduced) -> None:
    sheet = np.full((2339, 1654, 3), around[::-1], np.uint8)  # RGB
    sheet[58:2281, 41:1613] = (245, 235, 165)
    ruler = rulers.of_sheet(_view(sheet), 0.0)
    assert (ruler is not None and ruler.scale < 0.98) is reduced


def test_a_glass_larger_than_the_sheet_is_no_enlargement(taken, codes) -> None:
    assert "scale_not_100" not in codes(taken(canvas_mm=(219.0, 310.5), shift_mm=(3.0, 2.0), lid=250))


def test_strongly_coloured_paper_is_not_dark_and_a_dark_capture_of_it_is(taken, codes) -> None:
    scanned = taken()
    blue = (scanned.pixels * np.array([0.42, 0.55, 0.9])).astype(np.uint8)
    assert "too_dark" not in codes(dataclasses.replace(scanned, pixels=blue))
    assert codes(dataclasses.replace(scanned, pixels=(blue * 0.5).astype(np.uint8))).get("too_dark") == "block"


def test_small_type_on_a5_is_not_a_reduced_a4(codes) -> None:
    spec = random_spec(np.random.default_rng(12), written=False)
    typing = dataclasses.replace(
        spec.typing, paper_mm=(148.0, 210.0), body_pt=10.5, header_pt=9.0, left_mm=18.0, right_mm=10.0
    )
    page = render(dataclasses.replace(spec, typing=typing, incoming=None, urgency=""), np.random.default_rng(12))[0]
    assert "scale_not_100" not in codes(scan(page, np.random.default_rng(2), 200.0))


def test_colour_on_paper_washed_white_is_colour_however_little(taken, codes) -> None:
    """A letter whose paper a driver made pure white, with one small coloured mark."""
    scanned = taken(colour="gray-as-rgb")
    pixels = np.where(scanned.pixels > 200, 255, scanned.pixels).astype(np.uint8)
    cv2.putText(pixels, "da ky", (900, 1500), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (200, 30, 40), 6, cv2.LINE_AA)
    assert codes(dataclasses.replace(scanned, pixels=pixels), quality=85) == {}
