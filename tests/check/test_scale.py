"""The rulers of the 100 % scale: what each says by itself, and who may speak alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from workers.check import rulers, scale
from workers.check.rulers import Ruler
from workers.check.view import PageView
from workers.tools.pages import PageSource


def _framed(*frames_mm: tuple[float, float, float, float], red: bool = True) -> PageView:
    pixels = np.full((2339, 1654, 3), 250, np.uint8)
    for frame in frames_mm:
        x, y, w, h = (round(value / 25.4 * 200) for value in frame)
        cv2.rectangle(pixels, (x + 2, y + 2), (x + w - 3, y + h - 3), (40, 30, 205) if red else (40, 40, 40), 4)
    source = PageSource(1, None, 0, "png", 1654, 2339, 200.0, 200.0, "rgb")  # type: ignore[arg-type]
    return PageView.of(source, pixels)


@pytest.mark.parametrize("width", [20.0, 30.0, 40.0])
@pytest.mark.parametrize("factor", [1.0, 0.93])
def test_an_urgency_stamp_is_a_ruler_by_its_lawful_sizes(width: float, factor: float) -> None:
    ruler = rulers.of_urgency_stamp(_framed((35.0, 80.0, width * factor, 8.0 * factor)))
    assert ruler is not None
    assert ruler.scale == pytest.approx(factor, abs=0.02)


def test_other_frames_are_no_urgency_stamps() -> None:
    assert rulers.of_urgency_stamp(_framed((35.0, 80.0, 50.0, 35.0), (100.0, 150.0, 28.0, 14.0))) is None
    assert rulers.of_urgency_stamp(_framed((35.0, 80.0, 30.0, 8.0), red=False)) is None


def test_two_small_stamps_alone_prove_nothing_and_a_registered_one_does(section) -> None:
    view = _framed((35.0, 60.0, 50 * 0.94, 35 * 0.94), (40.0, 120.0, 30 * 0.94, 8 * 0.94))
    found = scale.measure(view, section, 0.0)
    assert {ruler.name for ruler in found.witnesses} == {"stamp", "urgency"}
    assert (found.scale, found.proven) == (None, False)
    known = section.model_copy(update={"incoming_stamp_mm": (50.0, 35.0)})
    assert scale.measure(view, known, 0.0).scale == pytest.approx(0.94, abs=0.01)


def test_every_ruler_has_a_name_in_both_languages() -> None:
    assert set(scale.NAMES) >= {"sheet", "canvas", "seal", "stamp", "urgency", "type"}
    assert Ruler("urgency", 1.0).name in scale.NAMES
