"""Printed page numbers that jump mean a sheet was left on the desk; annexes that begin anew and bare pages do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from samples.capture import save, scan
from samples.page import Page
from samples.sheet import Sheet
from samples.typeface import LIBERATION_SERIF, Style
from workers.check.gate import inspect
from workers.check.page_missing import Numbered, look


def _numbered(printed: int | None) -> Page:
    """A page of some lines under its printed number."""
    sheet = Sheet((210.0, 297.0), 300.0, (251, 250, 246), np.random.default_rng(3))
    style = Style(LIBERATION_SERIF, 13)
    if printed:
        sheet.centred(str(printed), 111, 13.5, style, "page_number")
    for row in range(24):
        sheet.text(
            "Các đơn vị báo cáo kết quả thực hiện trước ngày 15 hằng tháng theo quy định", 30, 30 + row * 7, style, "b"
        )
    return Page(1, sheet.pixels(), 300.0, (210.0, 297.0), dict(sheet.boxes), tuple(sheet.lines))


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ((None, 3, 4), [("warn", 2, 2.0)]),
        ((None, 2, 3), []),
    ],
)
def test_a_gap_in_the_printed_numbers_warns(tmp_path, section, printed, told) -> None:
    scans = [scan(_numbered(number), np.random.default_rng(6), 200.0) for number in printed]
    files = save(scans, tmp_path / "doc.pdf", "pdf", 200.0)
    found = [f for f in inspect(files, section)[0] if f.code == "check.page_missing"]
    assert [(f.severity.word, f.page, f.limit) for f in found] == told


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ((None, 2, 3, None, 2, 3), []),  # an annex begins anew
        ((None, None, 2, None, 3), []),  # backs bear none
        ((2, 3, 4), []),  # part of a document
        ((None, 2, 3, 5, 6), [("warn", 5.0)]),
        ((None, 2, 3, 7), [("warn", 7.0)]),
        ((None, 7), [("note", 7.0)]),  # one reading alone may be wrong
        ((None, None, None), []),
    ],
)
def test_only_a_number_that_outruns_the_pages_says_so(printed, told) -> None:
    pages = [Numbered(index + 1, number) for index, number in enumerate(printed)]
    assert [(f.severity.word, f.measured) for f in look(pages)] == told


def test_other_marks_in_the_top_margin_are_not_numbers(tmp_path, section) -> None:
    """A line of print, a year in a running title, a stamp: only a number that stands alone is read."""
    pages = []
    for text in ("", "Công báo số 12 năm 2020", "KÈM THEO 7"):
        page = _numbered(None)
        sheet = Sheet((210.0, 297.0), 300.0, (251, 250, 246), np.random.default_rng(3))
        sheet.centred(text or " x", 111, 13.5, Style(LIBERATION_SERIF, 13), "head")
        pages.append(dataclasses.replace(page, pixels=np.minimum(page.pixels, sheet.pixels())))
    scans = [scan(page, np.random.default_rng(6), 200.0) for page in pages]
    files = save(scans, tmp_path / "doc.pdf", "pdf", 200.0)
    assert "check.page_missing" not in {f.code for f in inspect(files, section)[0]}
