"""How far the lines lean. Small skew is set straight for reading only; the archived image is never resampled."""

from __future__ import annotations

from collections.abc import Iterator

from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check.orientation import Stand
from workers.check.text import Lines
from workers.check.view import PageView

SHARPNESS_MIN = 0.15
"""contrast of the rows: handwriting, which has no one direction, up to 0.146; printed pages from 0.158"""

RISE_MIN = 0.25
"""``Lines.rise`` that only print has: handwriting sharp enough to lean up to 0.22 (8 pages); of 79 printed pages that lean
75 from 0.27, four 0.14 to 0.22"""


def degrees(lines: Lines, stand: Stand) -> float | None:
    """Clockwise lean of the text lines, None when there are too few to tell or they are not printed ones."""
    on_its_side = stand.turn in (90, 270)
    if (lines.across if on_its_side else lines.sharpness) < SHARPNESS_MIN:
        return None
    return lines.tilt_across if on_its_side else lines.tilt


def look(view: PageView, section: CheckSection, lean: float | None, lines: Lines, stand: Stand) -> Iterator[Finding]:
    """``skew_excessive``: block; a warning where the columns are as sharp as the rows, or the letters have no bodies that
    stand out, as on pages written by hand."""
    if lean is None or abs(lean) <= section.skew_max_deg:
        return
    rows, columns = lines.sharpness, lines.across
    if stand.turn in (90, 270):
        rows, columns = columns, rows
    printed = rows >= columns and abs(lines.rise or 0.0) >= RISE_MIN
    yield Finding(
        "check.skew_excessive", Severity.BLOCK if printed else Severity.WARN,
        f"Trang {view.number} lệch {abs(lean):.1f}° (cho phép {section.skew_max_deg:.1f}°). "
        "Chỉnh thanh dẫn giấy sát mép, vỗ đều xấp giấy, rồi quét lại.",
        f"Page {view.number} leans {abs(lean):.1f}° (limit {section.skew_max_deg:.1f}°). "
        "Set the paper guides close, square the stack, and scan again.",
        page=view.number, measured=round(abs(lean), 1), limit=section.skew_max_deg, unit="°",
    )  # fmt: skip
