"""Two sheets drawn in at once make an image too long with an edge across it; folds and annexes of another size do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from samples import wear
from samples.capture import save, scan
from workers.check.double_feed import Feed, excess, look
from workers.check.gate import inspect


def _overlapped(scanned, lag_mm: float, levels: int):
    """A second capture of the sheet that lies on the first, ``lag_mm`` lower, with the shadow of its edge."""
    step = round(lag_mm * scanned.dpi / 25.4)
    height, width = scanned.pixels.shape[:2]
    both = np.full((height + step, width, 3), 245, np.uint8)
    both[:height], both[step:] = scanned.pixels, scanned.pixels
    both[step : step + 3] = np.clip(both[step : step + 3].astype(np.int16) - levels, 0, 255)
    return dataclasses.replace(scanned, pixels=both)


def _told(tmp_path, section, *scans) -> list[tuple[str, int | None]]:
    files = save(list(scans), tmp_path / "doc.pdf", "pdf", 200.0)
    return [(f.severity.word, f.page) for f in inspect(files, section)[0] if f.code == "check.double_feed"]


def test_an_image_too_long_with_an_edge_across_is_a_double_feed(tmp_path, taken, section) -> None:
    assert _told(tmp_path, section, taken(), _overlapped(taken(), 60.0, 40)) == [("warn", 2)]


def test_a_good_page_a_fold_and_an_a3_annex_are_none(tmp_path, taken, section, letter) -> None:
    folded = scan(wear.folded(letter, np.random.default_rng(4)), np.random.default_rng(5), 200.0)
    wide = taken(canvas_mm=(297.0, 420.0), lid=245)
    assert _told(tmp_path, section, taken(), folded, wide) == []


@pytest.mark.parametrize(
    ("size", "others", "over"),
    [
        ((210.0, 297.0), [], (0.0, True)),
        ((213.0, 303.5), [(210.0, 297.0)], (0.0, True)),  # auto-sized
        ((210.0, 330.0), [], (0.0, True)),  # F4
        ((210.0, 420.0), [], (64.0, False)),  # longer than Legal, the longest of this width
        ((210.0, 330.0), [(210.0, 297.0), (211.0, 298.0)], (32.5, True)),  # among A4
        ((420.0, 297.0), [(210.0, 297.0), (210.0, 297.0)], (0.0, True)),  # an A3 annex
    ],
)
def test_length_is_judged_by_known_sheets_and_by_the_other_pages(size, others, over) -> None:
    assert excess(size, others) == over


def test_length_alone_or_a_line_alone_is_only_noted() -> None:
    long = list(look([Feed(1, (210.0, 430.0), 0.0, 0.0)]))
    lined = list(look([Feed(1, (210.0, 297.0), 120.0, 40.0)]))
    assert [finding.severity.word for finding in (*long, *lined)] == ["note", "note"]
