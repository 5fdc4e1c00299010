"""Writing that runs off the image: full pages, pages of three lines, tables, and lines that end hard at the edge."""

from __future__ import annotations

import numpy as np
import pytest

from samples.sheet import Sheet
from samples.typeface import LIBERATION_SERIF, Style
from workers.check.cut import measure
from workers.check.view import PageView
from workers.tools.pages import PageSource

WORDS = "Các đơn vị báo cáo kết quả thực hiện trước ngày 15 hằng tháng theo quy định"


def _sheet() -> Sheet:
    return Sheet((210.0, 297.0), 200.0, (251, 250, 246), np.random.default_rng(3))


def _view(pixels: np.ndarray) -> PageView:
    height, width = pixels.shape[:2]
    source = PageSource(1, None, 0, "png", width, height, 200.0, 200.0, "rgb")  # type: ignore[arg-type]
    return PageView.of(source, np.ascontiguousarray(pixels[:, :, ::-1]))


@pytest.mark.parametrize("rows", [3, 30])
def test_lines_that_run_into_the_left_edge_are_cut_however_few(rows: int) -> None:
    sheet = _sheet()
    for row in range(rows):
        sheet.text(WORDS, 30, 30 + row * 7, Style(LIBERATION_SERIF, 13), "body")
    pixels = sheet.pixels()
    assert measure(_view(pixels[:, round(41 / 25.4 * 200) :]))["left"].cut_through(along=False)
    assert not measure(_view(pixels))["left"].cut_through(along=False)


def test_a_table_that_runs_off_the_page_is_cut_even_between_two_columns() -> None:
    sheet = _sheet()
    for row in range(16):
        sheet.rule(30, 40 + row * 9, 190, 40 + row * 9, 0.2)
        for column in (34, 150):
            sheet.text("1.250", column, 46 + row * 9, Style(LIBERATION_SERIF, 12), "table")
    edge = measure(_view(sheet.pixels()[:, : round(130 / 25.4 * 200)]))["right"]
    assert edge.cut_through(along=False)
    assert edge.near == 0


def test_a_stamp_pressed_across_the_edge_of_the_paper_is_no_cut() -> None:
    sheet = _sheet()
    for row in range(5):
        sheet.rule(-10, 80 + row * 8, 40, 80 + row * 8, 0.4)
    for row in range(20):
        sheet.text(WORDS, 45, 30 + row * 7, Style(LIBERATION_SERIF, 12), "body")
    assert not measure(_view(sheet.pixels()))["left"].cut_through(along=False)


def test_a_line_hard_against_the_lower_edge_warns_and_one_cut_through_blocks() -> None:
    sheet = _sheet()
    for row in range(20):
        sheet.text(WORDS, 30, 30 + row * 8, Style(LIBERATION_SERIF, 13), "body")
    pixels = sheet.pixels()
    whole, through = (
        measure(_view(pixels[: round((30 + 19 * 8 + below) / 25.4 * 200)]))["bottom"] for below in (2.0, -1.2)
    )
    assert (whole.hard_against(along=True), whole.cut_through(along=True)) == (True, False)
    assert through.cut_through(along=True)
