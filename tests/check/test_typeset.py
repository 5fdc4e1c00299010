"""Margins and type as rulers: they follow the scale, and only both together speak."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from samples.capture import Scan, scan
from samples.page import Page
from samples.sheet import Sheet
from samples.typeface import Style, installed
from workers.check import scale, typeset
from workers.check.typeset import Typeset
from workers.check.view import PageView
from workers.tools.pages import PageSource

WORDS = "Căn cứ quy định hiện hành, cơ quan báo cáo kết quả thực hiện nhiệm vụ được giao trong quý, gửi đơn vị để tổng"


def _view(scanned: Scan) -> PageView:
    height, width = scanned.pixels.shape[:2]
    source = PageSource(1, None, 0, "png", width, height, 200.0, 200.0, "rgb")  # type: ignore[arg-type]
    return PageView.of(source, cv2.cvtColor(scanned.pixels, cv2.COLOR_RGB2BGR))


@pytest.fixture(scope="module")
def page() -> Page:
    """Sixteen lines of 13 pt that fill the width between two margins."""
    sheet = Sheet((210.0, 297.0), 300.0, (250, 249, 245), np.random.default_rng(2))
    style = Style(installed()[0], 13)
    for row in range(16):
        sheet.text(WORDS, 30, 90 + 8 * row, style, "body")
    return Page(1, sheet.pixels(), 300.0, (210.0, 297.0), {})


def test_width_and_type_follow_the_scale(page: Page) -> None:
    factor = 0.92
    whole, other = (_view(scan(page, np.random.default_rng(1), scale=value)) for value in (1.0, factor))
    before, after = typeset.measure(whole, 0.0), typeset.measure(other, 0.0)
    assert before is not None
    assert after is not None
    assert after.width / before.width == pytest.approx(factor, abs=0.01)
    sizes = [typeset.body_pt(view, typeset.lines(view, 0.0), 0.0) for view in (whole, other)]
    assert sizes[1] / sizes[0] == pytest.approx(factor, abs=0.03)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Typeset(34.8, 23.1, 151.6, 13.2), 0.95),
        (Typeset(34.8, 23.1, 151.6, 14.0), None),
        (Typeset(30.0, 20.0, 160.0, 13.0), None),
        (Typeset(44.0, 22.0, 144.0, 13.0), None),
        (Typeset(34.8, 23.1, 151.6, None), None),
        (Typeset(33.5, 6.9, 169.7, 14.8), 1.06),
        (Typeset(26.9, 12.7, 170.3, 14.8), None),
    ],
)
def test_only_narrow_and_small_or_wide_and_large_together_are_a_scale(page: Typeset, said: float | None) -> None:
    assert page.scale == (None if said is None else pytest.approx(said, abs=0.01))


def test_what_only_margins_and_type_say_warns_and_does_not_block(page: Page, section) -> None:
    view = _view(scan(page, np.random.default_rng(1)))
    found = scale.Verdict(0.94, False, (scale.Ruler("text", 0.94),))
    (finding,) = scale.look(view, section, found)
    assert (finding.code, finding.severity.word) == ("check.scale_not_100", "warn")
    assert "có lẽ" in finding.vi
