"""Two columns are found where print leaves a gutter, and letters are not cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.profile.sections import OcrSection
from samples.documents import random_spec
from samples.page import render
from workers.ocr.columns import reading_areas
from workers.ocr.reading import engine_for

DPI = 200
MM = DPI / 25.4


def paper() -> np.ndarray:
    return np.full((round(297 * MM), round(210 * MM)), 255, np.uint8)


def line(page: np.ndarray, x0: float, x1: float, y: float, height: float = 3.5) -> None:
    """A row of letter-like bars between x0 and x1 mm, its base line at y mm, tails below it."""
    for x in np.arange(x0, x1, 1.6):
        tail = 1.0 if round(x) % 5 == 0 else 0.0
        page[round((y - height) * MM) : round((y + tail) * MM), round(x * MM) : round((x + 0.9) * MM)] = 20


def test_the_signature_is_read_apart_from_the_recipients() -> None:
    page = paper()
    for y in np.arange(40, 160, 7):
        line(page, 30, 190, y)
    for y in (170, 175, 180, 185):
        line(page, 30, 85, y)
    for y in (171.5, 178, 210):
        line(page, 125, 180, y)
    whole, left, right = reading_areas(page, DPI)
    assert whole[:3] == (0, 0, page.shape[1])
    assert left[1] == right[1] == whole[3]
    assert left[3] == right[3] == page.shape[0]
    assert 86 * MM < left[2] == right[0] < 125 * MM
    assert 155 * MM < whole[3] < 167 * MM


def test_a_page_of_whole_lines_is_one_part() -> None:
    page = paper()
    for y in np.arange(30, 270, 7):
        line(page, 30, 190, y)
    assert reading_areas(page, DPI) == ((0, 0, page.shape[1], page.shape[0]),)


def test_a_ruled_table_is_no_pair_of_columns() -> None:
    page = paper()
    for y in np.arange(30, 270, 9):
        line(page, 30, 80, y)
        line(page, 120, 190, y)
        page[round((y + 2) * MM) : round((y + 2.3) * MM), round(30 * MM) : round(190 * MM)] = 30
    assert reading_areas(page, DPI) == ((0, 0, page.shape[1], page.shape[0]),)


rows = st.lists(
    st.tuples(st.sampled_from(["whole", "left", "right", "both"]), st.floats(3.6, 8.0), st.floats(2.5, 4.5)),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(0, 900))
def test_parts_tile_the_page_and_cut_at_most_a_few_tails(drawn: list[tuple[str, float, float]], below: int) -> None:
    page, y = paper(), 20.0
    for kind, pitch, height in drawn:
        y += pitch + 1.2
        if y > 290:
            break
        if kind in ("whole", "left", "both"):
            line(page, 25, 190 if kind == "whole" else 80, y, height)
        if kind in ("right", "both"):
            line(page, 120, 185, y - (0.6 if kind == "both" else 0), height)
    areas = reading_areas(page, DPI, below)
    seen = np.zeros(page.shape, np.uint8)
    for x0, y0, x1, y1 in areas:
        seen[y0:y1, x0:x1] += 1
        for edge, inner in ((page[y0, x0:x1], y0 > below), (page[y0:y1, x0], x0 > 0)):
            assert not inner or (edge > 128).mean() > 0.985
    assert (seen[below:] == 1).all()
    assert not seen[:below].any()


@pytest.mark.parametrize("seed", [3, 5, 8])
def test_recipients_beside_the_signers_authority_are_read(seed: int) -> None:
    """The bug this is for: «Nơi nhận:» came out as «Bông» beside «TM. ỦY BAN NHÂN DÂN»."""
    rng = np.random.default_rng(seed)
    sheet = render(random_spec(rng, "Công văn", written=False), rng)[-1]
    gray = sheet.pixels.max(axis=2)
    engine, dpi = engine_for("tesserocr", OcrSection().language), sheet.dpi
    words = " ".join(
        word.text for area in reading_areas(gray, dpi) for row in engine.read(gray, dpi, area=area) for word in row
    )
    assert "Nơi nhận:" in words
    assert "- Lưu:" in words
